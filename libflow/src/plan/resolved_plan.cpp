#include "plan/resolved_plan.hpp"

#include <algorithm>
#include <charconv>

#include "flow/error.hpp"

namespace flow::plan {

resolved_ptr with_children(const resolved_plan& node, std::vector<resolved_ptr> children) {
  auto copy = std::make_shared<resolved_plan>(node);
  copy->children = std::move(children);
  return copy;
}

resolved_ptr make_filter_node(resolved_ptr child, expression_ptr condition) {
  auto node = std::make_shared<resolved_plan>();
  node->kind = resolved_kind::filter;
  node->output = child->output;
  node->streaming = child->streaming;
  node->condition = std::move(condition);
  node->children = {std::move(child)};
  return node;
}

resolved_ptr make_project_node(resolved_ptr child, resolved_columns output, std::vector<expression_ptr> values) {
  auto node = std::make_shared<resolved_plan>();
  node->kind = resolved_kind::project;
  node->output = std::move(output);
  node->values = std::move(values);
  node->streaming = child->streaming;
  node->children = {std::move(child)};
  return node;
}

const resolved_column* find_column(const resolved_columns& columns, int id) {
  const auto found = std::find_if(columns.begin(), columns.end(), [id](const auto& c) { return c.id == id; });
  return found == columns.end() ? nullptr : &*found;
}

int position_of(const resolved_columns& columns, int id) {
  const auto found = std::find_if(columns.begin(), columns.end(), [id](const auto& c) { return c.id == id; });
  return static_cast<int>(found - columns.begin());
}

const resolved_column* event_time_column(const resolved_columns& columns) {
  const auto found = std::find_if(columns.begin(), columns.end(), [](const auto& c) { return c.event_time.has_value(); });
  return found == columns.end() ? nullptr : &*found;
}

expression_ptr reference_to(int id) { return expressions::reference({"#" + std::to_string(id)}); }

std::optional<int> referenced_id(const expression& e) {
  if (e.kind != expression_kind::reference || e.path.empty() || e.path[0].size() < 2 || e.path[0][0] != '#') return {};
  int id = 0;
  const auto* end = e.path[0].data() + e.path[0].size();
  const auto [read, failure] = std::from_chars(e.path[0].data() + 1, end, id);
  // A user's own column may be called "#1 of all".
  return failure == std::errc() && read == end ? std::optional<int>(id) : std::nullopt;
}

std::optional<int> whole_column(const expression& e) {
  if (e.path.size() != 1) return {};
  return referenced_id(e);
}

void add_columns_read(const expression& e, std::vector<int>& ids) {
  if (const auto id = referenced_id(e)) {
    const auto at = std::lower_bound(ids.begin(), ids.end(), *id);
    if (at == ids.end() || *at != *id) ids.insert(at, *id);
  }
  for (const auto& argument : e.arguments) add_columns_read(*argument, ids);
  for (const auto& order : e.within_group) add_columns_read(*order, ids);
  if (e.filter) add_columns_read(*e.filter, ids);
}

std::vector<int> columns_read(const expression& e) {
  std::vector<int> ids;
  add_columns_read(e, ids);
  return ids;
}

expression_ptr rewrite(const expression_ptr& e, const std::function<expression_ptr(const expression_ptr&)>& replace) {
  if (auto other = replace(e)) return other;
  bool changed = false;
  auto visit = [&](const expression_ptr& part) {
    auto next = rewrite(part, replace);
    changed = changed || next != part;
    return next;
  };
  std::vector<expression_ptr> arguments;
  arguments.reserve(e->arguments.size());
  for (const auto& argument : e->arguments) arguments.push_back(visit(argument));
  std::vector<expression_ptr> within_group;
  for (const auto& order : e->within_group) within_group.push_back(visit(order));
  auto filter = e->filter ? visit(e->filter) : nullptr;
  if (!changed) return e;
  auto copy = std::make_shared<expression>(*e);
  copy->arguments = std::move(arguments);
  copy->within_group = std::move(within_group);
  copy->filter = std::move(filter);
  return copy;
}

namespace {

// A member path below a reference, applied to the expression that takes the reference's place.
expression_ptr with_members(const expression_ptr& base, const std::vector<std::string>& path) {
  if (path.size() <= 1) return base;
  if (base->kind == expression_kind::reference) {
    auto longer = base->path;
    longer.insert(longer.end(), path.begin() + 1, path.end());
    return expressions::reference(std::move(longer));
  }
  auto value = base;
  for (auto member = path.begin() + 1; member != path.end(); ++member) {
    value = expressions::call("[]", {value, expressions::literal(std::string_view(*member))});
  }
  return value;
}

expression_ptr without_alias(const expression_ptr& e) {
  return e->kind == expression_kind::alias ? without_alias(e->arguments.at(0)) : e;
}

}  // namespace

expression_ptr substitute(const expression_ptr& e, const std::map<int, expression_ptr>& values) {
  return rewrite(e, [&](const expression_ptr& part) -> expression_ptr {
    const auto id = referenced_id(*part);
    if (!id) return nullptr;
    const auto found = values.find(*id);
    return found == values.end() ? nullptr : with_members(without_alias(found->second), part->path);
  });
}

std::vector<expression_ptr> conjuncts(const expression_ptr& e) {
  if (e->kind != expression_kind::call || e->name != "and") return {e};
  std::vector<expression_ptr> parts;
  for (const auto& argument : e->arguments) {
    for (auto& part : conjuncts(argument)) parts.push_back(std::move(part));
  }
  return parts;
}

expression_ptr conjunction(const std::vector<expression_ptr>& parts) {
  expression_ptr all;
  for (const auto& part : parts) all = all ? expressions::call("and", {all, part}) : part;
  return all;
}

bool all_in(const std::vector<int>& ids, const resolved_columns& columns) {
  return std::all_of(ids.begin(), ids.end(), [&](int id) { return find_column(columns, id) != nullptr; });
}

bound_ptr bind_resolved(const expression& e, const resolved_columns& columns) {
  std::vector<input_column> scope;
  scope.reserve(columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const bool again = position_of(columns, columns[i].id) != static_cast<int>(i);
    scope.push_back({again ? std::string() : "#" + std::to_string(columns[i].id), {}, columns[i].type});
  }
  return flow::bind(e, std::span<const input_column>(scope));
}

aggregate_options options_of(const expression& call, const resolved_columns& columns) {
  aggregate_options options{call.distinct, call.ignore_nulls, call.respect_nulls, {}};
  for (const auto& item : call.within_group) {
    const auto order = to_sort_order(item);
    options.order.push_back({bind_resolved(*order.key, columns), order.descending, order.nulls_first});
  }
  return options;
}

bool is_movable(const expression& e, const resolved_columns& columns) { return bind_resolved(e, columns)->deterministic(); }

}  // namespace flow::plan
