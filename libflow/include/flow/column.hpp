#pragma once

#include <concepts>
#include <string>
#include <type_traits>
#include <utility>

#include "flow/expression.hpp"

namespace flow {

/// A user's handle on an expression, as Spark's Column. Composes with operators; `&&`, `||`, `!` are SQL's three-valued
/// AND, OR, NOT. Immutable.
class column {
 public:
  explicit column(expression_ptr e) : expression_(std::move(e)) {}

  const expression_ptr& expr() const noexcept { return expression_; }

  /// Names the result.
  column as(std::string name) const;
  column alias(std::string name) const { return as(std::move(name)); }
  /// Converts to a type given as object or DDL text. A value that cannot be converted becomes null.
  column cast(const data_type& type) const;
  column cast(std::string_view ddl_type) const;

  column is_null() const;
  column is_not_null() const;
  /// Equal, with null equal to null (SQL `<=>`).
  column eq_null_safe(const column& other) const;
  /// Between both bounds, inclusive.
  column between(const column& low, const column& high) const;
  column like(std::string pattern) const;
  column rlike(std::string pattern) const;
  column contains(std::string part) const;
  column starts_with(std::string prefix) const;
  column ends_with(std::string suffix) const;
  /// Characters from `position` (1-based), `length` of them.
  column substr(int position, int length) const;
  /// A struct's member by name.
  column get_field(std::string name) const;
  /// An array's element (0-based) or a map's value.
  column get_item(const column& index_or_key) const;
  template <class... Values>
  column isin(Values&&... values) const;

  /// Continues flow::when(...): the next condition, and the value where none held.
  column when(const column& condition, const column& value) const;
  column otherwise(const column& value) const;

  /// Sort orders for order_by.
  column asc() const;
  column desc() const;
  column asc_nulls_last() const;
  column desc_nulls_first() const;

 private:
  column isin_list(std::vector<expression_ptr> values) const;

  expression_ptr expression_;
};

/// The column named so; dots reach into structs: `col("w.start")`.
column col(std::string_view name);
/// A constant.
column lit(bool value);
column lit(int value);
column lit(long value);
column lit(long long value);
column lit(double value);
column lit(const char* value);
column lit(const std::string& value);
/// A constant of timestamp type.
column lit_timestamp(std::int64_t microseconds);
column null_literal();
/// An expression from SQL text.
column expr(std::string_view sql);

namespace detail {
inline const column& as_column(const column& c) { return c; }
template <class T>
  requires(!std::same_as<std::remove_cvref_t<T>, column>)
column as_column(T&& value) {
  return lit(std::forward<T>(value));
}
column binary(const char* op, const column& a, const column& b);

template <class T>
concept column_like = std::same_as<std::remove_cvref_t<T>, column>;
template <class A, class B>
concept operands = column_like<A> || column_like<B>;
}  // namespace detail

template <class... Values>
column column::isin(Values&&... values) const {
  return isin_list({detail::as_column(std::forward<Values>(values)).expr()...});
}

#define FLOW_BINARY_OPERATOR(symbol, name)                                   \
  template <class A, class B>                                                \
    requires detail::operands<A, B>                                          \
  column operator symbol(const A& a, const B& b) {                           \
    return detail::binary(name, detail::as_column(a), detail::as_column(b)); \
  }
FLOW_BINARY_OPERATOR(+, "+")
FLOW_BINARY_OPERATOR(-, "-")
FLOW_BINARY_OPERATOR(*, "*")
FLOW_BINARY_OPERATOR(/, "/")
FLOW_BINARY_OPERATOR(%, "%")
FLOW_BINARY_OPERATOR(==, "=")
FLOW_BINARY_OPERATOR(!=, "!=")
FLOW_BINARY_OPERATOR(<, "<")
FLOW_BINARY_OPERATOR(<=, "<=")
FLOW_BINARY_OPERATOR(>, ">")
FLOW_BINARY_OPERATOR(>=, ">=")
FLOW_BINARY_OPERATOR(&&, "and")
FLOW_BINARY_OPERATOR(||, "or")
#undef FLOW_BINARY_OPERATOR

column operator!(const column& a);
column operator-(const column& a);

}  // namespace flow
