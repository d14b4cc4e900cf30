#pragma once

#include <string>
#include <utility>
#include <vector>

#include "flow/expression.hpp"
#include "flow/logical_plan.hpp"
#include "sql/text_range.hpp"

/// What the grammar's actions build: each function says in AST terms what one form of the language means.
namespace flow::sql {

class parse_session;

/// A column of a schema or a member of a struct.
struct schema_field {
  std::string name;
  data_type type;
};

/// IGNORE NULLS, RESPECT NULLS, or neither.
enum class null_treatment { unsaid, ignored, respected };

/// A function call before its name has been looked at.
struct call_syntax {
  std::string name;
  std::vector<expression_ptr> arguments;
  bool distinct = false;
  std::vector<sort_order> within_group{};
  expression_ptr filter{};
  null_treatment nulls = null_treatment::unsaid;
};

expression_ptr make_call(std::string name, std::vector<expression_ptr> arguments);
/// `a << b`: the call of a function that was written as an operator, and is named so.
expression_ptr make_operator_call(std::string function, const std::string& symbol, const expression_ptr& a,
                                  const expression_ptr& b);
/// `operand`, or NOT `operand`.
expression_ptr make_unless(bool negated, expression_ptr operand);
/// IS [NOT] TRUE, IS [NOT] FALSE.
expression_ptr make_truth_test(expression_ptr operand, bool truth, bool negated);
expression_ptr make_between(const expression_ptr& value, const expression_ptr& low, const expression_ptr& high, bool negated);
expression_ptr make_in(expression_ptr value, const std::vector<expression_ptr>& candidates, bool negated);
/// LIKE with an escape character; `escape` must be one character.
expression_ptr make_like(expression_ptr value, expression_ptr pattern, const std::string& escape, parse_session& session,
                         text_range where);
/// [NOT] LIKE ALL or ANY, or the same of ILIKE.
struct like_each {
  std::string like;
  bool all = false;
  bool negated = false;
};
expression_ptr make_like_each(const like_each& form, const expression_ptr& value, const std::vector<expression_ptr>& patterns);
/// Unary minus: part of a number, or the call "negative".
expression_ptr make_negative(const expression_ptr& operand);
/// `base.member`: one path for references, else a member of the value.
expression_ptr make_member(const expression_ptr& base, const std::string& member);
/// `t.*`.
expression_ptr make_star(const expression_ptr& qualifier, parse_session& session, text_range where);
/// Both forms of CASE; `operand` and `otherwise` may be null.
expression_ptr make_case(const expression_ptr& operand, const std::vector<expression_ptr>& branches,
                         const expression_ptr& otherwise);
expression_ptr make_alias(expression_ptr operand, std::vector<std::string> names);
expression_ptr make_lambda(std::vector<std::string> parameters, expression_ptr body);
/// The names in `(x, y) ->`.
std::vector<std::string> read_parameters(const std::vector<expression_ptr>& names, parse_session& session, text_range where);

/// A call in its usual form: units of time become strings, count(*) counts 1, first(x, true) ignores nulls.
expression_ptr finish_call(call_syntax call, parse_session& session, text_range where);
/// first(x IGNORE NULLS) and its like.
expression_ptr make_choice(const std::string& function, const expression_ptr& value, parse_session& session, text_range where);
/// position(a IN b).
expression_ptr make_position(const std::string& function, const expression_ptr& part, const expression_ptr& text);
/// extract(FIELD FROM x), substring(x FROM a FOR b), trim(a FROM x).
expression_ptr make_from_call(const std::string& name, std::vector<expression_ptr> operands, parse_session& session,
                              text_range where);
/// trim(BOTH a FROM x) and its like; `function` trims at that side, and `operands` are its arguments: [characters,] text.
expression_ptr make_trim(const std::string& written, const std::string& function, std::vector<expression_ptr> operands,
                         parse_session& session, text_range where);

/// A type by name and parameters: DECIMAL(10, 2).
data_type read_type(const std::string& word, const std::vector<std::string>& parameters, parse_session& session,
                    text_range where);
data_type make_structure(const std::vector<schema_field>& members);
schema_ptr make_schema(const std::vector<schema_field>& columns);

}  // namespace flow::sql
