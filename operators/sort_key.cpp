#include "operators/sort_key.hpp"

#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>

#include <arrow/array.h>
#include <arrow/type.h>

#include "flow/error.hpp"

namespace flow {

namespace {

// Marks before a value: they order null, value and the end of an array.
constexpr char end_mark = 0, null_mark = 1, value_mark = 2, last_null_mark = 3;

void append_bytes(std::uint64_t bits, int bytes, std::string& key) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) key.push_back(static_cast<char>(bits >> shift));
}

template <class Integer>
void append_integer(Integer value, std::string& key) {
  using bits = std::make_unsigned_t<Integer>;
  constexpr auto sign = static_cast<bits>(bits{1} << (8 * sizeof(Integer) - 1));
  append_bytes(static_cast<bits>(static_cast<bits>(value) ^ sign), sizeof(Integer), key);
}

template <class Float, class Bits>
void append_float(Float value, std::string& key) {
  if (std::isnan(value)) value = std::numeric_limits<Float>::quiet_NaN();
  if (value == Float{0}) value = Float{0};
  constexpr auto sign = static_cast<Bits>(Bits{1} << (8 * sizeof(Bits) - 1));
  const auto bits = std::bit_cast<Bits>(value);
  append_bytes((bits & sign) != 0 ? static_cast<Bits>(~bits) : static_cast<Bits>(bits | sign), sizeof(Bits), key);
}

/// Zero bytes are escaped so that the end, 0 0, is less than anything that can follow.
void append_text(std::string_view text, std::string& key) {
  for (const char c : text) {
    key.push_back(c);
    if (c == 0) key.push_back(1);
  }
  key.append(2, '\0');
}

void append_decimal(const arrow::Decimal128Array& values, std::int64_t row, std::string& key) {
  const auto* words =
      reinterpret_cast<const std::uint64_t*>(values.GetValue(row));  // Low word first on little-endian machines.
  append_integer(static_cast<std::int64_t>(words[1]), key);
  append_bytes(words[0], 8, key);
}

void append_value(const arrow::Array& values, std::int64_t row, std::string& key);

void append_nested(const arrow::Array& values, std::int64_t row, std::string& key) {
  if (values.IsNull(row)) return key.push_back(null_mark);
  key.push_back(value_mark);
  append_value(values, row, key);
}

void append_list(const arrow::ListArray& lists, std::int64_t row, std::string& key) {
  for (auto i = lists.value_offset(row); i < lists.value_offset(row + 1); ++i) append_nested(*lists.values(), i, key);
  key.push_back(end_mark);
}

template <class Array>
auto value_of(const arrow::Array& values, std::int64_t row) {
  return static_cast<const Array&>(values).Value(row);
}

void append_value(const arrow::Array& values, std::int64_t row, std::string& key) {
  using type = arrow::Type;
  switch (values.type_id()) {
    case type::BOOL:
      return key.push_back(value_of<arrow::BooleanArray>(values, row) ? 1 : 0);
    case type::INT8:
      return append_integer(value_of<arrow::Int8Array>(values, row), key);
    case type::INT16:
      return append_integer(value_of<arrow::Int16Array>(values, row), key);
    case type::INT32:
      return append_integer(value_of<arrow::Int32Array>(values, row), key);
    case type::DATE32:
      return append_integer(value_of<arrow::Date32Array>(values, row), key);
    case type::INT64:
      return append_integer(value_of<arrow::Int64Array>(values, row), key);
    case type::TIMESTAMP:
      return append_integer(value_of<arrow::TimestampArray>(values, row), key);
    case type::FLOAT:
      return append_float<float, std::uint32_t>(value_of<arrow::FloatArray>(values, row), key);
    case type::DOUBLE:
      return append_float<double, std::uint64_t>(value_of<arrow::DoubleArray>(values, row), key);
    case type::DECIMAL128:
      return append_decimal(static_cast<const arrow::Decimal128Array&>(values), row, key);
    case type::STRING:
    case type::BINARY:
      return append_text(static_cast<const arrow::BinaryArray&>(values).GetView(row), key);
    case type::STRUCT:
      for (const auto& member : static_cast<const arrow::StructArray&>(values).fields()) append_nested(*member, row, key);
      return;
    case type::LIST:
      return append_list(static_cast<const arrow::ListArray&>(values), row, key);
    default:
      return;
  }
}

bool orderable(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::MAP:
    case arrow::Type::INTERVAL_MONTH_DAY_NANO:
      return false;
    case arrow::Type::STRUCT:
    case arrow::Type::LIST:
      for (const auto& field : type.fields()) {
        if (!orderable(*field->type())) return false;
      }
      return true;
    default:
      return true;
  }
}

}  // namespace

sort_key_encoder::sort_key_encoder(data_type type, bool descending, bool nulls_first)
    : descending_(descending), nulls_first_(nulls_first) {
  if (!orderable(*type)) {
    throw error(errc::type_mismatch, "a column of type " + to_ddl(*type) + " has no order; sort by something made from it");
  }
}

void sort_key_encoder::append(const arrow::Array& values, std::int64_t row, std::string& key) const {
  if (values.IsNull(row)) return key.push_back(nulls_first_ ? null_mark : last_null_mark);
  key.push_back(value_mark);
  const auto begin = key.size();
  append_value(values, row, key);
  if (!descending_) return;
  for (auto i = begin; i < key.size(); ++i) key[i] = static_cast<char>(~key[i]);
}

}  // namespace flow
