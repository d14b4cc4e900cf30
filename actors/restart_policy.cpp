#include "actors/restart_policy.hpp"

#include <algorithm>

namespace flow {

std::optional<std::chrono::microseconds> restart_policy::next(epoch published) {
  constexpr std::chrono::microseconds longest = std::chrono::seconds(10);
  if (published > published_) in_a_row_ = 0;
  published_ = std::max(published_, published);
  if (in_a_row_ >= limit_) return std::nullopt;
  const auto doublings = std::min(in_a_row_++, 20) - 1;
  if (doublings < 0) return std::chrono::microseconds(0);
  return std::min(longest, std::chrono::microseconds(pause_.microseconds << doublings));
}

}  // namespace flow
