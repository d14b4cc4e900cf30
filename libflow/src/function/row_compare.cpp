#include "function/row_compare.hpp"

#include <arrow/api.h>

namespace flow {

namespace {

std::strong_ordering sign(int n) { return n <=> 0; }

template <class Array>
std::strong_ordering by_value(const arrow::Array& a, std::int64_t i, const arrow::Array& b, std::int64_t j) {
  return static_cast<const Array&>(a).Value(i) <=> static_cast<const Array&>(b).Value(j);
}

template <class Array>
std::strong_ordering by_number(const arrow::Array& a, std::int64_t i, const arrow::Array& b, std::int64_t j) {
  return sign(compare_floating(static_cast<const Array&>(a).Value(i), static_cast<const Array&>(b).Value(j)));
}

std::strong_ordering by_bytes(const arrow::Array& a, std::int64_t i, const arrow::Array& b, std::int64_t j) {
  return sign(
      static_cast<const arrow::BinaryArray&>(a).GetView(i).compare(static_cast<const arrow::BinaryArray&>(b).GetView(j)));
}

std::strong_ordering by_decimal(const arrow::Array& a, std::int64_t i, const arrow::Array& b, std::int64_t j) {
  const arrow::Decimal128 x(static_cast<const arrow::Decimal128Array&>(a).GetValue(i));
  const arrow::Decimal128 y(static_cast<const arrow::Decimal128Array&>(b).GetValue(j));
  return x < y ? std::strong_ordering::less : x > y ? std::strong_ordering::greater : std::strong_ordering::equal;
}

std::strong_ordering by_elements(const arrow::Array& a, std::int64_t i, const arrow::Array& b, std::int64_t j) {
  const auto& x = static_cast<const arrow::ListArray&>(a);
  const auto& y = static_cast<const arrow::ListArray&>(b);
  const auto shorter = std::min(x.value_length(i), y.value_length(j));
  for (std::int32_t k = 0; k < shorter; ++k) {
    const auto order = compare_rows(*x.values(), x.value_offset(i) + k, *y.values(), y.value_offset(j) + k);
    if (order != 0) return order;
  }
  return x.value_length(i) <=> y.value_length(j);
}

std::strong_ordering by_members(const arrow::Array& a, std::int64_t i, const arrow::Array& b, std::int64_t j) {
  const auto& x = static_cast<const arrow::StructArray&>(a);
  const auto& y = static_cast<const arrow::StructArray&>(b);
  for (int m = 0; m < x.num_fields(); ++m) {
    const auto order = compare_rows(*x.field(m), i, *y.field(m), j);
    if (order != 0) return order;
  }
  return std::strong_ordering::equal;
}

// By months, then by the time that days and smaller units are together: 24 hours are a day.
std::strong_ordering by_length(const arrow::Array& a, std::int64_t i, const arrow::Array& b, std::int64_t j) {
  const auto x = static_cast<const arrow::MonthDayNanoIntervalArray&>(a).GetValue(i);
  const auto y = static_cast<const arrow::MonthDayNanoIntervalArray&>(b).GetValue(j);
  if (x.months != y.months) return x.months <=> y.months;
  constexpr std::int64_t micros_per_day = 86'400'000'000;
  const auto micros = [](const auto& v) { return std::int64_t{v.days} * micros_per_day + v.nanoseconds / 1000; };
  return micros(x) <=> micros(y);
}

}  // namespace

std::strong_ordering compare_rows(const arrow::Array& a, std::int64_t i, const arrow::Array& b, std::int64_t j) {
  const bool a_valid = a.IsValid(i), b_valid = b.IsValid(j);
  if (!a_valid || !b_valid) return a_valid <=> b_valid;
  switch (a.type_id()) {
    case arrow::Type::BOOL:
      return by_value<arrow::BooleanArray>(a, i, b, j);
    case arrow::Type::INT8:
      return by_value<arrow::Int8Array>(a, i, b, j);
    case arrow::Type::INT16:
      return by_value<arrow::Int16Array>(a, i, b, j);
    case arrow::Type::INT32:
      return by_value<arrow::Int32Array>(a, i, b, j);
    case arrow::Type::INT64:
      return by_value<arrow::Int64Array>(a, i, b, j);
    case arrow::Type::FLOAT:
      return by_number<arrow::FloatArray>(a, i, b, j);
    case arrow::Type::DOUBLE:
      return by_number<arrow::DoubleArray>(a, i, b, j);
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return by_bytes(a, i, b, j);
    case arrow::Type::DATE32:
      return by_value<arrow::Date32Array>(a, i, b, j);
    case arrow::Type::TIMESTAMP:
      return by_value<arrow::TimestampArray>(a, i, b, j);
    case arrow::Type::DECIMAL128:
      return by_decimal(a, i, b, j);
    case arrow::Type::LIST:
    case arrow::Type::MAP:
      return by_elements(a, i, b, j);
    case arrow::Type::STRUCT:
      return by_members(a, i, b, j);
    case arrow::Type::INTERVAL_MONTH_DAY_NANO:
      return by_length(a, i, b, j);
    default:
      return std::strong_ordering::equal;
  }
}

}  // namespace flow
