#include "sql/expression_text.hpp"

#include <array>
#include <limits>

#include "flow/logical_plan.hpp"
#include "flow/time.hpp"
#include "function/value_text.hpp"
#include "sql/keyword.hpp"
#include "types/ascii.hpp"

namespace flow {

namespace {

// ---- Values -----------------------------------------------------------------------------------------------------------

template <class T>
std::string shortest(T value) {
  std::array<char, 64> buffer;
  const auto [end, failure] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), end};
}

std::string date_text(std::int32_t days) { return to_string(timestamp{days * 86'400'000'000}).substr(0, 10); }

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

}  // namespace

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

namespace {

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

}  // namespace

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
