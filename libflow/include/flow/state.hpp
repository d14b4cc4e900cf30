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

/// What changed in one operator instance since the last barrier: puts and erases by encoded key, in any order, each key
/// at most once. Filled by stream_operator::snapshot, then moved, never copied, to the checkpoint.
class state_delta {
 public:
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
  bool empty() const { return entries_.empty(); }
  std::size_t bytes() const { return bytes_.size(); }

  /// Sorts the entries by key bytes; what the checkpoint does first. Costs nothing when they are sorted.
  void sort();
  bool sorted() const { return sorted_; }
  /// Positions in entries() in order of key bytes, without moving anything.
  std::vector<std::uint32_t> sorted_order() const;

 private:
  std::vector<char> bytes_;
  std::vector<entry> entries_;
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
