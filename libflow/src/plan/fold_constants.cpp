#include <arrow/scalar.h>
#include <arrow/type_traits.h>

#include "flow/error.hpp"
#include "plan/name_resolution.hpp"
#include "plan/optimizer_rules.hpp"

namespace flow::plan {

namespace {

bool reads_names(const expression& e) {
  if (e.kind == expression_kind::reference || e.kind == expression_kind::star || e.kind == expression_kind::lambda) return true;
  for (const auto& argument : e.arguments) {
    if (reads_names(*argument)) return true;
  }
  return false;
}

// What fails on its own is left to fail on the first row, as it would without this rule.
expression_ptr value_of(const expression_ptr& e) {
  if (e->kind != expression_kind::call && e->kind != expression_kind::cast) return nullptr;
  if (reads_names(*e) || holds_aggregate(*e) || is_generator_call(*e)) return nullptr;
  try {
    const auto bound = bind_resolved(*e, {});
    const auto value = bound->deterministic() ? bound->constant() : nullptr;
    if (!value || arrow::is_nested(value->type->id()) || value->type->id() == arrow::Type::NA) return nullptr;
    return expressions::literal(value);
  } catch (const error&) {
    return nullptr;
  }
}

expression_ptr folded(const expression_ptr& e) {
  return e ? rewrite(e, [](const expression_ptr& part) { return value_of(part); }) : nullptr;
}

}  // namespace

resolved_ptr fold_constants(const resolved_ptr& node) {
  auto copy = std::make_shared<resolved_plan>(*node);
  for (auto& child : copy->children) child = fold_constants(child);
  copy->condition = folded(copy->condition);
  for (auto& value : copy->values) value = folded(value);
  return copy;
}

}  // namespace flow::plan
