#include <iostream>
#include <ostream>

#include "flow/dataset.hpp"
#include "flow/error.hpp"
#include "plan/analyzer.hpp"
#include "plan/optimizer.hpp"
#include "plan/plan_text.hpp"
#include "session/session_state.hpp"

namespace flow {

namespace {

// The output mode is the writer's to choose: the first that the plan allows shows how it would run.
std::string physical_text(const logical_plan& plan, const relation_lookup& lookup, bool streaming) {
  std::string refused;
  for (const auto mode : {output_mode::append, output_mode::update, output_mode::complete}) {
    try {
      return make_physical_plan(plan, lookup, {streaming, mode}).physical_text;
    } catch (const error& e) {
      if (refused.empty()) refused = e.what();
    }
    if (!streaming) break;
  }
  return "(" + refused + ")\n";
}

}  // namespace

std::string dataset::explain_string(bool extended) const {
  const auto lookup = session_->lookup();
  const auto physical = "== Physical Plan ==\n" + physical_text(*plan_, lookup, is_streaming());
  if (!extended) return physical;
  const auto analyzed = plan::analyzer(lookup).analyze(*plan_);
  return "== Parsed Logical Plan ==\n" + plan::text_of(*plan_) + "\n== Analyzed Logical Plan ==\n" + plan::text_of(*analyzed) +
         "\n== Optimized Logical Plan ==\n" + plan::text_of(*plan::optimize(analyzed)) + "\n" + physical;
}

void dataset::explain(bool extended) const { std::cout << explain_string(extended); }

void dataset::print_schema(std::ostream& out) const { out << tree_string(*schema()); }
void dataset::print_schema() const { print_schema(std::cout); }

}  // namespace flow
