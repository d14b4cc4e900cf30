#pragma once

#include <span>
#include <string_view>

namespace flow {

#ifdef FLOW_FAILPOINTS

/// A named place where a recovery test may kill the process: with the environment variable FLOW_FAILPOINT set to `name` the
/// process raises SIGKILL on itself at the first pass, with `name:k` at the k-th pass (from 1). Passes are counted over all
/// threads. Compiled to nothing without FLOW_FAILPOINTS.
void failpoint(std::string_view name);

#else

inline void failpoint(std::string_view) {}

#endif

/// The names that the code passes, so that a test can try every one of them.
std::span<const std::string_view> known_failpoints();

}  // namespace flow
