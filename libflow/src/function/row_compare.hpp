#pragma once

#include <compare>

#include <arrow/array.h>

namespace flow {

/// Order of two values of the same type as Spark sorts them: null first, NaN greatest, -0.0 equal to 0.0, arrays and structs
/// part by part, text by bytes. Any type; for the long tail, hot types have loops of their own.
std::strong_ordering compare_rows(const arrow::Array& a, std::int64_t i, const arrow::Array& b, std::int64_t j);
inline bool equal_rows(const arrow::Array& a, std::int64_t i, const arrow::Array& b, std::int64_t j) {
  return compare_rows(a, i, b, j) == 0;
}

/// Order of two floating numbers, NaN greatest and equal to itself.
template <class T>
int compare_floating(T a, T b) {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a == b) return 0;
  const bool a_nan = a != a, b_nan = b != b;
  return static_cast<int>(a_nan) - static_cast<int>(b_nan);
}

}  // namespace flow
