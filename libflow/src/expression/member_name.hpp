#pragma once

#include <string>

#include "flow/expression.hpp"

namespace flow {

/// Whether the function's result has members that are called after its arguments: struct and arrays_zip.
bool names_members(const expression& call);
/// The name of the member made of `argument`, the call's argument at `position` (from 0, stars expanded): the one it has, else
/// one that tells the position.
std::string member_name(const expression& call, const expression& argument, std::size_t position);

}  // namespace flow
