#include <algorithm>

#include "plan/optimizer_rules.hpp"

namespace flow::plan {

namespace {

void count_reads(const expression& e, std::map<int, int>& reads) {
  if (const auto id = referenced_id(e)) ++reads[*id];
  for (const auto& argument : e.arguments) count_reads(*argument, reads);
}

bool is_cheap(const expression& e) { return e.kind == expression_kind::reference || e.kind == expression_kind::literal; }

bool reads_member_of(const expression& e, int id) {
  if (referenced_id(e) == id && e.path.size() > 1) return true;
  return std::any_of(e.arguments.begin(), e.arguments.end(), [&](const auto& a) { return reads_member_of(*a, id); });
}

bool can_merge(const resolved_plan& outer, const resolved_plan& inner) {
  std::map<int, int> reads;
  for (const auto& value : outer.values) count_reads(*value, reads);
  for (std::size_t i = 0; i < inner.values.size(); ++i) {
    const auto& value = *inner.values[i];
    if (is_cheap(value)) continue;
    const int id = inner.output[i].id;
    if (reads[id] > 1 || !is_movable(value, inner.children[0]->output)) return false;
    for (const auto& above : outer.values) {
      if (reads_member_of(*above, id)) return false;
    }
  }
  return true;
}

}  // namespace

resolved_ptr merge_projects(const resolved_ptr& node) {
  auto copy = std::make_shared<resolved_plan>(*node);
  for (auto& child : copy->children) child = merge_projects(child);
  if (copy->kind != resolved_kind::project || copy->children[0]->kind != resolved_kind::project) return copy;
  const auto inner = copy->children[0];
  if (!can_merge(*copy, *inner)) return copy;
  std::map<int, expression_ptr> values;
  for (std::size_t i = 0; i < inner->values.size(); ++i) values.emplace(inner->output[i].id, inner->values[i]);
  for (auto& value : copy->values) value = substitute(value, values);
  copy->children = {inner->children[0]};
  return copy;
}

}  // namespace flow::plan
