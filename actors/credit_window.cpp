#include "actors/credit_window.hpp"

#include <algorithm>

#include "flow/error.hpp"

namespace flow {

void credit_window::spend() {
  if (available_ == 0) throw error(errc::illegal_state, "a batch was sent on an edge without credit");
  --available_;
}

std::uint32_t credit_return::taken() noexcept {
  if (++owed_ < step_) return 0;
  return std::exchange(owed_, 0u);
}

std::uint32_t credit_window_size(std::size_t limit_bytes, std::size_t edges) noexcept {
  constexpr std::size_t batch_bytes = 1u << 20;
  const auto fair = limit_bytes / (std::max<std::size_t>(edges, 1) * batch_bytes);
  return static_cast<std::uint32_t>(std::clamp<std::size_t>(fair, 2, 16));
}

}  // namespace flow
