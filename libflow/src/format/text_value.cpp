#include "format/text_value.hpp"

#include <bit>
#include <charconv>
#include <chrono>
#include <cstring>
#include <limits>
#include <string>

#include "types/ascii.hpp"
#include "types/calendar.hpp"

namespace flow {
namespace {

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

template <class Real>
std::optional<Real> read_real(std::string_view text) {
  text = without_blanks(text);
  bool negative = false;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  if (text == "NaN") return std::numeric_limits<Real>::quiet_NaN();
  Real value = 0;
  if (text == "Infinity") {
    value = std::numeric_limits<Real>::infinity();
  } else {
    if (text.size() > 1 && std::string_view("dDfF").find(text.back()) != std::string_view::npos) text.remove_suffix(1);
    if (text.empty() || !(is_digit(text[0]) || text[0] == '.')) return std::nullopt;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ptr != text.data() + text.size() || read.ec == std::errc::invalid_argument) return std::nullopt;
    // from_chars leaves the value alone when it is out of range; Java gives infinity or zero.
    if (read.ec == std::errc::result_out_of_range) {
      const auto mark = text.find_first_of("eE");
      const bool small = mark != std::string_view::npos && mark + 1 < text.size() && text[mark + 1] == '-';
      value = small ? Real{0} : std::numeric_limits<Real>::infinity();
    }
  }
  return negative ? -value : value;
}

/// Exactly `width` digits.
bool take_digits(std::string_view& text, int width, int& value) {
  if (text.size() < static_cast<std::size_t>(width)) return false;
  value = 0;
  for (int i = 0; i < width; ++i) {
    if (!is_digit(text[static_cast<std::size_t>(i)])) return false;
    value = value * 10 + (text[static_cast<std::size_t>(i)] - '0');
  }
  text.remove_prefix(static_cast<std::size_t>(width));
  return true;
}

std::optional<std::int64_t> take_date(std::string_view& text) {
  int year = 0, month = 0, day = 0;
  if (!take_digits(text, 4, year) || !take(text, '-') || !take_digits(text, 2, month) || !take(text, '-') ||
      !take_digits(text, 2, day)) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count();
}

}  // namespace

namespace {

/// Reads eight digits at once, most significant first. False, with nothing done, if some byte is no digit.
bool take_eight_digits(const char* at, std::uint64_t& value) {
  std::uint64_t bytes;
  std::memcpy(&bytes, at, sizeof(bytes));
  if constexpr (std::endian::native == std::endian::big) bytes = __builtin_bswap64(bytes);
  constexpr std::uint64_t high = 0xf0f0f0f0f0f0f0f0u, digits = 0x3030303030303030u;
  if ((bytes & high) != digits || ((bytes + 0x0606060606060606u) & high) != digits) return false;
  bytes -= digits;
  bytes = bytes * 10 + (bytes >> 8);  // Pairs, in every other byte.
  constexpr std::uint64_t pairs = 0x000000ff000000ffu;
  const auto upper = (bytes & pairs) * (100 + (std::uint64_t{1'000'000} << 32));
  const auto lower = ((bytes >> 16) & pairs) * (1 + (std::uint64_t{10'000} << 32));
  value = value * 100'000'000 + ((upper + lower) >> 32);
  return true;
}

}  // namespace

/// By hand: libstdc++'s from_chars for any base took a third of the time of decoding JSON rows.
template <class Integer>
std::optional<Integer> read_integer(std::string_view text) {
  const bool negative = !text.empty() && text[0] == '-';
  if (negative || (!text.empty() && text[0] == '+')) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  std::size_t first = 0;
  while (first + 1 < text.size() && text[first] == '0') ++first;
  if (text.size() - first > 19) return std::nullopt;
  std::uint64_t value = 0;
  std::size_t i = 0;
  while (i + 8 <= text.size() && take_eight_digits(text.data() + i, value)) i += 8;
  for (; i < text.size(); ++i) {
    const auto digit = static_cast<std::uint64_t>(static_cast<unsigned char>(text[i])) - '0';
    if (digit > 9) return std::nullopt;
    value = value * 10 + digit;
  }
  const auto limit = static_cast<std::uint64_t>(std::numeric_limits<Integer>::max()) + (negative ? 1 : 0);
  if (value > limit) return std::nullopt;
  return static_cast<Integer>(negative ? 0 - value : value);
}

template std::optional<std::int8_t> read_integer(std::string_view);
template std::optional<std::int16_t> read_integer(std::string_view);
template std::optional<std::int32_t> read_integer(std::string_view);
template std::optional<std::int64_t> read_integer(std::string_view);

std::optional<double> read_double(std::string_view text) { return read_real<double>(text); }
std::optional<float> read_float(std::string_view text) { return read_real<float>(text); }

std::optional<exact_number> read_exact(std::string_view text) {
  if (text.empty() || std::string_view("0123456789.+-").find(text[0]) == std::string_view::npos) return std::nullopt;
  exact_number out;
  std::int32_t precision = 0, scale = 0;
  if (!arrow::Decimal128::FromString(text, &out.digits, &precision, &scale).ok()) return std::nullopt;
  out.precision = std::max(precision, 1);
  out.scale = scale;
  return out;
}

std::optional<arrow::Decimal128> read_decimal(std::string_view text, int precision, int scale) {
  const auto number = read_exact(text);
  if (!number) return std::nullopt;
  auto digits = number->digits;
  const int shift = scale - number->scale;
  if (shift > 0) {
    if (digits == arrow::Decimal128(0)) return digits;
    if (shift > 38 || !digits.FitsInPrecision(std::max(precision - shift, 1)) || precision <= shift) return std::nullopt;
    digits = digits.IncreaseScaleBy(shift);
  } else if (shift < 0) {
    if (-shift > 38) return arrow::Decimal128(0);
    digits = digits.ReduceScaleBy(-shift, true);
  }
  if (!digits.FitsInPrecision(precision)) return std::nullopt;
  return digits;
}

std::optional<std::int32_t> read_plain_date(std::string_view text) {
  const auto days = take_date(text);
  if (!days || !text.empty()) return std::nullopt;
  return static_cast<std::int32_t>(*days);
}

std::optional<std::int64_t> read_plain_timestamp(std::string_view text) {
  const auto days = take_date(text);
  int hour = 0, minute = 0, second = 0;
  if (!days || text.empty() || (text[0] != ' ' && text[0] != 'T')) return std::nullopt;
  text.remove_prefix(1);
  if (!take_digits(text, 2, hour) || !take(text, ':') || !take_digits(text, 2, minute) || !take(text, ':') ||
      !take_digits(text, 2, second) || hour > 23 || minute > 59 || second > 59) {
    return std::nullopt;
  }
  std::int64_t micros = 0;
  if (take(text, '.')) {
    if (text.empty() || text.size() > 6) return std::nullopt;
    std::string digits(text);
    digits.resize(6, '0');
    const auto read = read_integer<std::int64_t>(digits);
    if (!read || *read < 0) return std::nullopt;
    micros = *read;
    text = {};
  }
  if (!text.empty() && text != "Z") return std::nullopt;
  return ((*days * 24 + hour) * 60 + minute) * 60'000'000 + second * 1'000'000 + micros;
}

std::optional<std::int32_t> read_date(std::string_view text) { return parse_date_text(text); }

std::optional<std::int64_t> read_timestamp(std::string_view text, bool zoned) {
  if (!zoned) {
    text = without_blanks(text);
    const auto time = std::min(text.find_first_of(" T"), text.size());
    if (text.find_first_not_of("0123456789:. T", time) != std::string_view::npos) return std::nullopt;
  }
  return parse_timestamp_text(text, 0, zoned);
}

}  // namespace flow
