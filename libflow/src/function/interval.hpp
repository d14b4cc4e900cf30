#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "flow/function_catalog.hpp"

namespace flow {

/// `a op b` where one side is a date, a timestamp or an interval; nothing when neither is.
std::optional<scalar_binding> bind_time_arithmetic(char op, const bound_ptr& a, const bound_ptr& b);
/// negative, positive and abs of an interval; nothing for other types.
std::optional<scalar_binding> bind_time_sign(const std::string& function, const bound_ptr& a);
/// The part "year", "month", "day", "hour", "minute" or "second_fraction" of an interval; nothing for other parts.
std::optional<scalar_binding> bind_interval_part(std::string_view part, const bound_ptr& a);

}  // namespace flow
