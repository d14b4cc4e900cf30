#include "flow/trigger.hpp"

#include <string>

#include "flow/error.hpp"

namespace flow {

trigger trigger::continuous(duration interval) {
  if (interval <= duration{}) {
    throw error(errc::invalid_argument, "the checkpoint interval of a continuous trigger must be positive, not " +
                                            std::to_string(interval.microseconds) + " microseconds");
  }
  return {kind::continuous, interval};
}

}  // namespace flow
