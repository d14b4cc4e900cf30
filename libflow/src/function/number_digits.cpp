#include "function/number_digits.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace flow {

void decimal_digits::trim() {
  const auto zeros = std::min(digits.find_first_not_of('0'), digits.size());
  digits.erase(0, zeros);
  point = digits.empty() ? 0 : point - static_cast<int>(zeros);
  digits.erase(digits.find_last_not_of('0') + 1);
}

void decimal_digits::assign(std::int64_t v) {
  negative = v < 0;
  digits = std::to_string(v);
  if (negative) digits.erase(0, 1);
  point = static_cast<int>(digits.size());
  trim();
}

void decimal_digits::assign(const arrow::Decimal128& v, int scale) {
  negative = v < arrow::Decimal128(0);
  digits = v.ToIntegerString();
  if (negative) digits.erase(0, 1);
  point = static_cast<int>(digits.size()) - scale;
  trim();
}

void decimal_digits::assign(double v) {
  std::array<char, 32> text{};
  negative = std::signbit(v);
  const auto end = std::to_chars(text.data(), text.data() + text.size(), std::abs(v), std::chars_format::scientific).ptr;
  const auto* e = std::find(text.data(), end, 'e');
  int exponent = 0;
  std::from_chars(e[1] == '+' ? e + 2 : e + 1, end, exponent);
  digits.assign(text.data(), static_cast<std::size_t>(e - text.data()));
  digits.erase(std::remove(digits.begin(), digits.end(), '.'), digits.end());
  point = exponent + 1;
  trim();
}

void decimal_digits::assign_rounded(double v, int places) {
  assign(v);
  const auto keep = point + places;
  const bool looks_half = keep >= 0 && static_cast<std::size_t>(keep) + 1 == digits.size() && digits.back() == '5';
  if (!looks_half) return round(places, tie::even);
  // The number itself may lie on either side of its fewest digits. They are few, and so is what is printed.
  std::array<char, 512> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), std::abs(v), std::chars_format::fixed, places).ptr;
  digits.assign(text.data(), static_cast<std::size_t>(end - text.data()));
  const auto dot = digits.find('.');
  point = static_cast<int>(std::min(dot, digits.size()));
  if (dot != std::string::npos) digits.erase(dot, 1);
  trim();
}

void decimal_digits::round(int places, tie rule) {
  const auto keep = point + places;
  if (keep >= static_cast<int>(digits.size())) return;
  bool up = false;
  if (keep >= 0) {
    const auto at = static_cast<std::size_t>(keep);
    const bool half = digits[at] == '5' && at + 1 == digits.size();
    const bool odd = at > 0 && (digits[at - 1] - '0') % 2 == 1;
    up = half ? rule == tie::up || odd : digits[at] >= '5';
  }
  digits.resize(static_cast<std::size_t>(std::max(keep, 0)));
  if (up) {
    auto last = digits.find_last_not_of('9');
    digits.resize(last == std::string::npos ? 0 : last + 1);
    if (last == std::string::npos) {
      digits = "1";
      ++point;
    } else {
      ++digits[last];
    }
  }
  trim();
}

void decimal_digits::append_fixed(std::string& out, int least_whole, int least_fraction, int group) const {
  const auto size = static_cast<int>(digits.size());
  const auto digit = [&](int at) { return at >= 0 && at < size ? digits[static_cast<std::size_t>(at)] : '0'; };
  for (int place = std::max(point, least_whole) - 1; place >= 0; --place) {
    out += digit(point - 1 - place);
    if (group > 0 && place > 0 && place % group == 0) out += ',';
  }
  const int fraction = std::max(least_fraction, size - point);
  if (fraction <= 0) return;
  out += '.';
  for (int k = 0; k < fraction; ++k) out += digit(point + k);
}

}  // namespace flow
