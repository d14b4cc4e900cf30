#include "flow/column.hpp"

#include "flow/error.hpp"
#include "flow/logical_plan.hpp"
#include "flow/types.hpp"

namespace flow {

namespace {

column call(const char* name, std::vector<expression_ptr> arguments) {
  return column(expressions::call(name, std::move(arguments)));
}

expression_ptr text(const std::string& value) { return expressions::literal(std::string_view(value)); }

// The CASE that when() began and may still be continued.
const expression& open_case(const expression& e) {
  if (e.kind != expression_kind::call || e.name != "case" || e.arguments.size() % 2 != 0) {
    throw error(errc::invalid_argument,
                "when() and otherwise() continue flow::when(condition, value) and come before otherwise()");
  }
  return e;
}

// "a.b" and "a.`b.c`": the parts between the dots.
std::vector<std::string> split_path(std::string_view name) {
  std::vector<std::string> path(1);
  bool quoted = false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (c == '`' && quoted && i + 1 < name.size() && name[i + 1] == '`') {
      path.back() += name[i++];
    } else if (c == '`') {
      quoted = !quoted;
    } else if (c == '.' && !quoted) {
      path.emplace_back();
    } else {
      path.back() += c;
    }
  }
  for (const auto& part : path) {
    if (!quoted && !part.empty()) continue;
    throw error(errc::syntax_error, "'" + std::string(name) +
                                        "' is no column name: expected parts between dots, in backticks if " +
                                        "they hold dots themselves, such as col(\"w.start\") or col(\"`a.b`\")");
  }
  return path;
}

}  // namespace

column column::as(std::string name) const { return column(expressions::alias(expression_, std::move(name))); }

column column::cast(const data_type& type) const { return column(expressions::cast(expression_, type)); }
column column::cast(std::string_view ddl_type) const { return cast(parse_type(ddl_type)); }

column column::is_null() const { return call("isnull", {expression_}); }
column column::is_not_null() const { return call("isnotnull", {expression_}); }
column column::eq_null_safe(const column& other) const { return call("<=>", {expression_, other.expression_}); }

column column::between(const column& low, const column& high) const { return *this >= low && *this <= high; }

column column::like(std::string pattern) const { return call("like", {expression_, text(pattern)}); }
column column::rlike(std::string pattern) const { return call("rlike", {expression_, text(pattern)}); }
column column::contains(std::string part) const { return call("contains", {expression_, text(part)}); }
column column::starts_with(std::string prefix) const { return call("startswith", {expression_, text(prefix)}); }
column column::ends_with(std::string suffix) const { return call("endswith", {expression_, text(suffix)}); }

column column::substr(int position, int length) const {
  return call("substring", {expression_, expressions::literal(position), expressions::literal(length)});
}

column column::get_field(std::string name) const {
  if (expression_->kind == expression_kind::reference) {
    auto path = expression_->path;
    path.push_back(std::move(name));
    return column(expressions::reference(std::move(path)));
  }
  auto member = std::make_shared<expression>(*expressions::call("[]", {expression_, text(name)}));
  member->text = generated_name(*expression_) + "." + name;
  return column(std::move(member));
}

column column::get_item(const column& index_or_key) const { return call("[]", {expression_, index_or_key.expression_}); }

column column::isin_list(std::vector<expression_ptr> values) const {
  values.insert(values.begin(), expression_);
  return column(expressions::call("in", std::move(values)));
}

column column::when(const column& condition, const column& value) const {
  auto branches = open_case(*expression_).arguments;
  branches.push_back(condition.expression_);
  branches.push_back(value.expression_);
  return column(expressions::call("case", std::move(branches)));
}

column column::otherwise(const column& value) const {
  auto branches = open_case(*expression_).arguments;
  branches.push_back(value.expression_);
  return column(expressions::call("case", std::move(branches)));
}

column column::asc() const { return column(from_sort_order({expression_, false, true})); }
column column::desc() const { return column(from_sort_order({expression_, true, false})); }
column column::asc_nulls_last() const { return column(from_sort_order({expression_, false, false})); }
column column::desc_nulls_first() const { return column(from_sort_order({expression_, true, true})); }

column col(std::string_view name) {
  if (name == "*") return column(expressions::star());
  if (!name.ends_with(".*")) return column(expressions::reference(split_path(name)));
  return column(expressions::star(split_path(name.substr(0, name.size() - 2))));
}

column lit(bool value) { return column(expressions::literal(value)); }
column lit(int value) { return column(expressions::literal(static_cast<std::int32_t>(value))); }
column lit(long value) { return column(expressions::literal(static_cast<std::int64_t>(value))); }
column lit(long long value) { return column(expressions::literal(static_cast<std::int64_t>(value))); }
column lit(double value) { return column(expressions::literal(value)); }
column lit(const char* value) { return column(expressions::literal(std::string_view(value))); }
column lit(const std::string& value) { return column(expressions::literal(std::string_view(value))); }

column lit_timestamp(std::int64_t microseconds) {
  return column(expressions::literal(std::make_shared<arrow::TimestampScalar>(microseconds, types::timestamp())));
}

column null_literal() { return column(expressions::null()); }

column expr(std::string_view sql) { return column(parse_expression(sql)); }

namespace detail {

column binary(const char* op, const column& a, const column& b) { return call(op, {a.expr(), b.expr()}); }

}  // namespace detail

column operator!(const column& a) { return call("not", {a.expr()}); }
column operator-(const column& a) { return call("negative", {a.expr()}); }

}  // namespace flow
