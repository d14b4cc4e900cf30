#include "function/value_text.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include <arrow/api.h>

#include "types/calendar.hpp"
#include "types/type_rules.hpp"

namespace flow {

namespace {

/// The shortest digits that name the number, with two of them at least when that comes nearer, as Java writes it.
template <class T>
std::string_view shortest_digits(T v, std::array<char, 40>& buffer) {
  auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), v, std::chars_format::scientific).ptr;
  if (end - buffer.data() > 1 && buffer[1] == 'e') {
    std::array<char, 40> two{};
    const auto two_end = std::to_chars(two.data(), two.data() + two.size(), v, std::chars_format::scientific, 1).ptr;
    T back{};
    std::from_chars(two.data(), two_end, back);
    if (back == v) {
      buffer = two;
      end = buffer.data() + (two_end - two.data());
    }
  }
  return {buffer.data(), static_cast<std::size_t>(end - buffer.data())};
}

template <class T>
void append_floating(std::string& out, T v) {
  if (std::isnan(v)) {
    out += "NaN";
    return;
  }
  if (std::signbit(v)) out += '-';
  v = std::abs(v);
  if (std::isinf(v)) {
    out += "Infinity";
    return;
  }
  if (v == 0) {
    out += "0.0";
    return;
  }
  std::array<char, 40> buffer{};
  const auto text = shortest_digits(v, buffer);
  const auto e = text.find('e');
  int exponent = 0;
  std::from_chars(text.data() + e + (text[e + 1] == '+' ? 2 : 1), text.data() + text.size(), exponent);
  std::string digits(1, text[0]);
  if (e > 2) digits += text.substr(2, e - 2);
  while (digits.size() > 1 && digits.back() == '0') digits.pop_back();
  if (exponent >= -3 && exponent < 7) {
    if (exponent < 0) {
      out += "0.";
      out.append(static_cast<std::size_t>(-exponent - 1), '0');
      out += digits;
      return;
    }
    const auto whole = static_cast<std::size_t>(exponent) + 1;
    if (digits.size() <= whole) digits.append(whole - digits.size() + 1, '0');
    out.append(digits, 0, whole);
    out += '.';
    out.append(digits, whole);
    return;
  }
  out += digits[0];
  out += '.';
  out += digits.size() > 1 ? digits.substr(1) : "0";
  out += 'E';
  append_integer(out, exponent);
}

void append_interval(std::string& out, const arrow::MonthDayNanoIntervalType::MonthDayNanos& v) {
  const auto start = out.size();
  const auto add = [&](std::int64_t n, const char* unit) {
    if (n == 0) return;
    if (out.size() != start) out += ' ';
    append_integer(out, n);
    out += unit;
  };
  add(v.months / 12, " years");
  add(v.months % 12, " months");
  add(v.days, " days");
  std::int64_t micros = v.nanoseconds / 1000;
  add(micros / 3'600'000'000, " hours");
  micros %= 3'600'000'000;
  add(micros / 60'000'000, " minutes");
  micros %= 60'000'000;
  if (micros != 0) {
    if (out.size() != start) out += ' ';
    append_decimal(out, arrow::Decimal128(micros), 6);
    while (out.back() == '0') out.pop_back();
    if (out.back() == '.') out.pop_back();
    out += " seconds";
  }
  if (out.size() == start) out += "0 seconds";
}

void append_or_null(std::string& out, const arrow::Array& values, std::int64_t row) {
  if (values.IsNull(row)) {
    out += "null";
  } else {
    append_value(out, values, row);
  }
}

void append_nested(std::string& out, const arrow::Array& values, std::int64_t row) {
  const char* separator = "";
  const auto next = [&] {
    out += separator;
    separator = ", ";
  };
  if (values.type_id() == arrow::Type::LIST) {
    const auto& list = static_cast<const arrow::ListArray&>(values);
    out += '[';
    for (auto i = list.value_offset(row); i < list.value_offset(row + 1); ++i) {
      next();
      append_or_null(out, *list.values(), i);
    }
    out += ']';
  } else if (values.type_id() == arrow::Type::MAP) {
    const auto& map = static_cast<const arrow::MapArray&>(values);
    out += '{';
    for (auto i = map.value_offset(row); i < map.value_offset(row + 1); ++i) {
      next();
      append_or_null(out, *map.keys(), i);
      out += " -> ";
      append_or_null(out, *map.items(), i);
    }
    out += '}';
  } else {
    out += '{';
    for (const auto& member : static_cast<const arrow::StructArray&>(values).fields()) {
      next();
      append_or_null(out, *member, row);
    }
    out += '}';
  }
}

}  // namespace

void append_integer(std::string& out, std::int64_t v) {
  std::array<char, 24> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), v).ptr;
  out.append(buffer.data(), end);
}

void append_double(std::string& out, double v) { append_floating(out, v); }
void append_float(std::string& out, float v) { append_floating(out, v); }

void append_decimal(std::string& out, const arrow::Decimal128& v, int scale) {
  auto digits = arrow::Decimal128(arrow::Decimal128::Abs(v)).ToIntegerString();
  if (v < arrow::Decimal128(0)) out += '-';
  const auto fraction = static_cast<std::size_t>(scale);
  if (digits.size() <= fraction) digits.insert(0, fraction - digits.size() + 1, '0');
  out.append(digits, 0, digits.size() - fraction);
  if (fraction == 0) return;
  out += '.';
  out.append(digits, digits.size() - fraction);
}

void append_java_decimal(std::string& out, const arrow::Decimal128& v, int scale) {
  if (scale <= 6) return append_decimal(out, v, scale);
  out += v.ToString(scale);
}

void append_value(std::string& out, const arrow::Array& values, std::int64_t row) {
  switch (values.type_id()) {
    case arrow::Type::BOOL:
      out += static_cast<const arrow::BooleanArray&>(values).Value(row) ? "true" : "false";
      return;
    case arrow::Type::INT8:
      return append_integer(out, static_cast<const arrow::Int8Array&>(values).Value(row));
    case arrow::Type::INT16:
      return append_integer(out, static_cast<const arrow::Int16Array&>(values).Value(row));
    case arrow::Type::INT32:
      return append_integer(out, static_cast<const arrow::Int32Array&>(values).Value(row));
    case arrow::Type::INT64:
      return append_integer(out, static_cast<const arrow::Int64Array&>(values).Value(row));
    case arrow::Type::FLOAT:
      return append_float(out, static_cast<const arrow::FloatArray&>(values).Value(row));
    case arrow::Type::DOUBLE:
      return append_double(out, static_cast<const arrow::DoubleArray&>(values).Value(row));
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      out += static_cast<const arrow::BinaryArray&>(values).GetView(row);
      return;
    case arrow::Type::DATE32:
      return append_date(out, static_cast<const arrow::Date32Array&>(values).Value(row));
    case arrow::Type::TIMESTAMP:
      return append_timestamp(out, static_cast<const arrow::TimestampArray&>(values).Value(row));
    case arrow::Type::DECIMAL128:
      return append_java_decimal(out, arrow::Decimal128(static_cast<const arrow::Decimal128Array&>(values).GetValue(row)),
                                 decimal_shape_of(*values.type()).scale);
    case arrow::Type::INTERVAL_MONTH_DAY_NANO:
      return append_interval(out, static_cast<const arrow::MonthDayNanoIntervalArray&>(values).GetValue(row));
    case arrow::Type::NA:
      out += "null";
      return;
    default:
      return append_nested(out, values, row);
  }
}

std::optional<std::int64_t> parse_integer(std::string_view text, bool whole) {
  text = trimmed(text);
  if (!text.empty() && text.front() == '+') {
    text.remove_prefix(1);
    if (!text.empty() && text.front() == '-') return std::nullopt;
  }
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  std::int64_t value = 0;
  std::size_t i = 0;
  for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i) {
    const int digit = text[i] - '0';
    if (__builtin_mul_overflow(value, std::int64_t{10}, &value) || __builtin_sub_overflow(value, std::int64_t{digit}, &value)) {
      return std::nullopt;
    }
  }
  if (text.empty()) return std::nullopt;
  if (i < text.size()) {
    if (whole || text[i] != '.') return std::nullopt;
    for (std::size_t f = i + 1; f < text.size(); ++f) {
      if (text[f] < '0' || text[f] > '9') return std::nullopt;
    }
  }
  // Summed as a negative number, which reaches one further.
  if (negative) return value;
  if (value == std::numeric_limits<std::int64_t>::min()) return std::nullopt;
  return -value;
}

namespace {

bool same_word(std::string_view text, std::string_view word) {
  return std::equal(text.begin(), text.end(), word.begin(), word.end(), [](char a, char b) { return (a | 0x20) == b; });
}

template <class T>
std::optional<T> parse_floating(std::string_view text) {
  text = trimmed(text);
  if (text.empty()) return std::nullopt;
  bool negative = false;
  if (text.front() == '+' || text.front() == '-') {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  const T sign = negative ? T{-1} : T{1};
  if (text.empty()) return std::nullopt;
  if (same_word(text, "inf") || same_word(text, "infinity")) return sign * std::numeric_limits<T>::infinity();
  if (same_word(text, "nan")) return std::numeric_limits<T>::quiet_NaN();
  if ((text.front() < '0' || text.front() > '9') && text.front() != '.') return std::nullopt;
  T value{};
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  auto rest = text.substr(static_cast<std::size_t>(end - text.data()));
  if (rest.size() == 1 && std::string_view("dDfF").find(rest[0]) != std::string_view::npos) rest.remove_prefix(1);
  if (!rest.empty()) return std::nullopt;
  if (problem == std::errc::result_out_of_range) {
    // Java rounds what is too great to infinity and what is too small to zero.
    const auto e = text.find_first_of("eE");
    const bool small = e != std::string_view::npos && e + 1 < text.size() && text[e + 1] == '-';
    return sign * (small ? T{0} : std::numeric_limits<T>::infinity());
  }
  if (problem != std::errc{}) return std::nullopt;
  return sign * value;
}

}  // namespace

std::optional<double> parse_double(std::string_view text) { return parse_floating<double>(text); }
std::optional<float> parse_float(std::string_view text) { return parse_floating<float>(text); }

std::optional<arrow::Decimal128> parse_decimal(std::string_view text, int precision, int scale) {
  text = trimmed(text);
  bool negative = false;
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  std::string digits;
  std::int64_t exponent = 0;
  bool point = false;
  std::size_t i = 0;
  for (; i < text.size() && (text[i] == '.' || (text[i] >= '0' && text[i] <= '9')); ++i) {
    if (text[i] == '.') {
      if (point) return std::nullopt;
      point = true;
      continue;
    }
    digits += text[i];
    exponent -= point ? 1 : 0;
  }
  if (digits.empty()) return std::nullopt;
  if (i < text.size()) {
    if ((text[i] | 0x20) != 'e') return std::nullopt;
    const auto from = text.data() + i + 1 + (i + 1 < text.size() && text[i + 1] == '+' ? 1 : 0);
    std::int64_t written = 0;
    const auto [end, problem] = std::from_chars(from, text.data() + text.size(), written);
    if (problem != std::errc{} || end != text.data() + text.size() || std::abs(written) > 10'000) return std::nullopt;
    exponent += written;
  }
  // Digits to keep so that exactly `scale` of them stand behind the point.
  const std::int64_t keep = static_cast<std::int64_t>(digits.size()) + exponent + scale;
  bool up = false;
  if (keep < static_cast<std::int64_t>(digits.size())) {
    up = keep >= 0 && digits[static_cast<std::size_t>(keep)] >= '5';
    digits.resize(static_cast<std::size_t>(std::max<std::int64_t>(keep, 0)));
  } else {
    const auto zeros = keep - static_cast<std::int64_t>(digits.size());
    const bool zero = digits.find_first_not_of('0') == std::string::npos;
    if (!zero && zeros > 2 * max_decimal_precision) return std::nullopt;
    digits.append(static_cast<std::size_t>(zero ? 0 : zeros), '0');
  }
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  if (digits.size() > static_cast<std::size_t>(max_decimal_precision)) return std::nullopt;
  auto value = digits.empty() ? arrow::Decimal128(0) : arrow::Decimal128::FromString(digits).ValueOr(arrow::Decimal128(0));
  if (up) value += arrow::Decimal128(1);
  if (!value.FitsInPrecision(precision)) return std::nullopt;
  return negative ? -value : value;
}

std::optional<bool> parse_boolean(std::string_view text) {
  text = trimmed(text);
  for (const std::string_view word : {"t", "true", "y", "yes", "1"}) {
    if (same_word(text, word) || text == word) return true;
  }
  for (const std::string_view word : {"f", "false", "n", "no", "0"}) {
    if (same_word(text, word) || text == word) return false;
  }
  return std::nullopt;
}

}  // namespace flow
