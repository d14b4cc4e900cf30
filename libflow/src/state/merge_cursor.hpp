#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "flow/state.hpp"
#include "state/segment.hpp"

namespace flow {

/// A segment in place, with what its checksum check needs.
struct segment_slot {
  std::uint64_t id = 0;
  segment_view view;
  bool checked = false;
};

/// Segments that one instance wrote in one run, consecutive in key order.
struct lane {
  group_range groups;
  std::uint16_t number = 0;
  std::vector<segment_slot> segments;

  /// The segment that may hold `key`, or segments.size(): the last one that begins at or before it.
  std::size_t segment_for(std::string_view key) const;
};

/// Adds a run's next segment, to the last lane or to a new one.
void add_to_lanes(std::vector<lane>& lanes, segment_slot slot);

/// A delta with the order of its entries.
struct ordered_delta {
  const state_delta* delta = nullptr;
  const std::vector<std::uint32_t>* order = nullptr;  ///< Null: the entries are in order.

  std::size_t size() const { return delta->entries().size(); }
  segment_entry entry(std::size_t i) const;
  std::size_t lower_bound(std::string_view key) const;
};

/// Walks several sorted sources as one, in key order; of entries with one key only that of the newest source is seen.
class merge_cursor {
 public:
  /// Called for each segment before its first entry is read; checks it or throws.
  using checker = std::function<void(segment_slot&)>;

  explicit merge_cursor(checker check) : check_(std::move(check)) {}

  /// Sources are added newest first, then positioned.
  void add(const ordered_delta& source);
  void add(lane& source);
  /// Goes to the first key not less than `key`, or greater than it if `after`.
  void seek(std::string_view key, bool after = false);

  bool valid() const { return !heap_.empty(); }
  /// Tombstones are seen too.
  const segment_entry& entry() const { return sources_[heap_.front()].current; }
  void next();

 private:
  struct source {
    ordered_delta delta;  ///< If its delta is set.
    lane* segments = nullptr;
    std::size_t segment = 0;  ///< Position in the lane.
    std::size_t index = 0;    ///< Position in the delta or the segment.
    segment_entry current{};
  };

  /// Loads the entry at the position, going to the next segment where one ends; false at the end.
  bool load(source& s);
  void place(source& s, std::string_view key);
  bool before(std::uint32_t a, std::uint32_t b) const;
  void sift_down(std::size_t at);
  /// Moves the first source on and restores the heap.
  void step_first();

  checker check_;
  std::vector<source> sources_;
  std::vector<std::uint32_t> heap_;
};

}  // namespace flow
