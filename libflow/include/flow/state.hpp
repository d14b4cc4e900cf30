#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flow/epoch.hpp"

namespace flow {

/// Where an operator's keyed state lives while the query runs. Same results either way.
enum class state_store_kind {
  memory,  ///< All keys in RAM; changes go to LMDB at each barrier. The default.
  lmdb,    ///< Keys in LMDB, read on demand through a bounded cache: for state larger than RAM.
};

/// Keys in order, with their key groups. Handed over with their values once and named by this object ever after, so that a
/// checkpoint of many values need not hold their keys again.
struct key_list {
  std::vector<char> bytes;                ///< All keys, end to end.
  std::vector<std::uint32_t> offsets{0};  ///< Key i is bytes[offsets[i] .. offsets[i + 1]).
  std::vector<key_group> groups;

  std::size_t size() const { return groups.size(); }
  std::string_view key(std::size_t i) const { return {bytes.data() + offsets[i], offsets[i + 1] - offsets[i]}; }
};

/// What changed in one operator instance since the last barrier: puts and erases by encoded key, in any order, each key
/// at most once. Filled by stream_operator::snapshot, then moved, never copied, to the checkpoint.
///
/// Or, where most of it changed, all the instance holds, as columns of values: put_whole(). Only for state that never forgets a
/// key, with values of one size.
class state_delta {
 public:
  /// Values of `value_size` bytes each, one per key.
  struct column {
    std::shared_ptr<const key_list> keys;
    std::vector<char> values;
  };
  /// In place of changes. No key may be in two columns.
  void put_whole(std::vector<column> columns, std::uint32_t value_size);
  bool whole() const { return !columns_.empty(); }
  const std::vector<column>& columns() const { return columns_; }
  std::uint32_t value_size() const { return value_size_; }
  /// A whole one as a put per key.
  state_delta as_changes() const;

  void put(std::uint64_t hash, std::string_view key, std::string_view value);
  void erase(std::uint64_t hash, std::string_view key);
  void reserve(std::size_t entries, std::size_t bytes);

  struct entry {
    std::uint64_t offset = 0;  ///< Of the key in `bytes`; the value follows it.
    std::uint32_t key_size = 0;
    std::uint32_t value_size = 0;  ///< `erased` marks a tombstone.
    key_group group{};
  };
  static constexpr std::uint32_t erased = 0xffffffff;

  const std::vector<entry>& entries() const { return entries_; }
  std::string_view key(const entry& e) const { return {bytes_.data() + e.offset, e.key_size}; }
  std::string_view value(const entry& e) const {
    return {bytes_.data() + e.offset + e.key_size, e.value_size == erased ? 0 : e.value_size};
  }
  bool empty() const { return entries_.empty() && columns_.empty(); }
  std::size_t bytes() const { return bytes_.size(); }
  /// About what it takes to store it.
  std::size_t stored_bytes() const;

  /// Sorts the entries by key bytes; what the checkpoint does first. Costs nothing when they are sorted.
  void sort();
  bool sorted() const { return sorted_; }
  /// Positions in entries() in order of key bytes, without moving anything.
  std::vector<std::uint32_t> sorted_order() const;

 private:
  std::vector<char> bytes_;
  std::vector<entry> entries_;
  std::vector<column> columns_;
  std::uint32_t value_size_ = 0;
  bool sorted_ = true;
};

/// One operator instance's keyed state as of its last snapshot: what was restored, and every delta handed over since,
/// durable yet or not. Keys of other instances' key groups are not visible. Used from the operator's thread only.
class state_view {
 public:
  virtual ~state_view() = default;

  /// Visits every entry whose key k satisfies from <= k, and k < to unless `to` is empty, in order of key bytes; stops when
  /// `visit` returns false. Views are valid during the call.
  virtual void scan(std::string_view from, std::string_view to,
                    const std::function<bool(std::string_view key, std::string_view value)>& visit) const = 0;
  void scan(const std::function<bool(std::string_view, std::string_view)>& visit) const { scan({}, {}, visit); }
  /// The value of one key, copied into `value`; false when there is none.
  virtual bool get(std::uint64_t hash, std::string_view key, std::string& value) const = 0;
  /// Entries held, as far as known without a scan.
  virtual std::uint64_t approximate_size() const = 0;
};

}  // namespace flow
