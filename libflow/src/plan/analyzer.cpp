#include "plan/analyzer.hpp"

#include <algorithm>

#include <arrow/type.h>

#include "flow/error.hpp"
#include "plan/interval_text.hpp"
#include "plan/name_resolution.hpp"
#include "plan/plan_text.hpp"
#include "types/type_rules.hpp"

namespace flow::plan {

resolved_ptr analyzer::analyze(const logical_plan& node) {
  switch (node.kind) {
    case plan_kind::relation:
      return analyze_relation(node);
    case plan_kind::scan:
      return analyze_scan(node);
    case plan_kind::alias:
      return analyze_alias(node);
    case plan_kind::project:
      return analyze_project(node);
    case plan_kind::with_columns:
      return analyze_with_columns(node);
    case plan_kind::rename:
      return analyze_rename(node);
    case plan_kind::drop:
      return analyze_drop(node);
    case plan_kind::filter:
      return analyze_filter(node);
    case plan_kind::aggregate:
      return analyze_aggregate(node);
    case plan_kind::with_watermark:
      return analyze_watermark(node);
    case plan_kind::join:
      return analyze_join(node);
    case plan_kind::unite:
      return analyze_unite(node);
    case plan_kind::deduplicate:
      return analyze_deduplicate(node);
    case plan_kind::sort:
      return analyze_sort(node);
    case plan_kind::limit:
      return analyze_limit(node);
  }
  throw error(errc::invalid_argument, "a plan of an unknown kind");
}

namespace {

resolved_ptr requalified(const resolved_ptr& node, const std::string& name) {
  auto copy = std::make_shared<resolved_plan>(*node);
  for (auto& column : copy->output) column.qualifiers = {name};
  return copy;
}

std::shared_ptr<resolved_plan> node_over(resolved_kind kind, const resolved_ptr& child) {
  auto node = std::make_shared<resolved_plan>();
  node->kind = kind;
  node->output = child->output;
  node->streaming = child->streaming;
  node->children = {child};
  return node;
}

// A column shown under two names has one id: the name goes with the reference.
expression_ptr passed_on(const resolved_column& column) {
  auto reference = std::make_shared<expression>(*reference_to(column.id));
  reference->names = {column.name};
  return reference;
}

void check_condition(const expression& condition, const resolved_columns& columns, std::string_view where) {
  const auto type = type_of(condition, columns);
  if (type->id() == arrow::Type::BOOL || type->id() == arrow::Type::NA) return;
  throw error(errc::type_mismatch, "the condition of " + std::string(where) + " must be BOOLEAN, but " +
                                       text_of(condition, columns) + " is " + to_ddl(*type));
}

void refuse_aggregates(const expression& e, std::string_view where) {
  if (!holds_aggregate(e)) return;
  throw error(errc::unsupported_plan, "aggregate functions are not allowed in " + std::string(where) + ": " + to_sql(e) +
                                          "; aggregate first with group_by().agg(), then use the result");
}

}  // namespace

resolved_ptr analyzer::analyze_relation(const logical_plan& node) {
  const auto found = lookup_ ? lookup_(node.name) : nullptr;
  if (!found) {
    throw error(errc::unknown_table, "unknown table or view `" + node.name +
                                         "`; make it known with create_or_replace_temp_view(\"" + node.name + "\")");
  }
  return requalified(analyze(*found), node.name);
}

resolved_ptr analyzer::analyze_scan(const logical_plan& node) {
  auto scan = std::make_shared<resolved_plan>();
  scan->kind = resolved_kind::scan;
  scan->source = node.source;
  scan->streaming = node.streaming;
  const auto schema = node.source->schema();
  for (int i = 0; i < schema->num_fields(); ++i) {
    scan->columns.push_back(i);
    scan->output.push_back({schema->field(i)->name(), {}, schema->field(i)->type(), new_id(), {}});
  }
  return scan;
}

resolved_ptr analyzer::analyze_alias(const logical_plan& node) { return requalified(analyze(*node.children.at(0)), node.name); }

resolved_ptr analyzer::analyze_project(const logical_plan& node) {
  return project(analyze(*node.children.at(0)), node.expressions);
}

resolved_ptr analyzer::analyze_with_columns(const logical_plan& node) {
  auto input = analyze(*node.children.at(0));
  std::vector<expression_ptr> list;
  std::vector<bool> used(node.expressions.size());
  for (const auto& column : input->output) {
    auto passed = passed_on(column);
    for (std::size_t i = 0; i < node.expressions.size(); ++i) {
      if (!same_name(output_name(*node.expressions[i]), column.name)) continue;
      passed = node.expressions[i];
      used[i] = true;
    }
    list.push_back(std::move(passed));
  }
  for (std::size_t i = 0; i < used.size(); ++i) {
    if (!used[i]) list.push_back(node.expressions[i]);
  }
  return project(std::move(input), std::move(list));
}

resolved_ptr analyzer::analyze_rename(const logical_plan& node) {
  auto input = analyze(*node.children.at(0));
  std::vector<expression_ptr> list;
  for (const auto& column : input->output) {
    auto passed = passed_on(column);
    list.push_back(same_name(column.name, node.names.at(0)) ? expressions::alias(passed, node.names.at(1)) : passed);
  }
  return project(std::move(input), std::move(list));
}

resolved_ptr analyzer::analyze_drop(const logical_plan& node) {
  auto input = analyze(*node.children.at(0));
  std::vector<expression_ptr> list;
  for (const auto& column : input->output) {
    const bool dropped =
        std::any_of(node.names.begin(), node.names.end(), [&](const auto& name) { return same_name(name, column.name); });
    if (!dropped) list.push_back(passed_on(column));
  }
  return project(std::move(input), std::move(list));
}

resolved_ptr analyzer::analyze_filter(const logical_plan& node) {
  auto input = analyze(*node.children.at(0));
  refuse_aggregates(*node.expressions.at(0), "where()");
  auto condition = resolve_names(node.expressions.at(0), input->output);
  check_condition(*condition, input->output, "where()");
  return make_filter_node(std::move(input), std::move(condition));
}

resolved_ptr analyzer::analyze_watermark(const logical_plan& node) {
  const auto input = analyze(*node.children.at(0));
  const auto found = find_name({node.name}, input->output);
  if (!found.column) throw_unknown_column({node.name}, input->output);
  if (found.column->type->id() != arrow::Type::TIMESTAMP) {
    throw error(errc::type_mismatch, "with_watermark needs a TIMESTAMP column, but `" + found.column->name + "` is " +
                                         to_ddl(*found.column->type) + "; convert it first, for example with to_timestamp()");
  }
  const auto delay = longest(interval_of_text(node.delay));
  if (delay.microseconds < 0) {
    throw error(errc::invalid_argument, "the delay of with_watermark must not be negative, but is \"" + node.delay + "\"");
  }
  if (!input->streaming) return input;
  auto marked = node_over(resolved_kind::watermark, input);
  marked->column = found.column->id;
  marked->delay = delay;
  for (auto& column : marked->output) {
    if (column.id == marked->column) column.event_time = delay;
  }
  return marked;
}

resolved_ptr analyzer::analyze_unite(const logical_plan& node) {
  std::vector<resolved_ptr> children;
  for (const auto& child : node.children) children.push_back(analyze(*child));
  auto columns = children.at(0)->output;
  for (std::size_t c = 1; c < children.size(); ++c) {
    const auto& other = children[c]->output;
    if (other.size() != columns.size()) {
      throw error(errc::type_mismatch, "a union needs the same number of columns on every side, but there are " +
                                           std::to_string(columns.size()) + " and " + std::to_string(other.size()) +
                                           "; select the same columns of each");
    }
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const bool alike = same_structure(*columns[i].type, *other[i].type);
      const auto common = alike ? columns[i].type : common_type(columns[i].type, other[i].type);
      if (!common) {
        throw error(errc::type_mismatch, "column " + std::to_string(i + 1) + " of a union is " + to_ddl(*columns[i].type) +
                                             " (`" + columns[i].name + "`) on one side and " + to_ddl(*other[i].type) + " (`" +
                                             other[i].name + "`) on another; cast one of them");
      }
      columns[i].type = common;
    }
  }
  auto united = std::make_shared<resolved_plan>();
  united->kind = resolved_kind::unite;
  for (auto& child : children) {
    united->streaming = united->streaming || child->streaming;
    std::vector<expression_ptr> values;
    auto output = columns;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const auto& from = child->output[i];
      auto value = reference_to(from.id);
      const bool same = from.type->Equals(columns[i].type);
      values.push_back(same ? value : expressions::cast(value, columns[i].type));
      output[i].id = new_id();
      output[i].event_time = from.event_time;
    }
    child = make_project_node(child, std::move(output), std::move(values));
  }
  united->output = children[0]->output;
  for (auto& column : united->output) column.id = new_id();
  united->children = std::move(children);
  return united;
}

resolved_ptr analyzer::analyze_deduplicate(const logical_plan& node) {
  auto distinct = node_over(resolved_kind::deduplicate, analyze(*node.children.at(0)));
  for (const auto& name : node.names) {
    const auto found = find_name({name}, distinct->output);
    if (!found.column) throw_unknown_column({name}, distinct->output);
    distinct->ids.push_back(found.column->id);
  }
  if (node.names.empty()) {
    for (const auto& column : distinct->output) distinct->ids.push_back(column.id);
  }
  distinct->within_watermark = node.within_watermark;
  distinct->uid = node.uid;
  return distinct;
}

resolved_ptr analyzer::analyze_limit(const logical_plan& node) {
  if (node.count < 0) {
    throw error(errc::invalid_argument,
                "limit() needs a number of rows that is not negative, not " + std::to_string(node.count));
  }
  auto limited = node_over(resolved_kind::limit, analyze(*node.children.at(0)));
  limited->count = node.count;
  limited->uid = node.uid;
  return limited;
}

resolved_ptr analyzer::analyze_sort(const logical_plan& node) {
  const auto child = analyze(*node.children.at(0));
  const auto resolvable = [&](const sort_order& order) {
    if (holds_aggregate(*order.key)) return false;
    try {
      resolve_names(order.key, child->output);
      return true;
    } catch (const error& e) {
      if (e.code() != errc::unknown_column && e.code() != errc::ambiguous_column) throw;
      return false;
    }
  };
  if (!std::all_of(node.orders.begin(), node.orders.end(), resolvable)) return sort_with_hidden(node, child);
  auto sorted = node_over(resolved_kind::sort, child);
  for (auto order : node.orders) {
    order.key = resolve_names(order.key, child->output);
    type_of(*order.key, child->output);
    sorted->orders.push_back(std::move(order));
  }
  return sorted;
}

// ORDER BY may read columns that the SELECT list does not hold: they are carried along and dropped again.
resolved_ptr analyzer::sort_with_hidden(const logical_plan& node, const resolved_ptr& child) {
  const auto& written = *node.children.at(0);
  if (child->kind != resolved_kind::project || (written.kind != plan_kind::project && written.kind != plan_kind::aggregate)) {
    for (const auto& order : node.orders) resolve_names(order.key, child->output);
    refuse_aggregates(*node.orders.at(0).key, "order_by()");
  }
  logical_plan wider = written;
  logical_plan sort = node;
  const auto shown = child->output.size();
  for (std::size_t i = 0; i < sort.orders.size(); ++i) {
    const auto& key = sort.orders[i].key;
    if (key->kind == expression_kind::reference && find_name(key->path, child->output).column) continue;
    const auto hidden = "__order_" + std::to_string(i);
    wider.expressions.push_back(expressions::alias(key, hidden));
    sort.orders[i].key = expressions::reference({hidden});
  }
  sort.children = {std::make_shared<logical_plan>(std::move(wider))};
  const auto sorted = analyze_sort(sort);
  std::vector<item> items;
  for (std::size_t i = 0; i < shown; ++i) items.push_back({sorted->output[i], reference_to(sorted->output[i].id)});
  return project_items(sorted, std::move(items));
}

resolved_ptr analyzer::analyze_join(const logical_plan& node) {
  resolved_plan joined;
  joined.kind = resolved_kind::join;
  joined.how = node.how;
  joined.uid = node.uid;
  joined.children = {analyze(*node.children.at(0)), analyze(*node.children.at(1))};
  const auto& left = *joined.children[0];
  const auto& right = *joined.children[1];
  joined.streaming = left.streaming || right.streaming;
  if (!node.names.empty()) return join_using(std::move(joined), node.names);
  auto both = left.output;
  both.insert(both.end(), right.output.begin(), right.output.end());
  if (!node.expressions.empty()) {
    refuse_aggregates(*node.expressions[0], "a join's condition");
    joined.condition = resolve_names(node.expressions[0], both);
    check_condition(*joined.condition, both, "join()");
  }
  const bool left_only = node.how == join_type::left_semi || node.how == join_type::left_anti;
  joined.output = left_only ? left.output : both;
  return std::make_shared<resolved_plan>(std::move(joined));
}

resolved_ptr analyzer::join_using(resolved_plan joined, const std::vector<std::string>& names) {
  const auto left = joined.children[0]->output;
  const auto right = joined.children[1]->output;
  auto both = left;
  both.insert(both.end(), right.begin(), right.end());
  std::vector<expression_ptr> equalities;
  std::vector<item> items;
  std::vector<int> named;
  for (const auto& name : names) {
    const auto a = find_name({name}, left);
    const auto b = find_name({name}, right);
    if (!a.column) throw_unknown_column({name}, left);
    if (!b.column) throw_unknown_column({name}, right);
    equalities.push_back(expressions::call("=", {reference_to(a.column->id), reference_to(b.column->id)}));
    named.insert(named.end(), {a.column->id, b.column->id});
    const auto& kept = joined.how == join_type::right_outer ? *b.column : *a.column;
    if (joined.how == join_type::full_outer) {
      auto merged = expressions::call("coalesce", {reference_to(a.column->id), reference_to(b.column->id)});
      const auto type = type_of(*merged, both);
      items.push_back({{a.column->name, {}, type, new_id(), {}}, std::move(merged)});
    } else {
      items.push_back({kept, reference_to(kept.id)});
    }
  }
  joined.condition = conjunction(equalities);
  check_condition(*joined.condition, both, "join()");
  const bool left_only = joined.how == join_type::left_semi || joined.how == join_type::left_anti;
  joined.output = left_only ? left : both;
  for (const auto& column : joined.output) {
    if (std::find(named.begin(), named.end(), column.id) == named.end()) items.push_back({column, reference_to(column.id)});
  }
  return project_items(std::make_shared<resolved_plan>(std::move(joined)), std::move(items));
}

}  // namespace flow::plan
