#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <arrow/array.h>
#include <arrow/util/decimal.h>

/// Values as text and back, as Spark and Java write them.
namespace flow {

/// Java's Double.toString: "1.0", "1.0E7", "NaN", "Infinity".
void append_double(std::string& out, double v);
void append_float(std::string& out, float v);
/// All digits, `scale` of them behind the point.
void append_decimal(std::string& out, const arrow::Decimal128& v, int scale);
/// Java's BigDecimal.toString, which is what a decimal becomes as STRING or in JSON: "1E-10" for 0.0000000001.
void append_java_decimal(std::string& out, const arrow::Decimal128& v, int scale);
void append_integer(std::string& out, std::int64_t v);

/// CAST(value AS STRING) of any non-null value: "[1, null]", "{a -> 1}", "{1, x}".
void append_value(std::string& out, const arrow::Array& values, std::int64_t row);

/// CAST(text AS BIGINT): blanks cut, a fraction cut unless `whole` (try_cast); nothing when it is no number or too great.
std::optional<std::int64_t> parse_integer(std::string_view text, bool whole);
/// CAST(text AS DOUBLE): Java's syntax, "inf", "infinity", "nan" in any case.
std::optional<double> parse_double(std::string_view text);
std::optional<float> parse_float(std::string_view text);
/// The number rounded HALF_UP to DECIMAL(precision, scale); nothing when it is none or does not fit.
std::optional<arrow::Decimal128> parse_decimal(std::string_view text, int precision, int scale);
std::optional<bool> parse_boolean(std::string_view text);

}  // namespace flow
