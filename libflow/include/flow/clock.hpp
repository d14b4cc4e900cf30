#pragma once

#include <functional>

#include "flow/time.hpp"

namespace flow {

/// Tells processing time. Called from any thread.
using clock_function = std::function<timestamp()>;

/// Processing time by the system's clock.
timestamp system_now();

}  // namespace flow
