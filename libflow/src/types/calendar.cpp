#include "types/calendar.hpp"

#include <algorithm>
#include <array>

#include "types/ascii.hpp"
#include "types/time_zone.hpp"

namespace flow {

std::int64_t days_from_civil(std::int64_t year, int month, int day) {
  const std::int64_t y = year - (month <= 2 ? 1 : 0);
  const std::int64_t era = floor_div(y, 400);
  const std::int64_t yoe = y - era * 400;
  const std::int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

civil_date civil_from_days(std::int64_t days) {
  const std::int64_t z = days + 719468;
  const std::int64_t era = floor_div(z, 146097);
  const std::int64_t doe = z - era * 146097;
  const std::int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const std::int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const std::int64_t mp = (5 * doy + 2) / 153;
  const int day = static_cast<int>(doy - (153 * mp + 2) / 5 + 1);
  const int month = static_cast<int>(mp < 10 ? mp + 3 : mp - 9);
  return {yoe + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

bool is_leap(std::int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int days_in_month(std::int64_t year, int month) {
  static constexpr std::array<int, 12> lengths{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : lengths[static_cast<std::size_t>(month - 1)];
}

std::optional<std::int64_t> valid_date(std::int64_t year, int month, int day) {
  if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) return std::nullopt;
  return days_from_civil(year, month, day);
}

int iso_weekday(std::int64_t days) { return static_cast<int>(floor_mod(days + 3, 7)) + 1; }

int day_of_year(std::int64_t days) { return static_cast<int>(days - days_from_civil(civil_from_days(days).year, 1, 1)) + 1; }

iso_week iso_week_of(std::int64_t days) {
  const std::int64_t thursday = days - iso_weekday(days) + 4;
  return {civil_from_days(thursday).year, (day_of_year(thursday) - 1) / 7 + 1};
}

time_of_day time_of(std::int64_t micros) {
  const std::int64_t t = floor_mod(micros, micros_per_day);
  const auto s = static_cast<int>(t / micros_per_second);
  return {s / 3600, s / 60 % 60, s % 60, static_cast<int>(t % micros_per_second)};
}

std::int64_t micros_from(std::int64_t days, const time_of_day& t) {
  return days * micros_per_day + (t.hour * 3600LL + t.minute * 60LL + t.second) * micros_per_second + t.microsecond;
}

std::int64_t add_months(std::int64_t days, std::int64_t months) {
  const auto d = civil_from_days(days);
  const std::int64_t m = d.year * 12 + d.month - 1 + months;
  const std::int64_t year = floor_div(m, 12);
  const int month = static_cast<int>(floor_mod(m, 12)) + 1;
  return days_from_civil(year, month, std::min(d.day, days_in_month(year, month)));
}

std::int64_t add_interval(std::int64_t micros, std::int64_t months, std::int64_t days, std::int64_t microseconds) {
  const std::int64_t within = floor_mod(micros, micros_per_day);
  return (add_months(day_of(micros), months) + days) * micros_per_day + within + microseconds;
}

namespace {

void append_padded(std::string& out, std::int64_t value, int width) {
  std::array<char, 24> digits{};
  auto* end = digits.data() + digits.size();
  auto* p = end;
  auto v = static_cast<std::uint64_t>(value < 0 ? -value : value);
  do {
    *--p = static_cast<char>('0' + v % 10);
    v /= 10;
  } while (v != 0 || end - p < width);
  if (value < 0) out += '-';
  out.append(p, end);
}

}  // namespace

void append_date(std::string& out, std::int64_t days) {
  const auto d = civil_from_days(days);
  if (d.year > 9999) out += '+';
  append_padded(out, d.year, 4);
  out += '-';
  append_padded(out, d.month, 2);
  out += '-';
  append_padded(out, d.day, 2);
}

void append_timestamp(std::string& out, std::int64_t micros) {
  append_date(out, day_of(micros));
  const auto t = time_of(micros);
  out += ' ';
  append_padded(out, t.hour, 2);
  out += ':';
  append_padded(out, t.minute, 2);
  out += ':';
  append_padded(out, t.second, 2);
  if (t.microsecond == 0) return;
  out += '.';
  append_padded(out, t.microsecond, 6);
  while (out.back() == '0') out.pop_back();
}

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

namespace {

/// Takes the leading digits off `text`; nothing unless there are `least` to `most` of them.
std::optional<std::int64_t> take_number(std::string_view& text, int least, int most) {
  std::int64_t value = 0;
  int digits = 0;
  while (!text.empty() && is_digit(text.front()) && digits <= most) {
    value = value * 10 + (text.front() - '0');
    text.remove_prefix(1);
    ++digits;
  }
  if (digits < least || digits > most) return std::nullopt;
  return value;
}

/// The date at the start of `text`, which is left at what follows; "2024" and "2024-02" are whole texts only.
std::optional<std::int64_t> take_date(std::string_view& text, int most_year_digits) {
  int sign = 1;
  if (take(text, '-')) {
    sign = -1;
  } else {
    take(text, '+');
  }
  const auto year = take_number(text, 4, most_year_digits);
  if (!year) return std::nullopt;
  if (text.empty()) return valid_date(sign * *year, 1, 1);
  if (!take(text, '-')) return std::nullopt;
  const auto month = take_number(text, 1, 2);
  if (!month) return std::nullopt;
  if (text.empty()) return valid_date(sign * *year, static_cast<int>(*month), 1);
  if (!take(text, '-')) return std::nullopt;
  const auto day = take_number(text, 1, 2);
  if (!day) return std::nullopt;
  return valid_date(sign * *year, static_cast<int>(*month), static_cast<int>(*day));
}

/// "h", "h:m", "h:m:s", "h:m:s.ffffff" at the start of `text`.
std::optional<time_of_day> take_time(std::string_view& text) {
  time_of_day t;
  const auto part = [&](int most) -> std::optional<int> {
    const auto n = take_number(text, 1, 2);
    return n && *n < most ? std::optional<int>(static_cast<int>(*n)) : std::nullopt;
  };
  const auto hour = part(24);
  if (!hour) return std::nullopt;
  t.hour = *hour;
  if (text.empty()) return t;
  if (!take(text, ':')) return std::nullopt;
  const auto minute = part(60);
  if (!minute) return std::nullopt;
  t.minute = *minute;
  if (text.empty()) return t;
  if (!take(text, ':')) return std::nullopt;
  const auto second = part(60);
  if (!second) return std::nullopt;
  t.second = *second;
  if (!take(text, '.')) return t;
  int scale = 100'000;
  while (!text.empty() && is_digit(text.front())) {
    t.microsecond += (text.front() - '0') * scale;
    scale /= 10;
    text.remove_prefix(1);
  }
  return t;
}

}  // namespace

std::optional<std::int32_t> parse_date_text(std::string_view text) {
  text = trimmed(text);
  const auto days = take_date(text, 7);
  if (!days || (!text.empty() && text.front() != ' ' && text.front() != 'T')) return std::nullopt;
  return static_cast<std::int32_t>(*days);
}

std::optional<std::int64_t> parse_timestamp_text(std::string_view text, std::int64_t today, bool with_zone) {
  text = trimmed(text);
  if (text.empty()) return std::nullopt;
  std::int64_t days = today;
  const auto colon = text.find(':');
  const bool time_only = text.front() == 'T' || (colon != std::string_view::npos && colon <= 2);
  if (time_only) {
    if (!with_zone) return std::nullopt;
    take(text, 'T');
  } else {
    const auto date = take_date(text, 6);
    if (!date) return std::nullopt;
    days = *date;
    if (text.empty()) return days * micros_per_day;
    if (!take(text, ' ') && !take(text, 'T')) return std::nullopt;
  }
  const auto time = take_time(text);
  if (!time) return std::nullopt;
  const std::int64_t local = micros_from(days, *time);
  text = trimmed(text);
  if (text.empty()) return local;
  const auto zone = find_time_zone(text);
  if (!zone) return std::nullopt;
  return with_zone ? zone->to_utc(local) : local;
}

}  // namespace flow
