#pragma once

#include <string>
#include <vector>

#include "crash_round.hpp"

namespace recovery {

/// What must not run, and what the user is told: another plan over the checkpoint, another query over it, a second process on
/// it, a byte of state that flipped. What is wrong, by case; empty if all is well.
std::vector<std::string> check_refusals(const settings& s);

}  // namespace recovery
