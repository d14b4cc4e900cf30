#pragma once

#include <optional>
#include <string>

#include "flow/function_catalog.hpp"

namespace flow {

/// `a op b` where one side is a date, a timestamp or an interval; nothing when neither is.
std::optional<scalar_binding> bind_time_arithmetic(char op, const bound_ptr& a, const bound_ptr& b);
/// negative, positive and abs of an interval; nothing for other types.
std::optional<scalar_binding> bind_time_sign(const std::string& function, const bound_ptr& a);

}  // namespace flow
