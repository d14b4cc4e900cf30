#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace flow {

/// A span of time in microseconds.
struct duration {
  std::int64_t microseconds = 0;

  friend auto operator<=>(const duration&, const duration&) = default;
};

/// A point in time: microseconds since 1970-01-01 00:00:00 UTC, as in Spark's TIMESTAMP.
struct timestamp {
  std::int64_t microseconds = 0;

  friend auto operator<=>(const timestamp&, const timestamp&) = default;
};

constexpr duration milliseconds(std::int64_t n) { return {n * 1000}; }
constexpr duration seconds(std::int64_t n) { return {n * 1'000'000}; }
constexpr duration minutes(std::int64_t n) { return seconds(60 * n); }

/// A calendar interval as Spark writes it: months are kept apart since they have no fixed length.
struct calendar_interval {
  std::int32_t months = 0;
  std::int32_t days = 0;
  std::int64_t microseconds = 0;
};

/// Reads Spark's interval text: "10 minutes", "1 hour 30 minutes", "interval 5 seconds", "-2 days".
/// @throws error{invalid_argument} with the text and what is expected.
calendar_interval parse_calendar_interval(std::string_view text);

/// Reads a fixed span: Spark's interval text without months, or a short form ("50ms", "5s", "10m", "2h").
/// @throws error{invalid_argument} for anything else, months included.
duration parse_duration(std::string_view text);

/// "YYYY-MM-DD HH:MM:SS[.ffffff]" in UTC, the fraction without trailing zeros.
std::string to_string(timestamp t);
/// Spark's text of a fixed span: "10 minutes", "1 hours 30 minutes"; used in plans and messages.
std::string to_string(duration d);

/// A watermark: no row with event time at or before it is awaited any more. `unset` until a first event time is seen.
/// Source: Spark Structured Streaming, "Handling Late Data and Watermarking".
using watermark = std::optional<timestamp>;

}  // namespace flow
