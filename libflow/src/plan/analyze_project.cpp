#include <algorithm>

#include <arrow/type.h>

#include "flow/error.hpp"
#include "plan/analyzer.hpp"
#include "plan/name_resolution.hpp"
#include "plan/typed_name.hpp"

namespace flow::plan {

namespace {

bool holds_generator(const expression& e) {
  return is_generator_call(e) ||
         std::any_of(e.arguments.begin(), e.arguments.end(), [](const auto& a) { return holds_generator(*a); });
}

}  // namespace

resolved_ptr analyzer::project_items(resolved_ptr input, std::vector<item> items) {
  resolved_columns output;
  std::vector<expression_ptr> values;
  for (auto& one : items) {
    output.push_back(std::move(one.column));
    values.push_back(std::move(one.value));
  }
  return make_project_node(std::move(input), std::move(output), std::move(values));
}

analyzer::item analyzer::make_item(const expression_ptr& written, const std::string& name, const resolved_columns& columns) {
  const auto value = resolve_names(below_alias(written), columns);
  const auto whole = whole_column(*value);
  if (whole) {
    auto column = *find_column(columns, *whole);
    column.hidden = false;
    if (written->kind == expression_kind::alias) {
      column.qualifiers.clear();
      column.id = new_id();
      column.name = name;
    } else if (!referenced_id(*written)) {
      column.name = name;
    } else if (!written->names.empty()) {
      column.name = written->names[0];
    }
    return {std::move(column), value};
  }
  return {{name, {}, type_of(*value, columns), new_id(), {}}, value};
}

std::vector<analyzer::item> analyzer::expand_star(const expression& star, const resolved_columns& columns) {
  std::vector<item> items;
  for (auto& part : star_parts(star, columns)) {
    auto column = part.whole ? *part.whole : resolved_column{part.name, {}, type_of(*part.value, columns), new_id(), {}};
    items.push_back({std::move(column), std::move(part.value)});
  }
  return items;
}

static void check_names(const expression& call, const std::vector<std::string>& names, std::size_t columns) {
  if (names.empty() || names.size() == columns) return;
  throw error(errc::invalid_argument, call.name + "() makes " + std::to_string(columns) + " columns, but " +
                                          std::to_string(names.size()) + " names are given; write " + call.name +
                                          "(...) AS (a, b) with as many names");
}

std::vector<analyzer::item> analyzer::add_tuple(resolved_ptr& input, const expression& call,
                                                const std::vector<std::string>& names) {
  const auto value = resolve_names(std::make_shared<expression>(call), input->output);
  const auto type = type_of(*value, input->output);
  check_names(call, names, static_cast<std::size_t>(type->num_fields()));
  auto output = input->output;
  std::vector<expression_ptr> values;
  for (const auto& column : output) values.push_back(reference_to(column.id));
  output.push_back({call.name, {}, type, new_id(), {}});
  values.push_back(value);
  std::vector<item> items;
  for (const auto& member : type->fields()) {
    auto path = reference_to(output.back().id)->path;
    path.push_back(member->name());
    const auto& name = names.empty() ? member->name() : names[items.size()];
    items.push_back({{name, {}, member->type(), new_id(), {}}, expressions::reference(std::move(path))});
  }
  input = make_project_node(std::move(input), std::move(output), std::move(values));
  return items;
}

std::vector<analyzer::item> analyzer::add_generator(resolved_ptr& input, const expression& call,
                                                    const std::vector<std::string>& names) {
  if (same_name(call.name, "json_tuple")) return add_tuple(input, call, names);
  if (call.arguments.size() != 1) throw error(errc::type_mismatch, call.name + "() takes one argument: " + to_sql(call));
  if (call.distinct || call.ignore_nulls || call.filter || !call.within_group.empty())
    throw error(errc::unsupported_plan,
                call.name + "() is no aggregate function, and takes no clauses of one: " + to_sql(call));
  auto node = std::make_shared<resolved_plan>();
  node->kind = resolved_kind::generate;
  node->streaming = input->streaming;
  node->output = input->output;
  node->children = {input};
  for (const auto& column : input->output) node->kept.push_back(column.id);
  node->values = {resolve_names(call.arguments[0], input->output)};
  const auto type = type_of(*node->values[0], input->output);
  const auto starts_with = [&](std::string_view prefix) {
    return same_name(std::string_view(call.name).substr(0, prefix.size()), prefix);
  };
  node->generates = {call.name.size() > 6 && same_name(std::string_view(call.name).substr(call.name.size() - 6), "_outer"),
                     starts_with("pos"), starts_with("inline")};
  std::vector<std::pair<std::string, data_type>> made;
  if (node->generates.with_position) made.emplace_back("pos", types::integer());
  const bool is_list = type->id() == arrow::Type::LIST;
  if (node->generates.inline_structs && is_list && type->field(0)->type()->id() == arrow::Type::STRUCT) {
    for (const auto& member : type->field(0)->type()->fields()) made.emplace_back(member->name(), member->type());
  } else if (is_list && !node->generates.inline_structs) {
    made.emplace_back("col", type->field(0)->type());
  } else if (type->id() == arrow::Type::MAP && !node->generates.inline_structs) {
    made.emplace_back("key", type->field(0)->type()->field(0)->type());
    made.emplace_back("value", type->field(0)->type()->field(1)->type());
  } else {
    throw error(errc::type_mismatch, call.name + "() needs " +
                                         (node->generates.inline_structs ? "an ARRAY<STRUCT<...>>" : "an ARRAY or a MAP") +
                                         ", but " + to_sql(*call.arguments[0]) + " is " + to_ddl(*type));
  }
  check_names(call, names, made.size());
  std::vector<item> items;
  for (std::size_t i = 0; i < made.size(); ++i) {
    resolved_column column{names.empty() ? made[i].first : names[i], {}, made[i].second, new_id(), {}};
    node->output.push_back(column);
    items.push_back({column, reference_to(column.id)});
  }
  input = std::move(node);
  return items;
}

resolved_ptr analyzer::project(resolved_ptr input, std::vector<expression_ptr> list) {
  if (std::any_of(list.begin(), list.end(), [](const auto& e) { return holds_aggregate(*e); })) {
    return aggregate(std::move(input), {}, std::move(list), nullptr, "");
  }
  std::vector<std::string> names;
  for (const auto& e : list) {
    names.push_back(e->kind == expression_kind::star ? "" : output_name(*with_typed_names(e, input->output)));
  }
  const auto written = list;
  const auto before = input->output;
  extract_windows(input, list);
  const expression* generator_seen = nullptr;
  const auto visible = input->output;
  std::vector<std::vector<item>> generated(list.size());
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto& call = *below_alias(list[i]);
    if (!is_generator_call(call)) {
      if (!holds_generator(call)) continue;
      throw error(errc::unsupported_plan,
                  "a generator must stand alone in select(), not inside another expression: " + to_sql(*list[i]) +
                      "; select it under a name first, then compute with that column");
    }
    if (generator_seen) {
      throw error(errc::unsupported_plan, "only one generator is allowed in one select(), but there are " +
                                              to_sql(*generator_seen) + " and " + to_sql(call) + "; use two select() calls");
    }
    generator_seen = &call;
    generated[i] =
        add_generator(input, call, list[i]->kind == expression_kind::alias ? list[i]->names : std::vector<std::string>{});
  }
  std::vector<item> items;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (!generated[i].empty()) {
      for (auto& one : generated[i]) items.push_back(std::move(one));
    } else if (list[i]->kind == expression_kind::star) {
      for (auto& one : expand_star(*list[i], before)) items.push_back(std::move(one));
    } else {
      auto made = make_item(list[i], names[i], visible);
      if (written[i] != list[i] && written[i]->kind != expression_kind::alias) made.column.name = names[i];
      items.push_back(std::move(made));
    }
  }
  return project_items(std::move(input), std::move(items));
}

}  // namespace flow::plan
