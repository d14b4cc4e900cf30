#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "flow/bound_expression.hpp"
#include "flow/logical_plan.hpp"
#include "flow/output_mode.hpp"
#include "flow/physical_plan.hpp"

namespace flow {

/// Finds views and tables by name; null if there is none.
using relation_lookup = std::function<logical_plan_ptr(std::string_view name)>;

/// The columns a plan produces, with everything below it checked: names, types, coercions.
/// @throws error{unknown_column, ambiguous_column, unknown_function, unknown_table, type_mismatch, unsupported_plan}.
std::vector<input_column> analyze_output(const logical_plan& plan, const relation_lookup& lookup);
/// Whether any source below is a stream.
bool is_streaming(const logical_plan& plan, const relation_lookup& lookup);

/// What planning needs to know beside the plan.
struct planner_options {
  bool streaming = true;  ///< False: a bounded run by run_local(); every operator emits at the end.
  output_mode mode = output_mode::append;
};

/// Analyzes, checks the streaming rules, optimizes, and lays the operators out in stages.
/// @throws as analyze_output, and error{unsupported_plan} for what streaming refuses, saying what to do instead.
physical_plan make_physical_plan(const logical_plan& plan, const relation_lookup& lookup, const planner_options& options);

}  // namespace flow
