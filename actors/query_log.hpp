#pragma once

#include <chrono>
#include <string>

#include "flow/error.hpp"

/// What queries say in the program's log. Written by spdlog: to the logger named "libflow" if the program has registered one,
/// else to standard error.
namespace flow {

/// The query begins again at its checkpoint, after `pause`.
void log_restart(const std::string& query, const error& cause, int in_a_row, std::chrono::microseconds pause);
/// The query has failed too often without progress, and ends.
void log_gave_up(const std::string& query, const error& cause, int in_a_row);

}  // namespace flow
