#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "flow/epoch.hpp"

namespace flow {

/// One entry of a segment or of a delta; views into it.
struct segment_entry {
  std::string_view key, value;
  key_group group{};
  bool erased = false;  ///< A tombstone: older entries of the key do not count.
};

/// The key groups of an operator instance.
struct group_range {
  std::uint16_t first = 0, last = key_group_count - 1;

  static group_range of(std::uint32_t instance, std::uint32_t parallelism);
  bool contains(key_group g) const { return g.value >= first && g.value <= last; }
  bool contains(group_range r) const { return r.first >= first && r.last <= last; }
  bool intersects(group_range r) const { return r.first <= last && first <= r.last; }
  friend bool operator==(group_range, group_range) = default;
};

/// What a segment says of itself besides its entries.
struct segment_origin {
  std::uint64_t first_epoch = 0, last_epoch = 0;
  group_range groups;  ///< Of the instance that wrote it.
  /// Of an instance's segments in one run, those of one lane follow each other in order of keys.
  std::uint16_t lane = 0;
};

/// Collects entries, given in order of keys, and writes them as a segment. The layout, little-endian throughout:
///
///     header | entry offsets: u32 each | bloom filter: 64-byte blocks | entries: group u16, varint key size, varint value size
///     + 1
///                                                                       (0: tombstone), key, value
///
/// The header begins with the XXH3 checksum of all that follows it.
class segment_builder {
 public:
  void add(const segment_entry& entry);
  void clear();

  bool empty() const { return offsets_.empty(); }
  std::size_t entries() const { return offsets_.size(); }
  /// Size of the segment so far.
  std::size_t bytes() const;
  /// Writes bytes() bytes to `out`.
  void write(char* out, const segment_origin& origin) const;
  std::string build(const segment_origin& origin) const;

 private:
  std::vector<char> entries_;
  std::vector<std::uint32_t> offsets_;
  std::vector<std::uint64_t> hashes_;
  std::size_t used_ = 0;
  std::uint32_t tombstones_ = 0;
};

/// Writes values of one size as a segment beside one whose keys they belong to, in order: header (56 bytes, as above) and
/// values.
struct value_segment {
  std::string_view values;
  std::uint32_t entries = 0;
  std::uint32_t value_size = 0;
  std::uint64_t keys = 0;  ///< The id of the segment with the keys.

  std::size_t bytes() const;
  void write(char* out, const segment_origin& origin) const;
};

/// A segment where it lies. Constructing reads the header only; nothing is copied.
class segment_view {
 public:
  segment_view() = default;
  /// @throws error{checkpoint_corrupt} if the shape is impossible; `name` is what the message calls it.
  segment_view(std::string_view bytes, std::string_view name);

  /// Takes the values from a value segment, made for the key segment with the id `keys`; the origin becomes its.
  /// @throws error{checkpoint_corrupt} if it does not fit.
  void take_values(std::string_view bytes, std::uint64_t keys, std::string_view name);

  /// @throws error{checkpoint_corrupt} if a checksum is wrong. To be called before entries are read.
  void verify(std::string_view name) const;

  std::uint32_t size() const { return count_; }
  std::uint32_t tombstones() const { return tombstones_; }
  std::size_t bytes() const { return bytes_.size(); }
  const segment_origin& origin() const { return origin_; }

  /// Known before the segment is verified, and safe even if it is damaged.
  std::string_view first_key() const { return first_key_; }
  segment_entry entry(std::uint32_t i) const;
  std::string_view key(std::uint32_t i) const { return entry(i).key; }
  /// The first entry whose key is not less, or size().
  std::uint32_t lower_bound(std::string_view key) const;
  /// False if the key is certainly not there.
  bool may_hold(std::uint64_t key_hash) const;

 private:
  std::string_view bytes_, first_key_;
  std::string_view value_bytes_;  ///< Of the value segment, if any.
  const char* values_ = nullptr;
  std::uint32_t value_size_ = 0;
  const char* offsets_ = nullptr;
  const char* bloom_ = nullptr;
  const char* entries_ = nullptr;
  std::uint32_t count_ = 0, bloom_blocks_ = 0, tombstones_ = 0;
  segment_origin origin_;
};

/// The hash that segments' bloom filters use.
std::uint64_t bloom_hash(std::string_view key);
/// The checksum that every stored record carries.
std::uint64_t checksum(std::string_view bytes);

}  // namespace flow
