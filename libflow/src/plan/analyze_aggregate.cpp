#include <algorithm>

#include <arrow/type.h>

#include "flow/error.hpp"
#include "flow/function_catalog.hpp"
#include "plan/analyzer.hpp"
#include "plan/name_resolution.hpp"
#include "plan/typed_name.hpp"

namespace flow::plan {

namespace {

// Splits result expressions into what the aggregation computes (keys, calls) and what is computed from that.
class result_splitter {
 public:
  result_splitter(const resolved_columns& input, resolved_plan& node) : input_(input), node_(node) {}

  // `make_column` gives a new call its result column.
  template <class MakeColumn>
  expression_ptr split(const expression_ptr& e, MakeColumn make_column) {
    return rewrite(e, [&](const expression_ptr& part) -> expression_ptr {
      if (auto key = as_key(*part)) return key;
      if (is_aggregate_call(*part)) return as_call(part, make_column);
      const auto id = referenced_id(*part);
      if (id && !find_column(node_.output, *id)) throw_not_grouped(*id);
      return nullptr;
    });
  }

 private:
  expression_ptr as_key(const expression& part) const {
    for (std::size_t k = 0; k < node_.key_count; ++k) {
      if (same_expression(*node_.values[k], part)) return reference_to(node_.output[k].id);
      const auto id = referenced_id(part);
      if (id && whole_column(*node_.values[k]) == id) {
        auto path = part.path;
        path[0] = "#" + std::to_string(node_.output[k].id);
        return expressions::reference(std::move(path));
      }
    }
    return nullptr;
  }

  template <class MakeColumn>
  expression_ptr as_call(const expression_ptr& call, MakeColumn make_column) {
    for (std::size_t k = node_.key_count; k < node_.values.size(); ++k) {
      const auto& known = *node_.values[k];
      const bool same_filter =
          (!known.filter && !call->filter) || (known.filter && call->filter && same_expression(*known.filter, *call->filter));
      if (same_filter && known.distinct == call->distinct && known.ignore_nulls == call->ignore_nulls &&
          same_expression(known, *call)) {
        return reference_to(node_.output[k].id);
      }
    }
    node_.output.push_back(make_column(*call));
    node_.values.push_back(call);
    return reference_to(node_.output.back().id);
  }

  [[noreturn]] void throw_not_grouped(int id) const {
    const auto* column = find_column(input_, id);
    const auto name = column ? column->name : "?";
    throw error(errc::unsupported_plan,
                "column `" + name + "` is neither a group key nor inside an aggregate function; add it to " +
                    "group_by(), or say which value of the group is meant, for example first(" + name + ")");
  }

  const resolved_columns& input_;
  resolved_plan& node_;
};

// GROUP BY 2, GROUP BY alias: what of the result list is meant, or the key itself.
expression_ptr meant_key(const expression_ptr& key, const std::vector<expression_ptr>& results, const resolved_columns& input) {
  if (key->kind != expression_kind::reference || key->path.size() != 1 || referenced_id(*key)) return key;
  if (find_name(key->path, input).column) return key;
  for (const auto& result : results) {
    if (result->kind == expression_kind::alias && !result->names.empty() && same_name(result->names[0], key->path[0]) &&
        !holds_aggregate(*result)) {
      return below_alias(result);
    }
  }
  return key;
}

bool is_groupable(const arrow::DataType& type) { return type.id() != arrow::Type::MAP; }

// The part of `whole` that the path behind its first name leads to.
expression_ptr member_of(expression_ptr whole, const std::vector<std::string>& path) {
  for (std::size_t i = 1; i < path.size(); ++i)
    whole = expressions::call("[]", {whole, expressions::literal(std::string_view(path[i]))});
  return whole;
}

// HAVING reads the output's names first; where none fits, the input's.
expression_ptr with_output_names(const expression_ptr& having, const std::vector<std::string>& names,
                                 const std::vector<expression_ptr>& results) {
  return rewrite(having, [&](const expression_ptr& part) -> expression_ptr {
    if (is_aggregate_call(*part)) return part;
    if (part->kind != expression_kind::reference) return nullptr;
    expression_ptr found;
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (!same_name(names[i], part->path[0])) continue;
      auto meant = member_of(below_alias(results[i]), part->path);
      const bool one_column_twice = found && results[i]->kind == expression_kind::reference && same_expression(*found, *meant);
      if (found && !one_column_twice) {
        throw error(
            errc::ambiguous_column,
            "`" + names[i] + "` in HAVING is ambiguous: two columns of the result have that name; give them different ones");
      }
      found = std::move(meant);
    }
    return found;
  });
}

}  // namespace

resolved_column analyzer::call_column(const expression& call, const resolved_columns& columns) {
  resolved_column column{to_sql(call), {}, nullptr, new_id(), {}};
  with_names(columns, [&] {
    std::vector<bound_ptr> arguments;
    for (const auto& argument : call.arguments) {
      if (holds_aggregate(*argument)) {
        throw error(errc::unsupported_plan, "an aggregate function inside another one: " + to_sql(call) +
                                                "; aggregate in two steps, group_by().agg() on the result of the first");
      }
      arguments.push_back(bind_resolved(*argument, columns));
    }
    const auto& entry = function_catalog::builtin().at(call.name);
    column.type = entry.bind_aggregate(std::move(arguments), options_of(call, columns)).type;
    if (call.filter && bind_resolved(*call.filter, columns)->type()->id() != arrow::Type::BOOL) {
      throw error(errc::type_mismatch, "FILTER (WHERE ...) needs a BOOLEAN: " + to_sql(*call.filter));
    }
  });
  column.name = text_of(call, columns);
  return column;
}

resolved_ptr analyzer::analyze_aggregate(const logical_plan& node) {
  auto results = node.keys;
  results.insert(results.end(), node.expressions.begin(), node.expressions.end());
  return aggregate(analyze(*node.children.at(0)), node.keys, std::move(results), node.having, node.uid);
}

resolved_ptr analyzer::aggregate(resolved_ptr input, std::vector<expression_ptr> keys, std::vector<expression_ptr> results,
                                 const expression_ptr& having, const std::string& uid) {
  std::vector<std::string> names;
  for (const auto& result : results) names.push_back(output_name(*with_typed_names(result, input->output)));
  for (auto& key : keys) key = meant_key(key, results, input->output);

  // Windows of keys, results and HAVING are found together, so that equal ones become one column.
  auto condition = having ? with_output_names(having, names, results) : nullptr;
  std::vector<expression_ptr> all = keys;
  all.insert(all.end(), results.begin(), results.end());
  if (condition) all.push_back(condition);
  extract_windows(input, all);
  const auto& columns = input->output;

  auto node = std::make_shared<resolved_plan>();
  node->kind = resolved_kind::aggregate;
  node->streaming = input->streaming;
  node->uid = uid;
  node->key_count = keys.size();
  node->children = {input};
  for (std::size_t k = 0; k < keys.size(); ++k) {
    if (holds_aggregate(*all[k])) {
      throw error(errc::unsupported_plan, "a group key must not hold an aggregate function: " + to_sql(*keys[k]));
    }
    auto key = make_item(all[k], output_name(*keys[k]), columns);
    if (const auto whole = whole_column(*key.value)) {
      key.column = *find_column(columns, *whole);
      key.column.hidden = false;
    }
    if (!is_groupable(*key.column.type)) {
      throw error(errc::type_mismatch, "cannot group by " + to_sql(*keys[k]) + ", which is " + to_ddl(*key.column.type) +
                                           "; group by map_entries() of it sorted, or by one of its values");
    }
    node->values.push_back(key.value);
    node->output.push_back(std::move(key.column));
  }

  result_splitter splitter(columns, *node);
  const auto make_column = [&](const expression& call) { return call_column(call, columns); };
  std::vector<std::pair<expression_ptr, const expression*>> computed;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const auto& written = all[keys.size() + i];
    if (written->kind == expression_kind::star) {
      throw error(errc::unsupported_plan, "`*` cannot stand beside aggregates; name the group keys");
    }
    computed.emplace_back(splitter.split(resolve_names(below_alias(written), columns), make_column), written.get());
  }
  if (condition) condition = splitter.split(resolve_names(all.back(), columns), make_column);

  resolved_ptr result = node;
  if (condition) {
    type_of(*condition, node->output);
    result = make_filter_node(result, condition);
  }
  std::vector<item> items;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const auto& [value, written] = computed[i];
    const auto whole = whole_column(*value);
    const bool is_alias = written->kind == expression_kind::alias;
    resolved_column column{names[i], {}, nullptr, 0, {}};
    if (whole) {
      const auto& from = *find_column(node->output, *whole);
      column.type = from.type;
      column.event_time = from.event_time;
      column.id = is_alias ? new_id() : from.id;
      if (!is_alias) column.qualifiers = from.qualifiers;
    } else {
      column.type = type_of(*value, node->output);
      column.id = new_id();
    }
    items.push_back({std::move(column), value});
  }
  return project_items(std::move(result), std::move(items));
}

}  // namespace flow::plan
