#include "plan/interval_text.hpp"

#include <optional>
#include <string>

#include <arrow/scalar.h>
#include <arrow/type.h>

#include "flow/error.hpp"
#include "plan/name_resolution.hpp"

namespace flow::plan {

namespace {

constexpr std::int64_t microseconds_of_day = 86'400'000'000;
constexpr std::int64_t days_of_month = 31;

bool is_literal_text(std::string_view text) {
  constexpr std::string_view word = "interval";
  const auto first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && same_name(text.substr(first, word.size()), word);
}

std::optional<calendar_interval> interval_of_literal(const expression& e) {
  if (e.kind != expression_kind::literal || !e.value || !e.value->is_valid) return std::nullopt;
  const auto* span = dynamic_cast<const arrow::MonthDayNanoIntervalScalar*>(e.value.get());
  if (!span) return std::nullopt;
  return calendar_interval{span->value.months, span->value.days, span->value.nanoseconds / 1000};
}

}  // namespace

calendar_interval interval_of_text(std::string_view text) {
  if (is_literal_text(text)) {
    if (const auto literal = interval_of_literal(*parse_expression(text))) return *literal;
  }
  return parse_calendar_interval(text);
}

duration longest(const calendar_interval& interval) {
  const auto days = interval.months * days_of_month + interval.days;
  duration whole;
  if (__builtin_mul_overflow(days, microseconds_of_day, &whole.microseconds) ||
      __builtin_add_overflow(whole.microseconds, interval.microseconds, &whole.microseconds)) {
    throw error(errc::invalid_argument, "an interval of " + std::to_string(interval.months) + " months and " +
                                            std::to_string(interval.days) + " days is longer than 64 bits of microseconds");
  }
  return whole;
}

}  // namespace flow::plan
