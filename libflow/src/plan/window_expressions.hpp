#pragma once

#include "flow/bound_expression.hpp"
#include "flow/time.hpp"

namespace flow::plan {

/// Windows [start + k * slide, start + k * slide + size) of event time.
struct window_lengths {
  duration size, slide, start;
};

/// The one tumbling window that holds a time: STRUCT<start, end>; null for a null time.
bound_ptr bind_tumbling_window(bound_ptr time, const window_lengths& lengths);
/// All sliding windows that hold a time, the earliest first: ARRAY<STRUCT<start, end>>; null for a null time.
bound_ptr bind_sliding_windows(bound_ptr time, const window_lengths& lengths);

}  // namespace flow::plan
