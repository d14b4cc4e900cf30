#pragma once

#include <optional>
#include <string>

#include <arrow/type.h>

#include "flow/types.hpp"

/// Spark's rules of which types meet in which, with ANSI mode off.
namespace flow {

inline constexpr int max_decimal_precision = 38;
inline constexpr int least_adjusted_scale = 6;

inline bool is_timestamp_type(const arrow::DataType& t) {
  return t.id() == arrow::Type::TIMESTAMP && !static_cast<const arrow::TimestampType&>(t).timezone().empty();
}
inline bool is_integral_type(const arrow::DataType& t) { return t.id() >= arrow::Type::UINT8 && t.id() <= arrow::Type::INT64; }
inline bool is_floating_type(const arrow::DataType& t) { return t.id() == arrow::Type::FLOAT || t.id() == arrow::Type::DOUBLE; }
inline bool is_decimal_type(const arrow::DataType& t) { return t.id() == arrow::Type::DECIMAL128; }
inline bool is_numeric_type(const arrow::DataType& t) {
  return is_integral_type(t) || is_floating_type(t) || is_decimal_type(t);
}
inline bool is_string_type(const arrow::DataType& t) { return t.id() == arrow::Type::STRING; }
inline bool is_null_type(const arrow::DataType& t) { return t.id() == arrow::Type::NA; }
inline bool is_list_type(const arrow::DataType& t) { return t.id() == arrow::Type::LIST; }
inline bool is_map_type(const arrow::DataType& t) { return t.id() == arrow::Type::MAP; }
inline bool is_struct_type(const arrow::DataType& t) { return t.id() == arrow::Type::STRUCT; }
inline bool is_nested_type(const arrow::DataType& t) { return is_list_type(t) || is_map_type(t) || is_struct_type(t); }
inline bool is_date_or_time_type(const arrow::DataType& t) {
  return t.id() == arrow::Type::DATE32 || t.id() == arrow::Type::TIMESTAMP;
}
inline const data_type& element_type(const arrow::DataType& list) {
  return static_cast<const arrow::ListType&>(list).value_type();
}

/// The type with its parts, lower case, as typeof() prints it: `array<struct<a:int>>`.
std::string catalog_name(const arrow::DataType& type);

struct decimal_shape {
  int precision = 0;
  int scale = 0;
};

/// Precision and scale that hold every value of an integral type or are those of a decimal.
decimal_shape decimal_shape_of(const arrow::DataType& type);
/// At most 38 digits, giving up scale (never below 6) before whole digits: how Spark bounds the result of arithmetic.
decimal_shape adjusted(decimal_shape exact);
/// At most 38 digits, cut.
decimal_shape bounded(decimal_shape exact);

/// Whether a map is in the type; such values have no order and no equality.
bool has_map(const arrow::DataType& type);
/// Whether the types differ at most in what members are called.
bool same_structure(const arrow::DataType& a, const arrow::DataType& b);
/// common_type() that makes no texts of other values.
data_type common_type_without_text(const data_type& a, const data_type& b);
/// common_type() that changes no value: no texts, and no decimals but for whole numbers that fit.
data_type common_type_without_loss(const data_type& a, const data_type& b);
/// The type both sides of a comparison operator are brought to; null when they cannot be compared.
data_type comparison_type(const data_type& a, const data_type& b);

}  // namespace flow
