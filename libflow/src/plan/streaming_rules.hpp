#pragma once

#include "flow/output_mode.hpp"
#include "plan/resolved_plan.hpp"

namespace flow::plan {

/// Refuses what Structured Streaming refuses for a stream in this output mode. Source: Spark, "Unsupported Operations" and
/// "Output Modes". @throws error{unsupported_plan} saying what to do instead.
void check_streaming_rules(const resolved_plan& root, output_mode mode);

}  // namespace flow::plan
