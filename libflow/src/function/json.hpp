#pragma once

#include <optional>

#include "flow/bound_expression.hpp"
#include "flow/options.hpp"

namespace flow {

/// The options in a constant MAP<STRING, STRING>, or nothing if it is none.
std::optional<options> constant_options(const bound_expression& map);

}  // namespace flow
