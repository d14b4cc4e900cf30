#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "flow/batch.hpp"
#include "flow/key_hash.hpp"
#include "flow/row_codec.hpp"
#include "operators/cache_aligned.hpp"

namespace flow {

/// Encoded keys (row_codec.hpp) to dense group ids. Open addressing with linear probing; a slot is four bytes, the id in as
/// many bits as it needs and bits of the hash in the rest, and what is compared lies by id: ids are given in order of first
/// appearance, so frequent keys lie together, half a cache line each. Keys up to 17 bytes are held in place, longer ones in an
/// arena. Lookups go a batch at a time, with prefetching.
class keyed_table {
 public:
  static constexpr std::uint32_t none = 0xffffffff;

  keyed_table();

  /// The id of every key; new keys get one, listed in inserted(). `ids` is overwritten.
  void find_or_insert(const byte_rows& keys, std::vector<std::uint32_t>& ids);
  /// The same for keys of one column, which is read in place. @returns false, with nothing done, for types it does not read so.
  bool find_or_insert_column(const arrow::Array& column, std::vector<std::uint32_t>& ids);
  /// The id of a key, or `none`.
  std::uint32_t find(std::string_view key) const;
  /// The ids that the last find_or_insert gave out, in order.
  std::span<const std::uint32_t> inserted() const { return inserted_; }

  /// Forgets these keys; their ids will be given out again.
  void erase(std::span<const std::uint32_t> ids);
  void clear();

  /// Keys held.
  std::size_t size() const { return entries_.size() - free_.size(); }
  /// One more than the greatest id ever given since clear().
  std::size_t id_bound() const { return entries_.size(); }
  bool holds(std::uint32_t id) const { return entries_[id].first != unused; }
  /// hash_bytes() of the key.
  std::uint64_t hash(std::uint32_t id) const { return entries_[id].hash; }
  /// Appends the encoded key.
  void append_key(std::uint32_t id, byte_rows& out) const;
  /// The keys as a column of `type`, STRING or BINARY, if that is the only key.
  array text_keys(const data_type& type, std::span<const std::uint32_t> ids) const;
  std::size_t bytes() const;

 private:
  static constexpr std::uint8_t unused = 0xff;
  static constexpr std::uint32_t free_slot = 0xffffffff;

  /// A key: the marker, and `size` bytes behind it.
  struct entry {
    key_hash::words words;  ///< The bytes, up to 16; of longer keys `low` is their place in the arena.
    std::uint64_t hash = 0;
    std::uint32_t size = 0;
    std::uint8_t first = 0;
  };
  /// A key being looked up.
  struct probe {
    key_hash::words words;
    std::uint64_t hash;
    const std::uint8_t* data;  ///< Of keys longer than 16.
    std::uint32_t size;
    std::uint8_t first;
  };

  struct encoded_keys;
  struct text_column;
  template <class Format>
  struct fixed_column;

  template <class Keys>
  void look_up(const Keys& keys, std::size_t count, std::vector<std::uint32_t>& ids);
  /// Ids are below half of the slots' number, so that no slot in use has all bits set.
  std::uint32_t id_mask() const { return static_cast<std::uint32_t>(slots_.size() - 1); }
  static std::uint32_t tag(std::uint64_t hash, std::uint32_t mask) { return static_cast<std::uint32_t>(hash >> 22) & ~mask; }
  bool equal(const entry& e, const probe& p) const {
    if (e.size != p.size || e.first != p.first) return false;
    if (p.size <= 16) return ((e.words.low ^ p.words.low) | (e.words.high ^ p.words.high)) == 0;
    return equal_long(e, p);
  }
  bool equal_long(const entry& e, const probe& p) const;
  std::uint32_t find(const probe& p) const;
  std::uint32_t insert(const probe& p);
  void place(std::uint32_t id);
  void remove_slot(std::uint32_t id);
  void grow();
  void compact_arena();

  cache_aligned_vector<std::uint32_t> slots_;  ///< free_slot, or tag | id.
  cache_aligned_vector<entry> entries_;
  std::vector<std::uint8_t> arena_;
  std::size_t dead_bytes_ = 0;
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> inserted_;
};

}  // namespace flow
