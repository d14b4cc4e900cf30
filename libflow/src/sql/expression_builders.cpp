
#include "flow/expression.hpp"
#include "flow/logical_plan.hpp"
#include "types/ascii.hpp"

namespace flow {

namespace expressions {

namespace {

std::shared_ptr<expression> node(expression_kind kind) {
  auto e = std::make_shared<expression>();
  e->kind = kind;
  return e;
}

}  // namespace

expression_ptr literal(std::shared_ptr<arrow::Scalar> value) {
  auto e = node(expression_kind::literal);
  e->value = std::move(value);
  return e;
}

expression_ptr literal(bool value) { return literal(std::make_shared<arrow::BooleanScalar>(value)); }
expression_ptr literal(std::int32_t value) { return literal(std::make_shared<arrow::Int32Scalar>(value)); }
expression_ptr literal(std::int64_t value) { return literal(std::make_shared<arrow::Int64Scalar>(value)); }
expression_ptr literal(double value) { return literal(std::make_shared<arrow::DoubleScalar>(value)); }
expression_ptr literal(std::string_view value) { return literal(std::make_shared<arrow::StringScalar>(std::string(value))); }
expression_ptr null() { return literal(std::make_shared<arrow::NullScalar>()); }

expression_ptr reference(std::vector<std::string> path) {
  auto e = node(expression_kind::reference);
  e->path = std::move(path);
  return e;
}

expression_ptr star(std::vector<std::string> qualifier) {
  auto e = node(expression_kind::star);
  e->path = std::move(qualifier);
  return e;
}

expression_ptr call(std::string name, std::vector<expression_ptr> arguments) {
  auto e = node(expression_kind::call);
  e->name = std::move(name);
  e->arguments = std::move(arguments);
  return e;
}

expression_ptr cast(expression_ptr operand, data_type type, bool try_cast) {
  auto e = node(expression_kind::cast);
  e->name = try_cast ? "try_cast" : "cast";
  e->arguments = {std::move(operand)};
  e->type = std::move(type);
  return e;
}

expression_ptr alias(expression_ptr operand, std::string name) {
  auto e = node(expression_kind::alias);
  e->arguments = {std::move(operand)};
  e->names = {std::move(name)};
  return e;
}

}  // namespace expressions

namespace {

bool same_names(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same_name);
}

bool same_or_null(const expression_ptr& a, const expression_ptr& b) {
  return a == b || (a != nullptr && b != nullptr && same_expression(*a, *b));
}

bool same_list(const std::vector<expression_ptr>& a, const std::vector<expression_ptr>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same_or_null);
}

bool same_value(const std::shared_ptr<arrow::Scalar>& a, const std::shared_ptr<arrow::Scalar>& b) {
  if (a == nullptr || b == nullptr) return a == b;
  return a->Equals(*b, arrow::EqualOptions::Defaults().nans_equal(true).signed_zeros_equal(false));
}

}  // namespace

bool same_expression(const expression& a, const expression& b) {
  if (&a == &b) return true;
  const bool same_type = a.type == b.type || (a.type != nullptr && b.type != nullptr && a.type->Equals(*b.type));
  return a.kind == b.kind && same_type && same_name(a.name, b.name) && same_names(a.path, b.path) &&
         same_names(a.names, b.names) && a.distinct == b.distinct && a.ignore_nulls == b.ignore_nulls &&
         a.respect_nulls == b.respect_nulls && same_value(a.value, b.value) && same_or_null(a.filter, b.filter) &&
         same_list(a.within_group, b.within_group) && same_list(a.arguments, b.arguments);
}

sort_order to_sort_order(const expression_ptr& e) {
  if (e->kind == expression_kind::call && e->arguments.size() == 1) {
    if (e->name == "asc") return {e->arguments[0], false, true};
    if (e->name == "asc_nulls_last") return {e->arguments[0], false, false};
    if (e->name == "desc") return {e->arguments[0], true, false};
    if (e->name == "desc_nulls_first") return {e->arguments[0], true, true};
  }
  return {e, false, true};
}

expression_ptr from_sort_order(const sort_order& order) {
  const char* name =
      order.descending ? (order.nulls_first ? "desc_nulls_first" : "desc") : (order.nulls_first ? "asc" : "asc_nulls_last");
  return expressions::call(name, {order.key});
}

}  // namespace flow
