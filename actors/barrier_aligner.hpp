#pragma once

#include <cstddef>
#include <vector>

#include "flow/epoch.hpp"

namespace flow {

/// Waits for barrier n on every input of an actor. An input that has delivered it is blocked until all have, so that no row of
/// epoch n + 1 is seen before the snapshot of n. Source: Chandy and Lamport's snapshots, as Flink aligns them.
class barrier_aligner {
 public:
  explicit barrier_aligner(std::size_t inputs) : arrived_(inputs, false) {}

  /// Barrier `n` came on `input`. True if it was the last one awaited: all inputs are then open again.
  /// @throws error{illegal_state} if `input` is blocked, or `n` is not the barrier the other inputs delivered or not the next
  /// one.
  bool mark(std::size_t input, epoch n);
  bool is_blocked(std::size_t input) const { return arrived_[input]; }
  /// Whether some inputs have delivered a barrier that others have not.
  bool aligning() const noexcept { return count_ > 0; }

 private:
  std::vector<bool> arrived_;
  std::size_t count_ = 0;
  epoch number_{};  ///< The barrier under alignment, or the last one aligned.
};

}  // namespace flow
