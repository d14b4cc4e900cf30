#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Dates and times of the proleptic Gregorian calendar: parts, arithmetic and Spark's text forms. All in UTC.
namespace flow {

inline constexpr std::int64_t micros_per_second = 1'000'000;
inline constexpr std::int64_t micros_per_day = 86'400 * micros_per_second;

struct civil_date {
  std::int64_t year = 1970;
  int month = 1;
  int day = 1;
};

struct time_of_day {
  int hour = 0;
  int minute = 0;
  int second = 0;
  int microsecond = 0;
};

inline std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b != 0 && (a % b < 0) != (b < 0) ? 1 : 0); }
inline std::int64_t floor_mod(std::int64_t a, std::int64_t b) { return a - floor_div(a, b) * b; }

std::int64_t days_from_civil(std::int64_t year, int month, int day);
civil_date civil_from_days(std::int64_t days);
bool is_leap(std::int64_t year);
int days_in_month(std::int64_t year, int month);
/// Days since 1970-01-01 if there is such a day.
std::optional<std::int64_t> valid_date(std::int64_t year, int month, int day);
/// 1 (Monday) to 7 (Sunday).
int iso_weekday(std::int64_t days);
int day_of_year(std::int64_t days);
struct iso_week {
  std::int64_t year = 0;
  int week = 0;
};
iso_week iso_week_of(std::int64_t days);

inline std::int64_t day_of(std::int64_t micros) { return floor_div(micros, micros_per_day); }
time_of_day time_of(std::int64_t micros);
std::int64_t micros_from(std::int64_t days, const time_of_day& time);

/// The same day `months` later, cut to the month's end.
std::int64_t add_months(std::int64_t days, std::int64_t months);
std::int64_t add_interval(std::int64_t micros, std::int64_t months, std::int64_t days, std::int64_t microseconds);

void append_date(std::string& out, std::int64_t days);
void append_timestamp(std::string& out, std::int64_t micros);

/// Spark's CAST(text AS DATE): "2024", "2024-2", "2024-02-09", anything after a blank or T ignored.
std::optional<std::int32_t> parse_date_text(std::string_view text);
/// Spark's CAST(text AS TIMESTAMP); `today` (days) completes a time without a date.
/// With `with_zone` false, a zone in the text is read and ignored (TIMESTAMP_NTZ).
std::optional<std::int64_t> parse_timestamp_text(std::string_view text, std::int64_t today, bool with_zone = true);

/// Text cut as UTF8String.trimAll does: blanks and control characters at both ends.
std::string_view trimmed(std::string_view text);

}  // namespace flow
