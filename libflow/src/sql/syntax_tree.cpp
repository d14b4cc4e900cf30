#include "sql/syntax_tree.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "flow/error.hpp"
#include "sql/literal_syntax.hpp"
#include "sql/parse_session.hpp"
#include "types/ascii.hpp"

namespace flow::sql {

namespace {

bool is_name(const expression_ptr& e) { return e->kind == expression_kind::reference && e->path.size() == 1; }

constexpr std::array units{"YEAR", "QUARTER", "MONTH",  "WEEK",        "DAY",        "DAYOFYEAR",
                           "HOUR", "MINUTE",  "SECOND", "MILLISECOND", "MICROSECOND"};

// timestampadd(MINUTE, n, t): the unit is a word, not a column.
bool takes_unit(const std::string& function) {
  constexpr std::array names{"timestampadd", "timestampdiff", "dateadd", "date_add", "datediff", "date_diff", "timediff"};
  return std::find(names.begin(), names.end(), function) != names.end();
}

expression_ptr with(expression_ptr e, const auto& change) {
  auto changed = std::make_shared<expression>(*e);
  change(*changed);
  return changed;
}

// The same number with the other sign, in the type that the number has when it is read with its sign.
std::shared_ptr<arrow::Scalar> negated(const arrow::Scalar& value) {
  switch (value.type->id()) {
    case arrow::Type::INT8: {
      const auto n = static_cast<const arrow::Int8Scalar&>(value).value;
      return std::make_shared<arrow::Int8Scalar>(static_cast<std::int8_t>(-n));
    }
    case arrow::Type::INT16: {
      const auto n = static_cast<const arrow::Int16Scalar&>(value).value;
      return std::make_shared<arrow::Int16Scalar>(static_cast<std::int16_t>(-n));
    }
    case arrow::Type::INT32:
      return std::make_shared<arrow::Int32Scalar>(-static_cast<const arrow::Int32Scalar&>(value).value);
    case arrow::Type::INT64:
      return std::make_shared<arrow::Int64Scalar>(-static_cast<const arrow::Int64Scalar&>(value).value);
    case arrow::Type::FLOAT:
      return std::make_shared<arrow::FloatScalar>(-static_cast<const arrow::FloatScalar&>(value).value);
    case arrow::Type::DOUBLE:
      return std::make_shared<arrow::DoubleScalar>(-static_cast<const arrow::DoubleScalar&>(value).value);
    case arrow::Type::DECIMAL128: {
      auto n = static_cast<const arrow::Decimal128Scalar&>(value).value;
      return std::make_shared<arrow::Decimal128Scalar>(n.Negate(), value.type);
    }
    default:
      return nullptr;
  }
}

expression_ptr negative_literal(const expression& literal) {
  constexpr std::int64_t least_int = std::int64_t{1} << 31;
  if (literal.value->type->id() == arrow::Type::INT64 && literal.text.empty() &&
      static_cast<const arrow::Int64Scalar&>(*literal.value).value == least_int) {
    return expressions::literal(std::numeric_limits<std::int32_t>::min());
  }
  if (literal.value->type->id() == arrow::Type::DECIMAL128 && literal.text.empty() &&
      static_cast<const arrow::Decimal128Scalar&>(*literal.value).value == arrow::Decimal128("9223372036854775808")) {
    return expressions::literal(std::numeric_limits<std::int64_t>::min());
  }
  auto value = negated(*literal.value);
  if (value == nullptr) return nullptr;
  auto result = std::make_shared<expression>(literal);
  result->value = std::move(value);
  if (!result->text.empty()) result->text = "-" + result->text;
  return result;
}

bool literal_bool(const expression& e, bool& value) {
  if (e.kind != expression_kind::literal || e.value == nullptr || e.value->type->id() != arrow::Type::BOOL) return false;
  value = e.value->is_valid && static_cast<const arrow::BooleanScalar&>(*e.value).value;
  return true;
}

}  // namespace

expression_ptr make_call(std::string name, std::vector<expression_ptr> arguments) {
  return expressions::call(std::move(name), std::move(arguments));
}

expression_ptr make_operator_call(std::string function, const std::string& symbol, const expression_ptr& a,
                                  const expression_ptr& b) {
  return with(make_call(std::move(function), {a, b}),
              [&](expression& e) { e.text = "(" + generated_name(*a) + " " + symbol + " " + generated_name(*b) + ")"; });
}

expression_ptr make_unless(bool negated, expression_ptr operand) {
  return negated ? make_call("not", {std::move(operand)}) : operand;
}

expression_ptr make_truth_test(expression_ptr operand, bool truth, bool negated) {
  return make_unless(negated, make_call("<=>", {std::move(operand), expressions::literal(truth)}));
}

expression_ptr make_between(const expression_ptr& value, const expression_ptr& low, const expression_ptr& high, bool negated) {
  auto between = with(make_call("and", {make_call(">=", {value, low}), make_call("<=", {value, high})}), [&](expression& e) {
    e.text = "between(" + generated_name(*value) + ", " + generated_name(*low) + ", " + generated_name(*high) + ")";
  });
  return make_unless(negated, between);
}

expression_ptr make_in(expression_ptr value, const std::vector<expression_ptr>& candidates, bool negated) {
  std::vector<expression_ptr> arguments{std::move(value)};
  arguments.insert(arguments.end(), candidates.begin(), candidates.end());
  return make_unless(negated, make_call("in", std::move(arguments)));
}

expression_ptr make_like(expression_ptr value, expression_ptr pattern, const std::string& escape, parse_session& session,
                         text_range where) {
  const auto characters = std::count_if(escape.begin(), escape.end(), [](char c) { return (c & 0xC0) != 0x80; });
  if (characters != 1) session.refuse(where, "an escape is exactly one character, not '" + escape + "'");
  return make_call("like", {std::move(value), std::move(pattern), make_string(escape)});
}

expression_ptr make_like_each(const like_each& form, const expression_ptr& value, const std::vector<expression_ptr>& patterns) {
  expression_ptr joined;
  bool constant = true;
  for (const auto& pattern : patterns) {
    auto one = make_unless(form.negated, make_call(form.like, {value, pattern}));
    joined = joined == nullptr ? one : make_call(form.all ? "and" : "or", {joined, one});
    constant = constant && pattern->kind == expression_kind::literal && pattern->value->type->id() == arrow::Type::STRING;
  }
  if (!constant) return joined;
  const auto name = generated_name(*value);
  return with(joined, [&](expression& e) {
    e.text = std::string(form.negated ? "not" : "") + (form.all ? "likeall(" : "likeany(") +
             (form.like == "ilike" ? "lower(" + name + ")" : name) + ")";
  });
}

expression_ptr make_negative(const expression_ptr& operand) {
  if (operand->kind == expression_kind::literal && operand->value != nullptr && operand->value->is_valid) {
    if (auto literal = negative_literal(*operand)) return literal;
  }
  return make_call("negative", {operand});
}

expression_ptr make_member(const expression_ptr& base, const std::string& member) {
  if (base->kind == expression_kind::reference) {
    return with(base, [&](expression& e) { e.path.push_back(member); });
  }
  return with(make_call("[]", {base, make_string(member)}),
              [&](expression& e) { e.text = generated_name(*base) + "." + member; });
}

expression_ptr make_star(const expression_ptr& qualifier, parse_session& session, text_range where) {
  if (qualifier->kind != expression_kind::reference)
    session.refuse(where, "only a table or a struct column may stand before .*");
  return expressions::star(qualifier->path);
}

expression_ptr make_case(const expression_ptr& operand, const std::vector<expression_ptr>& branches,
                         const expression_ptr& otherwise) {
  auto arguments = branches;
  for (std::size_t i = 0; operand != nullptr && i < arguments.size(); i += 2)
    arguments[i] = make_call("=", {operand, branches[i]});
  if (otherwise != nullptr) arguments.push_back(otherwise);
  return make_call("case", std::move(arguments));
}

expression_ptr make_alias(expression_ptr operand, std::vector<std::string> names) {
  auto alias = std::make_shared<expression>();
  alias->kind = expression_kind::alias;
  alias->arguments = {std::move(operand)};
  alias->names = std::move(names);
  return alias;
}

expression_ptr make_lambda(std::vector<std::string> parameters, expression_ptr body) {
  auto lambda = std::make_shared<expression>();
  lambda->kind = expression_kind::lambda;
  lambda->names = std::move(parameters);
  lambda->arguments = {std::move(body)};
  return lambda;
}

std::vector<std::string> read_parameters(const std::vector<expression_ptr>& names, parse_session& session, text_range where) {
  std::vector<std::string> parameters;
  for (const auto& name : names) {
    if (!is_name(name)) session.refuse(where, "a lambda's parameters are plain names: (x, y) -> ...");
    parameters.push_back(name->path.front());
  }
  return parameters;
}

expression_ptr finish_call(call_syntax call, parse_session& session, text_range where) {
  const auto function = to_lower(call.name);
  auto& arguments = call.arguments;
  if (function == "count" && arguments.size() == 1 && arguments[0]->kind == expression_kind::star &&
      arguments[0]->path.empty() && !call.distinct) {
    arguments[0] = expressions::literal(std::int32_t{1});
  }
  if (arguments.size() == 3 && takes_unit(function) && is_name(arguments[0])) {
    const auto unit = to_upper(arguments[0]->path[0]);
    if (std::find(units.begin(), units.end(), unit) == units.end()) {
      session.refuse(where,
                     call.name + " expects a unit of time such as DAY or MINUTE first, not '" + arguments[0]->path[0] + "'");
    }
    arguments[0] = make_string(unit);
    if (function != "timestampadd" && function != "timestampdiff") {
      call.name = function.ends_with("diff") ? "timestampdiff" : "timestampadd";
    }
  }
  bool skip_nulls = false;
  const bool picks_one = function == "first" || function == "last" || function == "first_value" || function == "last_value" ||
                         function == "any_value";
  if (picks_one && arguments.size() == 2 && literal_bool(*arguments[1], skip_nulls)) {
    if (skip_nulls) call.nulls = null_treatment::ignored;
    arguments.pop_back();
  }
  auto e = std::make_shared<expression>();
  e->kind = expression_kind::call;
  e->name = call.name;
  e->arguments = std::move(arguments);
  e->distinct = call.distinct;
  e->ignore_nulls = call.nulls == null_treatment::ignored;
  e->respect_nulls = call.nulls == null_treatment::respected;
  e->filter = call.filter;
  for (const auto& order : call.within_group) e->within_group.push_back(from_sort_order(order));
  if (function == "negative") e->text = call.name + "(" + generated_name(*e->arguments.at(0)) + ")";
  return e;
}

expression_ptr make_choice(const std::string& function, const expression_ptr& value, parse_session& session, text_range where) {
  if (!same_name(function, "first") && !same_name(function, "last") && !same_name(function, "any_value")) {
    session.refuse(where,
                   "only first(), last() and any_value() take IGNORE NULLS between their parentheses; write it behind them");
  }
  return finish_call({function, {value}, false, {}, nullptr, null_treatment::ignored}, session, where);
}

expression_ptr make_position(const std::string& function, const expression_ptr& part, const expression_ptr& text) {
  return make_call(same_name(function, "position") ? "locate" : function, {part, text});
}

expression_ptr make_from_call(const std::string& name, std::vector<expression_ptr> operands, parse_session& session,
                              text_range where) {
  const auto function = to_lower(name);
  if (function == "extract") {
    if (!is_name(operands[0]) || operands.size() != 2) session.refuse(where, "expected extract(FIELD FROM value)");
    const auto& field = operands[0]->path[0];
    const auto text = "extract(" + field + " FROM " + generated_name(*operands[1]) + ")";
    return with(make_call(name, {make_string(field), operands[1]}), [&](expression& e) { e.text = text; });
  }
  if (function == "trim" && operands.size() == 2) return make_call("trim", std::move(operands));
  if (function == "substring" || function == "substr") return make_call("substring", std::move(operands));
  session.refuse(where, "FROM is no separator of arguments in " + name + "(); use a comma");
}

expression_ptr make_trim(const std::string& written, const std::string& function, std::vector<expression_ptr> operands,
                         parse_session& session, text_range where) {
  if (!same_name(written, "trim")) session.refuse(where, "only trim() says at which side: trim(LEADING '0' FROM s)");
  return make_call(function, std::move(operands));
}

data_type read_type(const std::string& word, const std::vector<std::string>& parameters, parse_session& session,
                    text_range where) {
  struct named_type {
    std::string_view name;
    const data_type& (*type)();
  };
  static constexpr std::array plain{
      named_type{"BOOLEAN", types::boolean},
      named_type{"TINYINT", types::tinyint},
      named_type{"BYTE", types::tinyint},
      named_type{"SMALLINT", types::smallint},
      named_type{"SHORT", types::smallint},
      named_type{"INT", types::integer},
      named_type{"INTEGER", types::integer},
      named_type{"BIGINT", types::bigint},
      named_type{"LONG", types::bigint},
      named_type{"FLOAT", types::float32},
      named_type{"REAL", types::float32},
      named_type{"DOUBLE", types::float64},
      named_type{"STRING", types::string},
      named_type{"BINARY", types::binary},
      named_type{"DATE", types::date},
      named_type{"TIMESTAMP", types::timestamp},
      named_type{"TIMESTAMP_LTZ", types::timestamp},
      named_type{"TIMESTAMP_NTZ", types::timestamp_ntz},
      named_type{"INTERVAL", types::interval},
      named_type{"VOID", types::null},
      named_type{"NULL", types::null},
  };
  const auto name = to_upper(word);
  std::vector<int> numbers;
  for (const auto& text : parameters) {
    int number = -1;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc{} || end != text.data() + text.size())
      session.refuse(where, "'" + text + "' is no length or precision");
    numbers.push_back(number);
  }
  if (name == "DECIMAL" || name == "DEC" || name == "NUMERIC") {
    const int precision = numbers.empty() ? 10 : numbers[0];
    const int scale = numbers.size() > 1 ? numbers[1] : 0;
    if (precision < 1 || precision > 38 || scale > precision) {
      session.refuse(where, "DECIMAL(p, s) needs 1 <= p <= 38 and 0 <= s <= p");
    }
    return types::decimal(precision, scale);
  }
  if ((name == "CHAR" || name == "CHARACTER" || name == "VARCHAR") && numbers.size() == 1) return types::string();
  const auto found = std::find_if(plain.begin(), plain.end(), [&](const named_type& t) { return t.name == name; });
  if (found != plain.end() && numbers.empty()) return found->type();
  if (found != plain.end()) session.refuse(where, "the type " + name + " takes no parameters");
  std::vector<std::string> known{"DECIMAL", "VARCHAR", "ARRAY", "MAP", "STRUCT"};
  for (const auto& t : plain) known.emplace_back(t.name);
  const auto near = nearest_name(name, known);
  session.refuse(where, "there is no type '" + word + "'" + (near.empty() ? "" : "; did you mean " + near + "?"));
}

data_type make_structure(const std::vector<schema_field>& members) {
  std::vector<std::pair<std::string, data_type>> named;
  for (const auto& member : members) named.emplace_back(member.name, member.type);
  return types::structure(named);
}

schema_ptr make_schema(const std::vector<schema_field>& columns) {
  arrow::FieldVector fields;
  for (const auto& column : columns) fields.push_back(arrow::field(column.name, column.type));
  return arrow::schema(std::move(fields));
}

}  // namespace flow::sql
