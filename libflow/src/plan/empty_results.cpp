#include <algorithm>

#include <arrow/scalar.h>

#include "plan/optimizer_rules.hpp"

namespace flow::plan {

namespace {

bool is_never_true(const expression& e) {
  if (e.kind != expression_kind::literal || !e.value) return false;
  if (!e.value->is_valid) return true;
  const auto* truth = dynamic_cast<const arrow::BooleanScalar*>(e.value.get());
  return truth && !truth->value;
}

bool lets_nothing_pass(const resolved_plan& node) {
  if (node.kind == resolved_kind::limit) return node.count == 0;
  if (node.kind != resolved_kind::filter) return false;
  const auto parts = conjuncts(node.condition);
  return std::any_of(parts.begin(), parts.end(), [](const auto& part) { return is_never_true(*part); });
}

resolved_ptr without_rows(const resolved_ptr& node) {
  if (node->kind == resolved_kind::watermark) return without_rows(node->children[0]);
  if (node->kind == resolved_kind::scan) return make_filter_node(node, expressions::literal(false));
  auto children = node->children;
  for (auto& child : children) child = without_rows(child);
  return with_children(*node, std::move(children));
}

}  // namespace

resolved_ptr cut_empty_results(const resolved_ptr& node) {
  const bool nothing = lets_nothing_pass(*node);
  auto children = node->children;
  for (auto& child : children) child = nothing ? without_rows(child) : cut_empty_results(child);
  return with_children(*node, std::move(children));
}

}  // namespace flow::plan
