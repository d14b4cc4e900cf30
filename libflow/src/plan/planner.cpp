#include "flow/planner.hpp"

#include "plan/analyzer.hpp"

namespace flow {

std::vector<input_column> analyze_output(const logical_plan& plan, const relation_lookup& lookup) {
  const auto analyzed = plan::analyzer(lookup).analyze(plan);
  std::vector<input_column> columns;
  for (const auto& column : analyzed->output) {
    columns.push_back({column.name, column.qualifiers, column.type});
  }
  return columns;
}

bool is_streaming(const logical_plan& plan, const relation_lookup& lookup) {
  if (plan.kind == plan_kind::scan) return plan.streaming;
  if (plan.kind == plan_kind::relation) {
    const auto found = lookup ? lookup(plan.name) : nullptr;
    return found && is_streaming(*found, lookup);
  }
  for (const auto& child : plan.children) {
    if (is_streaming(*child, lookup)) return true;
  }
  return false;
}

}  // namespace flow
