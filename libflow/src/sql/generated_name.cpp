#include <array>

#include "flow/logical_plan.hpp"
#include "sql/expression_text.hpp"
#include "sql/result_name.hpp"
#include "types/ascii.hpp"

namespace flow {

namespace {

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
  if (lower == "to_varchar") return "to_char";
  const bool upper = std::find(upper_case.begin(), upper_case.end(), lower) != upper_case.end();
  return upper ? to_upper(name) : lower;
}

// int(x) and its like: casts that Spark's names leave out.
bool is_type_function(const std::string& name) {
  constexpr std::array types{"boolean", "tinyint", "smallint", "int",       "bigint", "float",
                             "double",  "decimal", "date",     "timestamp", "binary", "string"};
  return std::find(types.begin(), types.end(), name) != types.end();
}

// What can be seen to be an interval, though types are not known yet.
bool is_interval(const expression& e) {
  const auto any_part = [&] {
    return std::any_of(e.arguments.begin(), e.arguments.end(), [](const auto& a) { return is_interval(*a); });
  };
  switch (e.kind) {
    case expression_kind::literal:
      return e.value && e.value->is_valid && e.value->type->id() == arrow::Type::INTERVAL_MONTH_DAY_NANO;
    case expression_kind::cast:
      return e.type->id() == arrow::Type::INTERVAL_MONTH_DAY_NANO;
    case expression_kind::call:
      if (e.name == "+" || e.name == "-") return is_interval(*e.arguments.at(0)) && is_interval(*e.arguments.at(1));
      if (e.name == "*" || e.name == "/" || e.name == "negative" || e.name == "positive") return any_part();
      return same_name(e.name, "make_interval") || same_name(e.name, "make_dt_interval") ||
             same_name(e.name, "make_ym_interval");
    default:
      return false;
  }
}

// A time and an interval: t + INTERVAL '01' HOUR, whatever the order written.
std::optional<std::string> shifted_time(const std::string& name, const expression& a, const expression& b) {
  if ((name != "+" && name != "-") || is_interval(a) == is_interval(b)) return std::nullopt;
  const bool swap = is_interval(a);
  if (swap && name == "-") return std::nullopt;
  return inner_name(swap ? b : a) + " " + name + " " + inner_name(swap ? a : b);
}

// A constant 'MAP<...>'.
bool is_map_schema(const expression& e) {
  if (e.kind != expression_kind::literal || !e.value || !e.value->is_valid || e.value->type->id() != arrow::Type::STRING)
    return false;
  auto text = bytes_of(*e.value);
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  return text.size() > 3 && same_name(text.substr(0, 3), "map") && (text[3] == '<' || is_blank(text[3]));
}

// The word for what trim(characters, text) and its like do, or null.
const char* trimmed_side(std::string_view function) {
  if (function == "trim") return "BOTH";
  if (function == "ltrim") return "LEADING";
  return function == "rtrim" ? "TRAILING" : nullptr;
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
  constexpr std::array all{
      shown{"aggregate", 3, ", lambdafunction(namedlambdavariable(), namedlambdavariable())"},
      shown{"array_sort", 1,
            ", lambdafunction((IF(((namedlambdavariable() IS NULL) AND (namedlambdavariable() IS NULL)), 0, "
            "(IF((namedlambdavariable() IS NULL), 1, (IF((namedlambdavariable() IS NULL), -1, "
            "(IF((namedlambdavariable() < namedlambdavariable()), -1, "
            "(IF((namedlambdavariable() > namedlambdavariable()), 1, 0)))))))))), "
            "namedlambdavariable(), namedlambdavariable())"},
      shown{"bround", 1, ", 0"},
      shown{"from_unixtime", 1, ", yyyy-MM-dd HH:mm:ss"},
      shown{"listagg", 1, ", NULL"},
      shown{"locate", 2, ", 1"},
      shown{"lpad", 2, ",  "},
      shown{"make_dt_interval", 1, ", 0, 0, 0.000000"},
      shown{"make_dt_interval", 2, ", 0, 0.000000"},
      shown{"make_dt_interval", 3, ", 0.000000"},
      shown{"make_interval", 1, ", 0, 0, 0, 0, 0, 0.000000"},
      shown{"make_interval", 2, ", 0, 0, 0, 0, 0.000000"},
      shown{"make_interval", 3, ", 0, 0, 0, 0.000000"},
      shown{"make_interval", 4, ", 0, 0, 0.000000"},
      shown{"make_interval", 5, ", 0, 0.000000"},
      shown{"make_interval", 6, ", 0.000000"},
      shown{"make_ym_interval", 1, ", 0"},
      shown{"mask", 1, ", X, x, n, NULL"},
      shown{"months_between", 2, ", true"},
      shown{"overlay", 3, ", -1"},
      shown{"percentile", 2, ", 1"},
      shown{"position", 2, ", 1"},
      shown{"percentile_approx", 2, ", 10000"},
      shown{"regexp_extract", 2, ", 1"},
      shown{"regexp_instr", 2, ", 0"},
      shown{"regexp_replace", 3, ", 1"},
      shown{"reduce", 3, ", lambdafunction(namedlambdavariable(), namedlambdavariable())"},
      shown{"replace", 2, ", "},
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
  if (name == "ilike" && count == 3) return "ilike(" + inner(0) + ", " + inner(1) + ")";
  if (count == 2 && trimmed_side(name))
    return "TRIM(" + std::string(trimmed_side(name)) + " " + inner(0) + " FROM " + inner(1) + ")";
  if (name == "rlike" && count == 2) return "RLIKE(" + inner(0) + ", " + inner(1) + ")";
  if (name == "case" && count > 1) return case_text(e, inner_name);
  if (name == "[]" && count == 2) return inner(0) + "[" + inner(1) + "]";
  if (name == "window" || name == "session_window") return name;
  if (name == "explode" || name == "explode_outer") return "col";
  if (name == "from_json" && count > 1 && is_map_schema(*a[1])) return "entries";
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
      if (!e.text.empty()) return e.text;
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

}  // namespace flow
