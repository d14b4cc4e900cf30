#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>

#include "flow/expression.hpp"
#include "flow/logical_plan.hpp"
#include "flow/time.hpp"
#include "function/value_text.hpp"
#include "sql/keyword.hpp"
#include "sql/result_name.hpp"
#include "types/ascii.hpp"

namespace flow {

namespace {

bool is_infix(const std::string& name) {
  constexpr std::array symbols{"+", "-", "*", "/", "%", "div", "&", "|", "^", "=", "<=>", "<", "<=", ">", ">=", "and", "or"};
  return std::find(symbols.begin(), symbols.end(), name) != symbols.end();
}

std::string infix_symbol(const std::string& name) { return name == "and" || name == "or" ? to_upper(name) : name; }

template <class Text>
std::string joined(const std::vector<expression_ptr>& list, std::size_t begin, const Text& text) {
  std::string out;
  for (std::size_t i = begin; i < list.size(); ++i) {
    if (i > begin) out += ", ";
    out += text(*list[i]);
  }
  return out;
}

template <class Text>
std::string case_text(const expression& e, const Text& text) {
  std::string out = "CASE";
  std::size_t i = 0;
  for (; i + 1 < e.arguments.size(); i += 2) out += " WHEN " + text(*e.arguments[i]) + " THEN " + text(*e.arguments[i + 1]);
  if (i < e.arguments.size()) out += " ELSE " + text(*e.arguments[i]);
  return out + " END";
}

// ---- Values -----------------------------------------------------------------------------------------------------------

template <class T>
std::string shortest(T value) {
  std::array<char, 64> buffer;
  const auto [end, failure] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), end};
}

// Java's Double.toString: 1.0, 1.0E10, NaN.
template <class T>
std::string java_real(T value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  const auto magnitude = std::fabs(value);
  std::array<char, 64> buffer;
  if (magnitude == 0 || (magnitude >= T(1e-3) && magnitude < T(1e7))) {
    const auto [end, failure] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed);
    std::string text(buffer.data(), end);
    return text.find('.') == std::string::npos ? text + ".0" : text;
  }
  const auto [end, failure] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific);
  std::string text(buffer.data(), end);
  const auto e = text.find('e');
  auto mantissa = text.substr(0, e);
  if (mantissa.find('.') == std::string::npos) mantissa += ".0";
  return mantissa + "E" + std::to_string(std::stoi(text.substr(e + 1)));
}

std::string date_text(std::int32_t days) { return to_string(timestamp{days * 86'400'000'000}).substr(0, 10); }

std::string_view bytes_of(const arrow::Scalar& value) { return static_cast<const arrow::BaseBinaryScalar&>(value).view(); }

std::string hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool pattern_escape = c == '\\' && i + 1 < text.size() && (text[i + 1] == '%' || text[i + 1] == '_');
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\0') {
      out += "\\u0000";
    } else if (c == '\'' || (c == '\\' && !pattern_escape)) {
      out += '\\';
      out += c;
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::string interval_sql(const arrow::Scalar& value) {
  const auto fields = static_cast<const arrow::MonthDayNanoIntervalScalar&>(value).value;
  std::string text;
  if (fields.months != 0) text += std::to_string(fields.months) + " months ";
  if (fields.days != 0) text += std::to_string(fields.days) + " days ";
  text += std::to_string(fields.nanoseconds / 1000) + " microseconds";
  return "INTERVAL '" + text + "'";
}

std::string decimal_sql(const arrow::Scalar& value) {
  const auto& type = static_cast<const arrow::Decimal128Type&>(*value.type);
  const auto& number = static_cast<const arrow::Decimal128Scalar&>(value).value;
  const auto digits = arrow::Decimal128(arrow::Decimal128::Abs(number)).ToIntegerString().size();
  const auto natural = std::max(static_cast<int>(digits), std::max(type.scale(), 1));
  std::string text;
  append_decimal(text, number, type.scale());
  if (natural == type.precision()) return text + "BD";
  return "CAST('" + text + "' AS " + to_ddl(type) + ")";
}

template <class Scalar>
auto value_of(const arrow::Scalar& value) {
  return static_cast<const Scalar&>(value).value;
}

template <class T>
std::string real_sql(T value, const char* suffix, const char* type) {
  if (std::isfinite(value)) return shortest(value) + suffix;
  return "CAST('" + java_real(value) + "' AS " + type + ")";
}

std::string timestamp_sql(const arrow::Scalar& value) {
  const bool zoned = !static_cast<const arrow::TimestampType&>(*value.type).timezone().empty();
  return std::string(zoned ? "TIMESTAMP '" : "TIMESTAMP_NTZ '") +
         to_string(timestamp{value_of<arrow::TimestampScalar>(value)}) + "'";
}

std::string literal_sql(const expression& e) {
  if (e.value == nullptr) return "NULL";
  const auto& value = *e.value;
  if (!value.is_valid) return value.type->id() == arrow::Type::NA ? "NULL" : "CAST(NULL AS " + to_ddl(*value.type) + ")";
  switch (value.type->id()) {
    case arrow::Type::BOOL:
      return value_of<arrow::BooleanScalar>(value) ? "true" : "false";
    case arrow::Type::INT8: {
      const int n = value_of<arrow::Int8Scalar>(value);
      return n == std::numeric_limits<std::int8_t>::min() ? "CAST(-128 AS TINYINT)" : std::to_string(n) + "Y";
    }
    case arrow::Type::INT16: {
      const int n = value_of<arrow::Int16Scalar>(value);
      return n == std::numeric_limits<std::int16_t>::min() ? "CAST(-32768 AS SMALLINT)" : std::to_string(n) + "S";
    }
    case arrow::Type::INT32:
      return std::to_string(value_of<arrow::Int32Scalar>(value));
    case arrow::Type::INT64: {
      const auto n = value_of<arrow::Int64Scalar>(value);
      return std::to_string(n) + (n == std::numeric_limits<std::int64_t>::min() ? "" : "L");
    }
    case arrow::Type::FLOAT:
      return real_sql(value_of<arrow::FloatScalar>(value), "F", "FLOAT");
    case arrow::Type::DOUBLE:
      return real_sql(value_of<arrow::DoubleScalar>(value), "D", "DOUBLE");
    case arrow::Type::DECIMAL128:
      return decimal_sql(value);
    case arrow::Type::STRING:
      return quoted(bytes_of(value));
    case arrow::Type::BINARY:
      return "X'" + hex(bytes_of(value)) + "'";
    case arrow::Type::DATE32:
      return "DATE '" + date_text(value_of<arrow::Date32Scalar>(value)) + "'";
    case arrow::Type::TIMESTAMP:
      return timestamp_sql(value);
    case arrow::Type::INTERVAL_MONTH_DAY_NANO:
      return e.text.empty() ? interval_sql(value) : e.text;
    default:
      return value.ToString();
  }
}

// A value as Spark shows it inside a generated name: strings without quotes, numbers without suffix.
std::string literal_name(const expression& e) {
  if (!e.text.empty()) return e.text;
  if (e.value == nullptr || !e.value->is_valid) return "NULL";
  const auto& value = *e.value;
  switch (value.type->id()) {
    case arrow::Type::INT8:
      return std::to_string(value_of<arrow::Int8Scalar>(value));
    case arrow::Type::INT16:
      return std::to_string(value_of<arrow::Int16Scalar>(value));
    case arrow::Type::INT64:
      return std::to_string(value_of<arrow::Int64Scalar>(value));
    case arrow::Type::FLOAT:
      return java_real(value_of<arrow::FloatScalar>(value));
    case arrow::Type::DOUBLE:
      return java_real(value_of<arrow::DoubleScalar>(value));
    case arrow::Type::DECIMAL128: {
      const auto scale = static_cast<const arrow::Decimal128Type&>(*value.type).scale();
      return value_of<arrow::Decimal128Scalar>(value).ToString(scale);
    }
    case arrow::Type::STRING:
      return std::string(bytes_of(value));
    default:
      return literal_sql(e);
  }
}

// ---- SQL that parses back -----------------------------------------------------------------------------------------------

std::string quoted_name(const std::string& name) {
  bool plain = !name.empty() && !std::isdigit(static_cast<unsigned char>(name[0])) && !sql::is_keyword(name);
  for (const unsigned char c : name) plain = plain && (std::isalnum(c) || c == '_');
  if (plain) return name;
  std::string out = "`";
  for (const char c : name) out += c == '`' ? std::string("``") : std::string(1, c);
  return out + "`";
}

std::string quoted_path(const std::vector<std::string>& path) {
  std::string out;
  for (const auto& part : path) out += (out.empty() ? "" : ".") + quoted_name(part);
  return out;
}

std::string names_sql(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : ", ") + quoted_name(name);
  return out;
}

std::string sort_sql(const expression_ptr& e) {
  const auto order = to_sort_order(e);
  return to_sql(*order.key) + (order.descending ? " DESC" : " ASC") + (order.nulls_first ? " NULLS FIRST" : " NULLS LAST");
}

std::string function_sql(const expression& e) {
  std::string out = e.name + "(" + (e.distinct ? "DISTINCT " : "") + joined(e.arguments, 0, to_sql) + ")";
  for (std::size_t i = 0; i < e.within_group.size(); ++i) {
    out += (i == 0 ? " WITHIN GROUP (ORDER BY " : ", ") + sort_sql(e.within_group[i]);
  }
  if (!e.within_group.empty()) out += ')';
  if (e.filter != nullptr) out += " FILTER (WHERE " + to_sql(*e.filter) + ")";
  if (e.ignore_nulls || e.respect_nulls) out += e.ignore_nulls ? " IGNORE NULLS" : " RESPECT NULLS";
  return out;
}

std::string operand(const expression& e) {
  const bool call = e.kind == expression_kind::call &&
                    (e.name == "[]" || std::isalpha(static_cast<unsigned char>(e.name[0]))) && e.name != "case";
  const bool closed = e.kind == expression_kind::reference || call;
  return closed ? to_sql(e) : "(" + to_sql(e) + ")";
}

std::string call_sql(const expression& e) {
  const auto name = to_lower(e.name);
  const auto& a = e.arguments;
  const auto sql = [&](std::size_t i) { return to_sql(*a[i]); };
  const auto count = a.size();
  if (count == 2 && (is_infix(name) || name == "||" || name == "!=")) {
    return "(" + sql(0) + " " + (name == "!=" ? "<>" : infix_symbol(name)) + " " + sql(1) + ")";
  }
  // A minus before a number would be read as part of it.
  if (name == "negative" && count == 1 && a[0]->kind != expression_kind::literal) return "(- " + sql(0) + ")";
  if (name == "~" && count == 1) return "(~ " + sql(0) + ")";
  if (name == "not" && count == 1) return "(NOT " + sql(0) + ")";
  if (name == "isnull" && count == 1) return "(" + sql(0) + " IS NULL)";
  if (name == "isnotnull" && count == 1) return "(" + sql(0) + " IS NOT NULL)";
  if (name == "in" && count > 1) return "(" + sql(0) + " IN (" + joined(a, 1, to_sql) + "))";
  if ((name == "like" || name == "ilike" || name == "rlike") && count >= 2) {
    return "(" + sql(0) + " " + to_upper(name) + " " + sql(1) + (count > 2 ? " ESCAPE " + sql(2) : "") + ")";
  }
  if (name == "case" && count > 1) return case_text(e, to_sql);
  if (name == "[]" && count == 2) return operand(*a[0]) + "[" + sql(1) + "]";
  return function_sql(e);
}

// ---- Spark's generated names ----------------------------------------------------------------------------------------------

std::string member_path(const std::vector<std::string>& path) {
  std::string out;
  for (const auto& part : path) out += (out.empty() ? "" : ".") + part;
  return out;
}

std::string inner_name(const expression& e);

std::string lambda_name(const expression& e) {
  std::string out = "lambdafunction(" + inner_name(*e.arguments.at(0));
  for (std::size_t i = 0; i < e.names.size(); ++i) out += ", namedlambdavariable()";
  return out + ")";
}

// The expression with the lambda's variables named as Spark does.
expression_ptr hide_variables(const expression_ptr& e, const std::vector<std::string>& variables) {
  if (e->kind == expression_kind::reference) {
    const bool variable = std::any_of(variables.begin(), variables.end(),
                                      [&](const std::string& v) { return to_lower(v) == to_lower(e->path.at(0)); });
    if (!variable) return e;
    auto path = e->path;
    path[0] = "namedlambdavariable()";
    return expressions::reference(std::move(path));
  }
  if (e->arguments.empty()) return e;
  auto changed = std::make_shared<expression>(*e);
  for (auto& argument : changed->arguments) argument = hide_variables(argument, variables);
  if (e->kind == expression_kind::call && e->name != "negative" && e->name != "positive") changed->text.clear();
  return changed;
}

// Names that Spark writes in upper case (its mathematical functions), and functions named after what they stand for.
std::string function_name(const std::string& name) {
  constexpr std::array upper_case{"acos",        "acosh", "asin",   "asinh", "atan",    "atan2", "atanh", "cbrt",    "ceil",
                                  "cos",         "cosh",  "cot",    "csc",   "degrees", "e",     "exp",   "expm1",   "floor",
                                  "hypot",       "log",   "log10",  "log1p", "log2",    "pi",    "power", "radians", "regexp",
                                  "regexp_like", "sec",   "signum", "sin",   "sinh",    "sqrt",  "tan",   "tanh"};
  const auto lower = to_lower(name);
  if (lower == "array_agg") return "collect_list";
  if (lower == "position") return "locate";
  const bool upper = std::find(upper_case.begin(), upper_case.end(), lower) != upper_case.end();
  return upper ? to_upper(name) : lower;
}

// int(x) and its like: casts that Spark's names leave out.
bool is_type_function(const std::string& name) {
  constexpr std::array types{"boolean", "tinyint", "smallint", "int",       "bigint", "float",
                             "double",  "decimal", "date",     "timestamp", "binary", "string"};
  return std::find(types.begin(), types.end(), name) != types.end();
}

bool is_interval(const expression& e) {
  return e.kind == expression_kind::literal && e.value && e.value->is_valid &&
         e.value->type->id() == arrow::Type::INTERVAL_MONTH_DAY_NANO;
}

// A time and an interval: t + INTERVAL '01' HOUR, whatever the order written.
std::optional<std::string> shifted_time(const std::string& name, const expression& a, const expression& b) {
  if ((name != "+" && name != "-") || is_interval(a) == is_interval(b)) return std::nullopt;
  const bool swap = is_interval(a);
  if (swap && name == "-") return std::nullopt;
  return inner_name(swap ? b : a) + " " + name + " " + inner_name(swap ? a : b);
}

bool collects(std::string_view function) {
  return function == "collect_list" || function == "collect_set" || function == "array_agg";
}

// Arguments that Spark shows where they were left out: of the function called with `given` arguments.
std::string_view left_out(std::string_view function, std::size_t given) {
  struct shown {
    std::string_view function;
    std::size_t given;
    std::string_view text;
  };
  constexpr std::array all{shown{"bround", 1, ", 0"},
                           shown{"from_unixtime", 1, ", yyyy-MM-dd HH:mm:ss"},
                           shown{"listagg", 1, ", NULL"},
                           shown{"locate", 2, ", 1"},
                           shown{"lpad", 2, ",  "},
                           shown{"mask", 1, ", X, x, n, NULL"},
                           shown{"months_between", 2, ", true"},
                           shown{"overlay", 3, ", -1"},
                           shown{"percentile", 2, ", 1"},
                           shown{"percentile_approx", 2, ", 10000"},
                           shown{"regexp_extract", 2, ", 1"},
                           shown{"regexp_instr", 2, ", 0"},
                           shown{"regexp_replace", 3, ", 1"},
                           shown{"round", 1, ", 0"},
                           shown{"rpad", 2, ",  "},
                           shown{"sort_array", 1, ", true"},
                           shown{"split", 2, ", -1"},
                           shown{"str_to_map", 1, ", ,, :"},
                           shown{"str_to_map", 2, ", :"},
                           shown{"string_agg", 1, ", NULL"},
                           shown{"substr", 2, ", 2147483647"},
                           shown{"substring", 2, ", 2147483647"},
                           shown{"to_unix_timestamp", 1, ", yyyy-MM-dd HH:mm:ss"},
                           shown{"unix_timestamp", 1, ", yyyy-MM-dd HH:mm:ss"}};
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const shown& s) { return s.function == function && s.given == given; });
  return found == all.end() ? std::string_view() : found->text;
}

// WITHIN GROUP as Spark shows it: percentiles without what is the usual order, mode() by how it compares.
std::string order_name(const expression& e, std::string_view function) {
  const bool percentile = function == "percentile_cont" || function == "percentile_disc";
  std::string out;
  for (const auto& item : e.within_group) {
    const auto order = to_sort_order(item);
    out += (out.empty() ? " WITHIN GROUP (ORDER BY " : ", ") + inner_name(*order.key);
    if (percentile || function == "mode") {
      out += order.descending == percentile ? " DESC" : "";
    } else {
      out += order.descending ? " DESC" : " ASC";
      out += order.nulls_first ? " NULLS FIRST" : " NULLS LAST";
    }
  }
  return out.empty() ? out : out + ")";
}

std::string call_name(const expression& e) {
  const auto name = to_lower(e.name);
  const auto& a = e.arguments;
  const auto inner = [&](std::size_t i) { return inner_name(*a[i]); };
  const auto count = a.size();
  if (!e.text.empty()) return e.text;
  if (count == 1 && is_type_function(name)) return inner(0);
  if (name == "if" && count == 3) return "(IF(" + joined(a, 0, inner_name) + "))";
  if (count == 2) {
    if (auto text = shifted_time(name, *a[0], *a[1])) return *text;
  }
  if (count == 2 && is_infix(name)) return "(" + inner(0) + " " + infix_symbol(name) + " " + inner(1) + ")";
  if (count == 2 && name == "!=") return "(NOT (" + inner(0) + " = " + inner(1) + "))";
  if (name == "||") return "concat(" + joined(a, 0, inner_name) + ")";
  if (name == "negative" && count == 1) return "(- " + inner(0) + ")";
  if (name == "positive" && count == 1) return "(+ " + inner(0) + ")";
  if (name == "~" && count == 1) return "~" + inner(0);
  if (name == "not" && count == 1) return "(NOT " + inner(0) + ")";
  if (name == "isnull" && count == 1) return "(" + inner(0) + " IS NULL)";
  if (name == "isnotnull" && count == 1) return "(" + inner(0) + " IS NOT NULL)";
  if (name == "in" && count > 1) return "(" + inner(0) + " IN (" + joined(a, 1, inner_name) + "))";
  if (name == "like" && count == 2) return inner(0) + " LIKE " + inner(1);
  if (name == "like" && count == 3) return inner(0) + " LIKE " + inner(1) + " ESCAPE '" + inner(2) + "'";
  if (name == "rlike" && count == 2) return "RLIKE(" + inner(0) + ", " + inner(1) + ")";
  if (name == "case" && count > 1) return case_text(e, inner_name);
  if (name == "[]" && count == 2) return inner(0) + "[" + inner(1) + "]";
  if (name == "window" || name == "session_window") return name;
  if (name == "explode" || name == "explode_outer") return "col";
  // Schema and options are settings of these, not arguments.
  if (count > 1 && (name == "from_json" || name == "to_json" || name == "schema_of_json" || name == "from_csv" ||
                    name == "to_csv" || name == "schema_of_csv"))
    return name + "(" + inner(0) + ")";
  if (name == "log" && count == 1) return "LOG(E(), " + inner(0) + ")";
  const bool to_digits = count == 2 && (name == "ceil" || name == "floor");
  const auto shown = to_digits ? name : function_name(e.name);
  std::string out = shown + "(" + (e.distinct ? "DISTINCT " : "") + joined(a, 0, inner_name);
  out += left_out(shown, count);
  out += ")" + order_name(e, name);
  if (e.filter != nullptr) out += " FILTER (WHERE " + inner_name(*e.filter) + ")";
  if (e.respect_nulls && collects(name)) out += " RESPECT NULLS";
  return out;
}

// The name of an expression inside another one: paths in full, aliases spelled out.
std::string inner_name(const expression& e) {
  switch (e.kind) {
    case expression_kind::reference:
      return member_path(e.path);
    case expression_kind::alias:
      return inner_name(*e.arguments.at(0)) + " AS " + e.names.at(0);
    default:
      return generated_name(e);
  }
}

}  // namespace

std::string generated_name(const expression& e) {
  switch (e.kind) {
    case expression_kind::literal:
      return literal_name(e);
    case expression_kind::reference:
      return e.path.empty() ? "" : e.path.back();
    case expression_kind::star:
      return e.path.empty() ? "*" : member_path(e.path) + ".*";
    case expression_kind::call:
      return call_name(e);
    case expression_kind::cast:
      return to_upper(e.name) + "(" + inner_name(*e.arguments.at(0)) + " AS " + to_ddl(*e.type) + ")";
    case expression_kind::alias:
      return e.names.at(0);
    case expression_kind::lambda: {
      auto hidden = std::make_shared<expression>(e);
      hidden->arguments = {hide_variables(e.arguments.at(0), e.names)};
      return lambda_name(*hidden);
    }
  }
  return "";
}

std::string result_name(const expression& e) {
  const bool cast_column = e.kind == expression_kind::cast && e.arguments.at(0)->kind == expression_kind::reference &&
                           e.arguments[0]->path.size() == 1;
  return generated_name(cast_column ? *e.arguments[0] : e);
}

std::string to_sql(const expression& e) {
  switch (e.kind) {
    case expression_kind::literal:
      return literal_sql(e);
    case expression_kind::reference:
      return quoted_path(e.path);
    case expression_kind::star:
      return e.path.empty() ? "*" : quoted_path(e.path) + ".*";
    case expression_kind::call:
      return call_sql(e);
    case expression_kind::cast:
      return to_upper(e.name) + "(" + to_sql(*e.arguments.at(0)) + " AS " + to_ddl(*e.type) + ")";
    case expression_kind::alias:
      return to_sql(*e.arguments.at(0)) + " AS " +
             (e.names.size() == 1 ? quoted_name(e.names[0]) : "(" + names_sql(e.names) + ")");
    case expression_kind::lambda:
      return (e.names.size() == 1 ? quoted_name(e.names[0]) : "(" + names_sql(e.names) + ")") + " -> " +
             to_sql(*e.arguments.at(0));
  }
  return "";
}

}  // namespace flow
