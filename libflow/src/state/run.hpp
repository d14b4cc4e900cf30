#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace flow {

/// Segments that together hold each key at most once: what all instances of an operator changed in one epoch, or a merge of
/// several such runs. In order of the instances that wrote them, then of lanes, then of keys.
struct run {
  std::uint64_t first_epoch = 0, last_epoch = 0;
  std::uint64_t entries = 0, bytes = 0;
  std::vector<std::uint64_t> segments;
  /// Of a run with value segments: by segment, the one with its keys, or 0 where it has its own. Else empty.
  std::vector<std::uint64_t> keys;

  std::uint64_t keys_of(std::size_t segment) const { return keys.empty() ? 0 : keys[segment]; }
};
using run_ptr = std::shared_ptr<const run>;

/// An operator's state as of an epoch: its runs, newest first.
struct run_list {
  std::uint32_t parallelism = 1;  ///< Of the instances that wrote last.
  std::vector<run_ptr> runs;
};

}  // namespace flow
