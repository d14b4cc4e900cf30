#include <arrow/type.h>

#include "flow/engine.hpp"
#include "flow/error.hpp"
#include "plan/optimizer.hpp"
#include "plan/stage_builder.hpp"

namespace flow::plan {

namespace {

/// The two sides of a join as the operator sees them: rows that come, and a table that is held.
struct join_sides {
  const resolved_plan* rows;
  const resolved_plan* table;
  bool rows_are_left;
};

bool is_equality(const expression& e) {
  return e.kind == expression_kind::call && (e.name == "=" || e.name == "==" || e.name == "<=>");
}

// A null-safe key is wrapped: a struct is never null itself, and equal when its member is, null included.
bound_ptr as_key(const expression& e, const resolved_columns& columns, const data_type& type, bool null_safe) {
  auto bound = bind_resolved(e, columns);
  if (!bound->type()->Equals(type)) bound = bind_cast(std::move(bound), type);
  if (!null_safe) return bound;
  return bind_call("named_struct", {bind_literal(expressions::literal(std::string_view("k"))->value), std::move(bound)});
}

// Takes `part` as a pair of keys if it is an equality of the two sides.
bool add_key(const expression& part, const join_sides& sides, table_join_plan& plan) {
  if (!is_equality(part) || part.arguments.size() != 2) return false;
  for (const bool swapped : {false, true}) {
    const auto& mine = *part.arguments[swapped ? 1 : 0];
    const auto& other = *part.arguments[swapped ? 0 : 1];
    const auto read = columns_read(mine);
    const auto read_there = columns_read(other);
    if (read.empty() || read_there.empty()) return false;
    if (!all_in(read, sides.rows->output) || !all_in(read_there, sides.table->output)) continue;
    const auto type =
        common_type(bind_resolved(mine, sides.rows->output)->type(), bind_resolved(other, sides.table->output)->type());
    if (!type) return false;
    plan.stream_keys.push_back(as_key(mine, sides.rows->output, type, part.name == "<=>"));
    plan.table_keys.push_back(as_key(other, sides.table->output, type, part.name == "<=>"));
    return true;
  }
  return false;
}

// Splits the condition: equalities of the two sides are looked up, the rest is tested.
void add_condition(const resolved_plan& node, const join_sides& sides, table_join_plan& plan) {
  if (!node.condition) return;
  std::vector<expression_ptr> rest;
  for (const auto& part : conjuncts(node.condition)) {
    if (!add_key(*part, sides, plan)) rest.push_back(part);
  }
  if (rest.empty()) return;
  auto both = node.children[0]->output;
  both.insert(both.end(), node.children[1]->output.begin(), node.children[1]->output.end());
  plan.condition = bind_resolved(*conjunction(rest), both);
}

}  // namespace

int stage_builder::place_join(const resolved_plan& node) {
  const bool rows_are_left = !node.children[1]->streaming;
  const join_sides sides{node.children[rows_are_left ? 0 : 1].get(), node.children[rows_are_left ? 1 : 0].get(), rows_are_left};
  table_join_plan plan;
  plan.how = node.how;
  plan.stream_is_left = rows_are_left;
  add_condition(node, sides, plan);
  if (node.how != join_type::left_semi && node.how != join_type::left_anti) {
    auto both = node.children[0]->output;
    both.insert(both.end(), node.children[1]->output.begin(), node.children[1]->output.end());
    plan.outputs.emplace();
    for (const auto& column : node.output) plan.outputs->push_back(position_of(both, column.id));
  }
  const auto table = std::make_shared<const physical_plan>(
      stage_builder({.streaming = false, .mode = output_mode::append}).build(*sides.table));
  plan.table_schema = table->output;
  plan.table = [table] { return run_local(*table, {}); };
  const int id = place(*sides.rows);
  append(id, make_table_join(stage(id).output, std::move(plan)));
  return id;
}

}  // namespace flow::plan
