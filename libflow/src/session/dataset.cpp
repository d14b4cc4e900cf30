#include "flow/dataset.hpp"

#include <cctype>

#include <arrow/type.h>

#include "flow/checkpoint.hpp"
#include "flow/error.hpp"
#include "flow/functions.hpp"
#include "session/session_state.hpp"

namespace flow {

dataset::dataset(std::shared_ptr<session_state> session, logical_plan_ptr plan)
    : session_(std::move(session)), plan_(std::move(plan)) {}

dataset dataset::derive(logical_plan next) const {
  if (next.children.empty()) next.children = {plan_};
  auto plan = std::make_shared<const logical_plan>(std::move(next));
  analyze_output(*plan, session_->lookup());
  return dataset(session_, std::move(plan));
}

namespace {

logical_plan node(plan_kind kind) {
  logical_plan next;
  next.kind = kind;
  return next;
}

join_type parse_join_type(std::string text) {
  std::string plain;
  for (const char c : text) {
    if (c != '_' && c != ' ') plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  static const std::map<std::string, join_type> names = {
      {"inner", join_type::inner},          {"cross", join_type::cross},          {"left", join_type::left_outer},
      {"leftouter", join_type::left_outer}, {"right", join_type::right_outer},    {"rightouter", join_type::right_outer},
      {"full", join_type::full_outer},      {"fullouter", join_type::full_outer}, {"outer", join_type::full_outer},
      {"leftsemi", join_type::left_semi},   {"semi", join_type::left_semi},       {"leftanti", join_type::left_anti},
      {"anti", join_type::left_anti}};
  const auto found = names.find(plain);
  if (found != names.end()) return found->second;
  throw error(errc::invalid_argument,
              "unknown join type \"" + text +
                  "\"; it is one of inner, cross, left_outer, right_outer, full_outer, left_semi, left_anti");
}

}  // namespace

dataset dataset::select_list(std::vector<expression_ptr> columns) const {
  auto next = node(plan_kind::project);
  next.expressions = std::move(columns);
  return derive(std::move(next));
}

dataset dataset::where(const column& condition) const {
  auto next = node(plan_kind::filter);
  next.expressions = {condition.expr()};
  return derive(std::move(next));
}

dataset dataset::where(std::string_view sql) const { return where(column(parse_expression(sql))); }

dataset dataset::with_column(std::string name, const column& value) const {
  auto next = node(plan_kind::with_columns);
  next.expressions = {expressions::alias(value.expr(), std::move(name))};
  return derive(std::move(next));
}

dataset dataset::with_column_renamed(std::string from, std::string to) const {
  auto next = node(plan_kind::rename);
  next.names = {std::move(from), std::move(to)};
  return derive(std::move(next));
}

dataset dataset::drop(std::vector<std::string> names) const {
  auto next = node(plan_kind::drop);
  next.names = std::move(names);
  return derive(std::move(next));
}

dataset dataset::as(std::string alias) const {
  auto next = node(plan_kind::alias);
  next.name = std::move(alias);
  return derive(std::move(next));
}

grouped_dataset dataset::group_by_list(std::vector<expression_ptr> keys) const {
  return grouped_dataset(*this, std::move(keys));
}

dataset dataset::with_watermark(std::string time_column, std::string delay) const {
  auto next = node(plan_kind::with_watermark);
  next.name = std::move(time_column);
  next.delay = std::move(delay);
  return derive(std::move(next));
}

dataset dataset::unite(const dataset& other) const {
  auto next = node(plan_kind::unite);
  next.children = {plan_, other.plan_};
  return derive(std::move(next));
}

dataset dataset::distinct() const { return drop_duplicates(); }

dataset dataset::drop_duplicates(std::vector<std::string> columns) const {
  auto next = node(plan_kind::deduplicate);
  next.names = std::move(columns);
  return derive(std::move(next));
}

dataset dataset::drop_duplicates_within_watermark(std::vector<std::string> columns) const {
  auto next = node(plan_kind::deduplicate);
  next.names = std::move(columns);
  next.within_watermark = true;
  return derive(std::move(next));
}

dataset dataset::join(const dataset& right, const column& condition, std::string how) const {
  auto next = node(plan_kind::join);
  next.children = {plan_, right.plan_};
  next.how = parse_join_type(std::move(how));
  next.expressions = {condition.expr()};
  return derive(std::move(next));
}

dataset dataset::join(const dataset& right, std::vector<std::string> using_columns, std::string how) const {
  auto next = node(plan_kind::join);
  next.children = {plan_, right.plan_};
  next.how = parse_join_type(std::move(how));
  next.names = std::move(using_columns);
  return derive(std::move(next));
}

dataset dataset::sort_list(std::vector<sort_order> orders) const {
  auto next = node(plan_kind::sort);
  next.orders = std::move(orders);
  return derive(std::move(next));
}

dataset dataset::limit(std::int64_t rows) const {
  auto next = node(plan_kind::limit);
  next.count = rows;
  return derive(std::move(next));
}

namespace {

bool is_stateful(plan_kind kind) {
  return kind == plan_kind::aggregate || kind == plan_kind::deduplicate || kind == plan_kind::join || kind == plan_kind::limit;
}

logical_plan_ptr with_uid(const logical_plan_ptr& plan, const std::string& name) {
  auto copy = std::make_shared<logical_plan>(*plan);
  if (is_stateful(plan->kind)) {
    copy->uid = name;
    return copy;
  }
  if (plan->children.size() != 1) {
    throw error(
        errc::invalid_argument,
        "uid(\"" + name + "\") names the state of the last group_by, drop_duplicates, join or limit, but there is none here");
  }
  copy->children = {with_uid(plan->children[0], name)};
  return copy;
}

}  // namespace

dataset dataset::uid(std::string name) const {
  if (name.empty()) throw error(errc::invalid_argument, "uid() needs a name");
  if (name.starts_with(source_log_prefix)) {
    throw error(errc::invalid_argument, "uid(\"" + name + "\"): names that begin with \"" + std::string(source_log_prefix) +
                                            "\" are the sources'; choose another");
  }
  return dataset(session_, with_uid(plan_, name));
}

void dataset::create_or_replace_temp_view(std::string name) const { session_->put_relation(name, plan_); }

bool dataset::is_streaming() const { return flow::is_streaming(*plan_, session_->lookup()); }

schema_ptr dataset::schema() const {
  arrow::FieldVector fields;
  for (const auto& column : analyze_output(*plan_, session_->lookup()))
    fields.push_back(arrow::field(column.name, column.type));
  return arrow::schema(std::move(fields));
}

std::vector<std::string> dataset::columns() const {
  std::vector<std::string> names;
  for (const auto& column : analyze_output(*plan_, session_->lookup())) names.push_back(column.name);
  return names;
}

stream_writer dataset::write_stream() const { return stream_writer(*this); }

sort_order dataset::to_order(const column& c) { return to_sort_order(c.expr()); }

dataset grouped_dataset::agg_list(std::vector<expression_ptr> aggregates, expression_ptr having) const {
  auto next = node(plan_kind::aggregate);
  next.keys = keys_;
  next.expressions = std::move(aggregates);
  next.having = std::move(having);
  return input_.derive(std::move(next));
}

dataset grouped_dataset::count() const {
  return agg_list({expressions::alias(expressions::call("count", {expressions::literal(std::int32_t{1})}), "count")});
}
dataset grouped_dataset::sum(std::string column) const { return agg(flow::sum(column)); }
dataset grouped_dataset::avg(std::string column) const { return agg(flow::avg(column)); }
dataset grouped_dataset::min(std::string column) const { return agg(flow::min(column)); }
dataset grouped_dataset::max(std::string column) const { return agg(flow::max(column)); }

}  // namespace flow
