#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <arrow/util/decimal.h>

namespace flow {

/// Numbers as Java reads them in text: the whole text, no blanks, an optional sign.
template <class Integer>
std::optional<Integer> read_integer(std::string_view text);

/// As Java's Double.parseDouble: blanks around it, "NaN", "Infinity", a trailing d or f.
std::optional<double> read_double(std::string_view text);
std::optional<float> read_float(std::string_view text);

/// A decimal literal with its own precision and scale (scale may be negative: 1e3).
struct exact_number {
  arrow::Decimal128 digits;
  int precision = 1;
  int scale = 0;
};
/// Null for what is no number or has more than 38 digits.
std::optional<exact_number> read_exact(std::string_view text);
/// Rounded half up to `scale`; null if it has more than `precision` digits then.
std::optional<arrow::Decimal128> read_decimal(std::string_view text, int precision, int scale);

/// "2024-02-29", exactly: days since 1970-01-01.
std::optional<std::int32_t> read_plain_date(std::string_view text);
/// "2024-02-29 10:00:00", "2024-02-29T10:00:00.123": microseconds.
std::optional<std::int64_t> read_plain_timestamp(std::string_view text);

/// What CAST makes of text.
std::optional<std::int32_t> read_date(std::string_view text);
std::optional<std::int64_t> read_timestamp(std::string_view text, bool zoned);  // Not zoned: a text with a zone is none.

}  // namespace flow
