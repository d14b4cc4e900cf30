#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flow/types.hpp"

namespace arrow {
struct Scalar;
}

namespace flow {

struct expression;
using expression_ptr = std::shared_ptr<const expression>;

enum class expression_kind {
  literal,    ///< A constant: `value`.
  reference,  ///< A column or a member path below it: `path` ("w.start" is {"w", "start"}).
  star,       ///< `*` or `t.*`: `path` is the qualifier, maybe empty.
  call,       ///< A function or operator: `name` and `arguments`. See below for operators' names.
  cast,       ///< CAST(arguments[0] AS type); `name` is "cast" or "try_cast".
  alias,      ///< arguments[0] AS names[0]; a generator may have several `names`.
  lambda,     ///< names -> arguments[0], for higher-order functions.
};

/// An expression as the user wrote it: names not yet looked up, types not yet known. Immutable and shared.
///
/// Operators are calls named by their symbol or keyword in lower case: "+", "-", "*", "/", "%", "div", "||", "&", "|",
/// "^", "negative", "~", "=", "<=>", "!=", "<", "<=", ">", ">=", "and", "or", "not", "isnull", "isnotnull",
/// "in" (value, candidates...), "like", "ilike", "rlike", "case" (when1, then1, ..., [else]), "[]" (base, index or key).
/// BETWEEN becomes "and" of two comparisons; `x NOT IN` becomes "not"("in"). count(*) is "count" of the literal 1.
struct expression {
  expression_kind kind = expression_kind::literal;
  std::string name;
  std::vector<std::string> path;
  std::vector<std::string> names;
  std::vector<expression_ptr> arguments;
  std::shared_ptr<arrow::Scalar> value;
  data_type type;
  bool distinct = false;       ///< count(DISTINCT x).
  bool ignore_nulls = false;   ///< first(x) IGNORE NULLS, or first(x, true).
  bool respect_nulls = false;  ///< collect_list(x) RESPECT NULLS.
  expression_ptr filter;       ///< sum(x) FILTER (WHERE p).
  /// listagg(x) WITHIN GROUP (ORDER BY y DESC): sort items, as calls "asc", "desc", "asc_nulls_last", "desc_nulls_first" of the
  /// key.
  std::vector<expression_ptr> within_group;
  std::string text;  ///< Where a special syntax was used: how Spark names it in a generated column name; else "".
};

namespace expressions {
expression_ptr literal(std::shared_ptr<arrow::Scalar> value);
expression_ptr literal(bool value);
expression_ptr literal(std::int32_t value);
expression_ptr literal(std::int64_t value);
expression_ptr literal(double value);
expression_ptr literal(std::string_view value);
expression_ptr null();
expression_ptr reference(std::vector<std::string> path);
expression_ptr star(std::vector<std::string> qualifier = {});
expression_ptr call(std::string name, std::vector<expression_ptr> arguments);
expression_ptr cast(expression_ptr operand, data_type type, bool try_cast = false);
expression_ptr alias(expression_ptr operand, std::string name);
}  // namespace expressions

/// Reads one SQL expression: "v * 2 AS w", "count(DISTINCT user)", "CASE WHEN a THEN 1 END".
/// @throws error{syntax_error} with line, column, the excerpt, and what was expected.
expression_ptr parse_expression(std::string_view text);

/// The name Spark gives to the column of this expression: "sum(v)", "(v * 2)", "count(1)", or the alias.
std::string generated_name(const expression& e);
/// SQL text that parses back to the same expression; used in plans and messages.
std::string to_sql(const expression& e);

/// Structural equality (names without regard to case).
bool same_expression(const expression& a, const expression& b);

}  // namespace flow
