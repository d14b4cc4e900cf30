#pragma once

#include <chrono>
#include <optional>

#include "flow/epoch.hpp"
#include "flow/time.hpp"

namespace flow {

/// How often, and after what pause, a query begins again at its checkpoint by itself. Only restarts without an epoch published
/// in between count; the first follows at once, later ones wait twice as long each.
class restart_policy {
 public:
  /// At most `limit` restarts in a row; `pause` before the second.
  restart_policy(int limit, duration pause) : limit_(limit), pause_(pause) {}

  /// The query failed when `published` was its newest published epoch. How long to wait before it starts again; nothing: it has
  /// been tried often enough.
  std::optional<std::chrono::microseconds> next(epoch published);
  /// Restarts since the last one that led to an epoch.
  int in_a_row() const noexcept { return in_a_row_; }

 private:
  int limit_;
  duration pause_;
  int in_a_row_ = 0;
  epoch published_{};
};

}  // namespace flow
