#include "sql/select_plan.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "flow/error.hpp"
#include "flow/function_catalog.hpp"
#include "sql/one_row.hpp"
#include "sql/parse_session.hpp"
#include "sql/result_name.hpp"
#include "types/ascii.hpp"

namespace flow::sql {

namespace {

logical_plan_ptr share(logical_plan plan) { return std::make_shared<const logical_plan>(std::move(plan)); }

logical_plan over(plan_kind kind, logical_plan_ptr input) {
  logical_plan plan;
  plan.kind = kind;
  plan.children = {std::move(input)};
  return plan;
}

logical_plan_ptr filtered(logical_plan_ptr input, expression_ptr condition) {
  auto plan = over(plan_kind::filter, std::move(input));
  plan.expressions = {std::move(condition)};
  return share(std::move(plan));
}

logical_plan_ptr projected(logical_plan_ptr input, std::vector<expression_ptr> items) {
  auto plan = over(plan_kind::project, std::move(input));
  plan.expressions = std::move(items);
  return share(std::move(plan));
}

logical_plan_ptr one_row() {
  logical_plan plan;
  plan.kind = plan_kind::scan;
  plan.source = one_row_table();
  return share(std::move(plan));
}

const expression_ptr& unaliased(const expression_ptr& e) { return e->kind == expression_kind::alias ? e->arguments.at(0) : e; }

bool is_aggregate_call(const expression& e) {
  if (e.kind != expression_kind::call) return false;
  if (e.filter != nullptr || e.distinct || !e.within_group.empty()) return true;
  const auto* entry = function_catalog::builtin().find(e.name);
  return entry != nullptr && entry->kind == function_kind::aggregate;
}

bool is_generator_call(const expression& e) {
  constexpr std::array generators{"explode", "explode_outer", "posexplode", "posexplode_outer",
                                  "inline",  "inline_outer",  "stack",      "json_tuple"};
  return e.kind == expression_kind::call &&
         std::find(generators.begin(), generators.end(), to_lower(e.name)) != generators.end();
}

template <class Predicate>
bool any_part(const expression& e, const Predicate& matches) {
  if (matches(e)) return true;
  return std::any_of(e.arguments.begin(), e.arguments.end(), [&](const expression_ptr& a) { return any_part(*a, matches); });
}

bool has_aggregate(const expression& e) { return any_part(e, is_aggregate_call); }

// The expression with parts replaced: `replace` gives the new part, or null to look further inside.
template <class Replace>
expression_ptr rewritten(const expression_ptr& e, const Replace& replace) {
  if (auto replaced = replace(e)) return replaced;
  if (e->arguments.empty()) return e;
  auto changed = std::make_shared<expression>(*e);
  bool any = false;
  for (auto& argument : changed->arguments) {
    auto next = rewritten(argument, replace);
    any = any || next != argument;
    argument = std::move(next);
  }
  return any ? changed : e;
}

// 1 in GROUP BY 1 and ORDER BY 1 is the first column selected.
std::optional<std::size_t> ordinal(const expression& e) {
  if (e.kind != expression_kind::literal || e.value == nullptr || !e.value->is_valid) return std::nullopt;
  if (e.value->type->id() != arrow::Type::INT32) return std::nullopt;
  return static_cast<std::size_t>(static_cast<const arrow::Int32Scalar&>(*e.value).value);
}

// SELECT's parts brought into the form of a plan.
class select_builder {
 public:
  select_builder(const select_syntax& select, std::vector<sort_order> orders, std::optional<std::int64_t> limit,
                 parse_session& session, text_range where)
      : select_(select), orders_(std::move(orders)), limit_(limit), session_(session), where_(where) {}

  logical_plan_ptr build() {
    plan_ = select_.from == nullptr ? one_row() : select_.from;
    if (select_.where != nullptr) plan_ = filtered(plan_, select_.where);
    items_ = select_.items;
    resolve_orders();
    const bool grouped = select_.group_by.present || select_.having != nullptr || any_aggregate(items_);
    if (grouped) aggregate();
    // ORDER BY may read columns that are not selected, so it goes below the selection where it can.
    const bool sort_above = select_.distinct || any_generator();
    if (!sort_above) sort_and_limit();
    plan_ = projected(plan_, items_);
    if (select_.distinct) plan_ = share(over(plan_kind::deduplicate, plan_));
    if (sort_above) {
      orders_ = std::move(output_orders_);
      sort_and_limit();
    }
    return plan_;
  }

 private:
  static bool any_aggregate(const std::vector<expression_ptr>& list) {
    return std::any_of(list.begin(), list.end(), [](const expression_ptr& e) { return has_aggregate(*e); });
  }

  bool any_generator() const {
    return std::any_of(items_.begin(), items_.end(), [](const expression_ptr& e) { return is_generator_call(*unaliased(e)); });
  }

  const expression_ptr& item_at(std::size_t position) const {
    if (position < 1 || position > items_.size()) {
      session_.refuse(where_, "position " + std::to_string(position) + " is not in the select list, which has " +
                                  std::to_string(items_.size()) + " columns");
    }
    return items_[position - 1];
  }

  // The selected expression that a plain name means, unless the name is a column that this expression reads itself.
  expression_ptr named_item(const expression& name) const {
    if (name.kind != expression_kind::reference || name.path.size() != 1) return nullptr;
    for (const auto& item : items_) {
      if (item->kind != expression_kind::alias || item->names.size() != 1 || !same_name(item->names[0], name.path[0])) continue;
      const bool reads_same_name = any_part(*item->arguments[0], [&](const expression& e) {
        return e.kind == expression_kind::reference && same_name(e.path.back(), name.path[0]);
      });
      return reads_same_name ? nullptr : item->arguments[0];
    }
    return nullptr;
  }

  expression_ptr with_items_for_names(const expression_ptr& e) const {
    return rewritten(e, [&](const expression_ptr& part) { return named_item(*part); });
  }

  bool names_one_item(const std::string& name) const {
    return std::count_if(select_.items.begin(), select_.items.end(),
                         [&](const auto& item) { return same_name(result_name(*item), name); }) == 1;
  }

  void resolve_orders() {
    output_orders_ = orders_;
    for (std::size_t i = 0; i < orders_.size(); ++i) {
      if (const auto position = ordinal(*orders_[i].key)) {
        const auto& item = item_at(*position);
        output_orders_[i].key =
            names_one_item(result_name(*item)) ? expressions::reference({result_name(*item)}) : unaliased(item);
        orders_[i].key = unaliased(item);
      } else {
        orders_[i].key = with_aliases(orders_[i].key);
      }
    }
  }

  // ORDER BY means the selected column first, even where it hides an input column; a cast takes its column's name only if that
  // column is not selected itself.
  expression_ptr with_aliases(const expression_ptr& e) const {
    return rewritten(e, [&](const expression_ptr& part) -> expression_ptr {
      if (part->kind != expression_kind::reference || part->path.size() != 1) return nullptr;
      expression_ptr meant;
      for (const auto& item : items_) {
        if (!same_name(result_name(*item), part->path[0])) continue;
        if (item->kind == expression_kind::alias && item->names.size() == 1) return item->arguments[0];
        if (item->kind == expression_kind::reference) return nullptr;
        if (item->kind == expression_kind::cast) meant = item;
      }
      return meant;
    });
  }

  std::vector<expression_ptr> group_keys() const {
    const auto& written = select_.group_by.keys;
    if (written.size() == 1 && written[0]->kind == expression_kind::reference && written[0]->path.size() == 1 &&
        same_name(written[0]->path[0], "all")) {
      std::vector<expression_ptr> keys;
      for (const auto& item : items_) {
        if (!has_aggregate(*item)) keys.push_back(unaliased(item));
      }
      return keys;
    }
    std::vector<expression_ptr> keys;
    for (const auto& key : written) {
      if (key->kind == expression_kind::call && (same_name(key->name, "rollup") || same_name(key->name, "cube"))) {
        session_.unsupported(where_, "GROUP BY ROLLUP and CUBE", "unite one GROUP BY query for each grouping");
      }
      if (const auto position = ordinal(*key)) {
        keys.push_back(unaliased(item_at(*position)));
      } else {
        auto item = named_item(*key);
        keys.push_back(item != nullptr ? item : key);
      }
    }
    return keys;
  }

  // Groups by the keys, computes every aggregate that occurs once, and reads both by name above.
  void aggregate() {
    auto plan = over(plan_kind::aggregate, plan_);
    plan.keys = group_keys();
    for (std::size_t i = 0; i < plan.keys.size(); ++i) name_key(plan.keys[i]);
    for (auto& item : items_) item = named(read_group(unaliased(item)), item);
    for (auto& order : orders_) order.key = read_group(order.key);
    expression_ptr having;
    if (select_.having != nullptr) having = read_group(with_items_for(select_.having));
    plan.keys = key_columns_;
    plan.expressions = aggregates_;
    plan_ = share(std::move(plan));
    if (having != nullptr) plan_ = filtered(plan_, having);
  }

  expression_ptr with_items_for(const expression_ptr& e) const {
    return rewritten(e, [&](const expression_ptr& part) -> expression_ptr {
      if (part->kind != expression_kind::reference || part->path.size() != 1) return nullptr;
      for (const auto& item : select_.items) {
        if (item->kind == expression_kind::alias && item->names.size() == 1 && same_name(item->names[0], part->path[0])) {
          return item->arguments[0];
        }
      }
      return nullptr;
    });
  }

  static expression_ptr named(expression_ptr value, const expression_ptr& item) {
    if (item->kind == expression_kind::star) return item;
    return expressions::alias(std::move(value), result_name(*item));
  }

  void name_key(const expression_ptr& key) {
    auto name = generated_name(*key);
    const bool taken = std::any_of(key_columns_.begin(), key_columns_.end(),
                                   [&](const expression_ptr& k) { return same_name(generated_name(*k), name); });
    if (taken) name += "#" + std::to_string(key_columns_.size());
    keys_.emplace_back(key, expressions::reference({name}));
    const bool as_it_is = key->kind == expression_kind::reference && !taken;
    key_columns_.push_back(as_it_is ? key : expressions::alias(key, name));
  }

  // The expression over the aggregation's output.
  expression_ptr read_group(const expression_ptr& e) {
    return rewritten(e, [&](const expression_ptr& part) -> expression_ptr {
      for (const auto& [key, column] : keys_) {
        if (same_key(*key, *part)) return key->kind == expression_kind::reference ? column_of(key, column) : column;
      }
      if (!is_aggregate_call(*part)) return nullptr;
      for (const auto& known : aggregates_) {
        if (same_expression(*known->arguments[0], *part)) return expressions::reference({known->names[0]});
      }
      const auto name = "#" + std::to_string(aggregates_.size()) + " " + generated_name(*part);
      aggregates_.push_back(expressions::alias(part, name));
      return expressions::reference({name});
    });
  }

  // A key that is a plain column keeps what it may be qualified by.
  static expression_ptr column_of(const expression_ptr& key, const expression_ptr& column) {
    return same_name(key->path.back(), column->path.back()) && key->path.size() == 1 ? key : column;
  }

  // user and e.user are one column when only one of them can be meant.
  static bool same_key(const expression& key, const expression& part) {
    if (same_expression(key, part)) return true;
    if (key.kind != expression_kind::reference || part.kind != expression_kind::reference) return false;
    if (key.path.size() == part.path.size()) return false;
    return (key.path.size() == 1 || part.path.size() == 1) && same_name(key.path.back(), part.path.back());
  }

  void sort_and_limit() {
    if (!orders_.empty()) {
      auto sort = over(plan_kind::sort, plan_);
      sort.orders = std::move(orders_);
      plan_ = share(std::move(sort));
    }
    if (limit_) {
      auto limit = over(plan_kind::limit, plan_);
      limit.count = *limit_;
      plan_ = share(std::move(limit));
    }
  }

  const select_syntax& select_;
  std::vector<sort_order> orders_, output_orders_;
  std::optional<std::int64_t> limit_;
  parse_session& session_;
  text_range where_;

  logical_plan_ptr plan_;
  std::vector<expression_ptr> items_;
  std::vector<std::pair<expression_ptr, expression_ptr>> keys_;  // A key, and how it is read above.
  std::vector<expression_ptr> key_columns_, aggregates_;
};

}  // namespace

void table_scopes::add(const std::string& name, logical_plan_ptr plan) { scopes_.back()[to_lower(name)] = std::move(plan); }

logical_plan_ptr table_scopes::find(const std::string& name) const {
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
    const auto found = scope->find(to_lower(name));
    if (found != scope->end()) return found->second;
  }
  return nullptr;
}

logical_plan_ptr make_select(const select_syntax& select, std::vector<sort_order> orders, std::optional<std::int64_t> limit,
                             parse_session& session, text_range where) {
  return select_builder(select, std::move(orders), limit, session, where).build();
}

logical_plan_ptr make_ordered(logical_plan_ptr query, std::vector<sort_order> orders, std::optional<std::int64_t> limit) {
  if (!orders.empty()) {
    auto sort = over(plan_kind::sort, std::move(query));
    sort.orders = std::move(orders);
    query = share(std::move(sort));
  }
  if (limit) {
    auto cut = over(plan_kind::limit, std::move(query));
    cut.count = *limit;
    query = share(std::move(cut));
  }
  return query;
}

logical_plan_ptr make_union(logical_plan_ptr left, logical_plan_ptr right, bool distinct) {
  logical_plan plan;
  plan.kind = plan_kind::unite;
  plan.children = {std::move(left), std::move(right)};
  auto united = share(std::move(plan));
  return distinct ? share(over(plan_kind::deduplicate, united)) : united;
}

logical_plan_ptr make_values(const std::vector<expression_ptr>& rows, parse_session& session, text_range where) {
  logical_plan plan;
  plan.kind = plan_kind::unite;
  std::size_t width = 0;
  for (const auto& row : rows) {
    const bool many = row->kind == expression_kind::call && row->name == "struct";
    const auto values = many ? row->arguments : std::vector<expression_ptr>{row};
    if (width != 0 && values.size() != width) session.refuse(where, "the rows of VALUES have different numbers of columns");
    width = values.size();
    std::vector<expression_ptr> columns;
    for (const auto& value : values) {
      columns.push_back(expressions::alias(unaliased(value), "col" + std::to_string(columns.size() + 1)));
    }
    plan.children.push_back(projected(one_row(), std::move(columns)));
  }
  return plan.children.size() == 1 ? plan.children[0] : share(std::move(plan));
}

logical_plan_ptr make_join(logical_plan_ptr left, logical_plan_ptr right, join_type how, join_condition condition) {
  logical_plan plan;
  plan.kind = plan_kind::join;
  plan.children = {std::move(left), std::move(right)};
  plan.how = how;
  plan.names = std::move(condition.columns);
  if (condition.on != nullptr) {
    plan.expressions = {std::move(condition.on)};
    if (plan.how == join_type::cross) plan.how = join_type::inner;
  } else if (plan.names.empty() && plan.how == join_type::inner) {
    plan.how = join_type::cross;
  }
  return share(std::move(plan));
}

logical_plan_ptr make_relation(const std::vector<std::string>& name, const relation_alias_syntax& alias,
                               const table_scopes& tables, parse_session& session, text_range where) {
  std::string full;
  for (const auto& part : name) full += (full.empty() ? "" : ".") + part;
  auto relation = name.size() == 1 ? tables.find(full) : nullptr;
  if (relation == nullptr) {
    logical_plan plan;
    plan.kind = plan_kind::relation;
    plan.name = full;
    relation = share(std::move(plan));
  }
  auto known_as = alias;
  if (known_as.name.empty()) known_as.name = name.back();
  return make_aliased(std::move(relation), known_as, session, where);
}

logical_plan_ptr make_aliased(logical_plan_ptr query, const relation_alias_syntax& alias, parse_session& session,
                              text_range where) {
  if (!alias.columns.empty()) query = make_renamed(query, alias.columns, session, where);
  if (alias.name.empty()) return query;
  auto plan = over(plan_kind::alias, std::move(query));
  plan.name = alias.name;
  return share(std::move(plan));
}

logical_plan_ptr make_renamed(const logical_plan_ptr& query, const std::vector<std::string>& names, parse_session& session,
                              text_range where) {
  auto renamed = *query;
  if (query->kind == plan_kind::project) {
    const bool has_star = std::any_of(query->expressions.begin(), query->expressions.end(),
                                      [](const expression_ptr& e) { return e->kind == expression_kind::star; });
    if (!has_star) {
      if (names.size() != query->expressions.size()) {
        session.refuse(where,
                       std::to_string(names.size()) + " names for " + std::to_string(query->expressions.size()) + " columns");
      }
      for (std::size_t i = 0; i < names.size(); ++i) {
        renamed.expressions[i] = expressions::alias(unaliased(query->expressions[i]), names[i]);
      }
      return share(std::move(renamed));
    }
  }
  const bool keeps_names = query->kind == plan_kind::unite || query->kind == plan_kind::limit ||
                           query->kind == plan_kind::alias || query->kind == plan_kind::deduplicate;
  if (!keeps_names)
    session.unsupported(where, "a list of new column names here", "name the columns in the SELECT: expr AS name");
  renamed.children[0] = make_renamed(query->children[0], names, session, where);
  return share(std::move(renamed));
}

logical_plan_ptr make_lateral_view(logical_plan_ptr input, bool outer, const expression_ptr& generator,
                                   const relation_alias_syntax& alias, parse_session& session, text_range where) {
  if (!is_generator_call(*generator)) session.refuse(where, "LATERAL VIEW needs a generator such as explode(...)");
  auto call = std::make_shared<expression>(*generator);
  if (outer && !to_lower(call->name).ends_with("_outer")) call->name += "_outer";
  expression_ptr column = call;
  if (!alias.columns.empty()) {
    auto named = std::make_shared<expression>();
    named->kind = expression_kind::alias;
    named->arguments = {column};
    named->names = alias.columns;
    column = named;
  }
  return projected(std::move(input), {expressions::star(), column});
}

}  // namespace flow::sql
