#pragma once

#include <algorithm>

#include "flow/epoch.hpp"

namespace flow {

/// Which epoch's rows a sink may be given. Rows reach it as soon as they are made, but an epoch's first write has to wait until
/// its plan is durable (micro-batch: a crash must find it again), and, for a sink that cannot have two epochs at once, until
/// the epoch before has been committed.
class epoch_gate {
 public:
  /// `last`: the newest published epoch. `planned`: epochs have plans. `overlaps`: sink::overlaps().
  epoch_gate(epoch last, bool planned, bool overlaps)
      : waits_for_plan_(planned), waits_for_commit_(!overlaps), planned_(last), committed_(last) {}

  bool open(epoch n) const noexcept {
    return (!waits_for_plan_ || n <= planned_) && (!waits_for_commit_ || n <= committed_.next());
  }
  /// The plan of `n` is durable.
  void planned(epoch n) noexcept { planned_ = std::max(planned_, n); }
  /// The sink has committed `n`.
  void committed(epoch n) noexcept { committed_ = std::max(committed_, n); }

 private:
  bool waits_for_plan_;
  bool waits_for_commit_;
  epoch planned_, committed_;
};

}  // namespace flow
