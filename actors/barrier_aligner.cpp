#include "actors/barrier_aligner.hpp"

#include <string>

#include "flow/error.hpp"

namespace flow {

bool barrier_aligner::mark(std::size_t input, epoch n) {
  const bool fits = count_ > 0 ? n == number_ : n > number_;
  if (arrived_[input] || !fits) {
    throw error(errc::illegal_state, "barrier " + std::to_string(n.value) + " came out of order on input " +
                                         std::to_string(input) + " (last: " + std::to_string(number_.value) + ")");
  }
  number_ = n;
  arrived_[input] = true;
  if (++count_ < arrived_.size()) return false;
  arrived_.assign(arrived_.size(), false);
  count_ = 0;
  return true;
}

}  // namespace flow
