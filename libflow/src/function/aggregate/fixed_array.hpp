#pragma once

#include <cstdint>
#include <cstring>
#include <memory>

#include <arrow/api.h>
#include <arrow/util/bit_util.h>

#include "batch/column_buffer.hpp"
#include "flow/batch.hpp"
#include "batch/arrow_status.hpp"

namespace flow::aggregates {

/// An array of `count` values of a fixed-width type: `value(i)` where `valid(i)`.
template <class T, class Value, class Valid>
array fixed_array(const data_type& type, std::size_t count, Value value, Valid valid) {
  const auto rows = static_cast<std::int64_t>(count);
  auto values = allocate(rows * static_cast<std::int64_t>(sizeof(T)));
  std::shared_ptr<arrow::Buffer> validity;
  auto* out = reinterpret_cast<T*>(values->mutable_data());
  std::int64_t nulls = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (valid(i)) {
      out[i] = value(i);
      continue;
    }
    if (!validity) {
      validity = allocate(arrow::bit_util::BytesForBits(rows));
      std::memset(validity->mutable_data(), 0xff, static_cast<std::size_t>(validity->size()));
    }
    out[i] = T{};
    arrow::bit_util::ClearBit(validity->mutable_data(), static_cast<std::int64_t>(i));
    ++nulls;
  }
  return arrow::MakeArray(arrow::ArrayData::Make(type, rows, {validity, values}, nulls));
}

template <class T, class Value>
array fixed_array(const data_type& type, std::size_t count, Value value) {
  return fixed_array<T>(type, count, value, [](std::size_t) { return true; });
}

template <class Value>
array boolean_array(std::size_t count, Value value) {
  arrow::BooleanBuilder builder;
  check(builder.Reserve(static_cast<std::int64_t>(count)));
  for (std::size_t i = 0; i < count; ++i) builder.UnsafeAppend(value(i));
  return check(builder.Finish());
}

/// Calls visit(i) for every row that is not null.
template <class F>
void for_each_value(const arrow::Array& column, F visit) {
  const auto rows = column.length();
  if (column.null_count() == 0) {
    for (std::int64_t i = 0; i < rows; ++i) visit(static_cast<std::size_t>(i));
  } else if (column.null_count() < rows) {
    for (std::int64_t i = 0; i < rows; ++i) {
      if (column.IsValid(i)) visit(static_cast<std::size_t>(i));
    }
  }
}

template <class T>
const T* raw(const arrow::Array& column) {
  return column.data()->GetValues<T>(1);
}

}  // namespace flow::aggregates
