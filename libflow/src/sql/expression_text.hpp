#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <string_view>

#include <arrow/api.h>

#include "flow/expression.hpp"
#include "types/ascii.hpp"

/// What an expression's SQL and its generated name have in common.
namespace flow {

/// A constant as SQL.
std::string literal_sql(const expression& e);

inline bool is_infix(const std::string& name) {
  constexpr std::array symbols{"+", "-", "*", "/", "%", "div", "&", "|", "^", "=", "<=>", "<", "<=", ">", ">=", "and", "or"};
  return std::find(symbols.begin(), symbols.end(), name) != symbols.end();
}

inline std::string infix_symbol(const std::string& name) { return name == "and" || name == "or" ? to_upper(name) : name; }

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

inline std::string_view bytes_of(const arrow::Scalar& value) {
  return static_cast<const arrow::BaseBinaryScalar&>(value).view();
}

template <class Scalar>
auto value_of(const arrow::Scalar& value) {
  return static_cast<const Scalar&>(value).value;
}

/// Java's Double.toString: 1.0, 1.0E10, NaN.
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

}  // namespace flow
