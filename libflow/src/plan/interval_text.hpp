#pragma once

#include <string_view>

#include "flow/expression.hpp"
#include "flow/time.hpp"

namespace flow::plan {

/// The interval of a text as with_watermark() and window() take it: "10 minutes", or a literal, "INTERVAL '5' MINUTE".
/// @throws error{invalid_argument} with the text and what is expected.
calendar_interval interval_of_text(std::string_view text);

/// How long an interval lasts at most: Spark counts the months of a watermark's delay as 31 days.
/// @throws error{invalid_argument} if that is more microseconds than 64 bits hold.
duration longest(const calendar_interval& interval);

}  // namespace flow::plan
