#pragma once

#include <algorithm>
#include <cstdint>

#include "flow/epoch.hpp"

namespace flow {

/// Which epoch's rows a sink may be given. Rows reach it as soon as they are made, but an epoch's first write has to wait until
/// its plan is durable (micro-batch: a crash must find it again), and until the sink has room for it: a sink that overlaps()
/// has two epochs at once, the one being written and the one before it, and others have one.
class epoch_gate {
 public:
  /// `last`: the newest published epoch. `planned`: epochs have plans. `overlaps`: sink::overlaps().
  epoch_gate(epoch last, bool planned, bool overlaps)
      : waits_for_plan_(planned), at_once_(overlaps ? 2 : 1), planned_(last), committed_(last) {}

  bool open(epoch n) const noexcept { return (!waits_for_plan_ || n <= planned_) && n.value <= committed_.value + at_once_; }
  /// The plan of `n` is durable.
  void planned(epoch n) noexcept { planned_ = std::max(planned_, n); }
  /// The sink has committed `n`.
  void committed(epoch n) noexcept { committed_ = std::max(committed_, n); }

 private:
  bool waits_for_plan_;
  std::uint64_t at_once_;
  epoch planned_, committed_;
};

}  // namespace flow
