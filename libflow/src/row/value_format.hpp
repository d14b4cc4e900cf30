#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include <arrow/type.h>

#include "flow/error.hpp"

/// How single values are laid out in encoded rows: big-endian with the sign flipped, so that bytes sort as values do.
namespace flow::row {

enum class layout : std::uint8_t {
  null,
  boolean,
  int8,
  int16,
  int32,
  int64,
  float32,
  float64,
  decimal,
  interval,
  bytes,
  structure,
  list
};

/// Throws for types that have no place in libflow (types.hpp).
inline layout layout_of(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::NA:
      return layout::null;
    case arrow::Type::BOOL:
      return layout::boolean;
    case arrow::Type::INT8:
      return layout::int8;
    case arrow::Type::INT16:
      return layout::int16;
    case arrow::Type::INT32:
    case arrow::Type::DATE32:
      return layout::int32;
    case arrow::Type::INT64:
    case arrow::Type::TIMESTAMP:
      return layout::int64;
    case arrow::Type::FLOAT:
      return layout::float32;
    case arrow::Type::DOUBLE:
      return layout::float64;
    case arrow::Type::DECIMAL128:
      return layout::decimal;
    case arrow::Type::INTERVAL_MONTH_DAY_NANO:
      return layout::interval;
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return layout::bytes;
    case arrow::Type::STRUCT:
      return layout::structure;
    case arrow::Type::LIST:
    case arrow::Type::MAP:
      return layout::list;
    default:
      throw error(errc::type_mismatch,
                  "rows of type " + type.ToString() + " cannot be encoded: cast the column to one of libflow's types first");
  }
}

inline void check_supported(const arrow::DataType& type) {
  layout_of(type);
  for (const auto& field : type.fields()) check_supported(*field->type());
}

inline std::uint8_t swap_bytes(std::uint8_t v) { return v; }
inline std::uint16_t swap_bytes(std::uint16_t v) { return __builtin_bswap16(v); }
inline std::uint32_t swap_bytes(std::uint32_t v) { return __builtin_bswap32(v); }
inline std::uint64_t swap_bytes(std::uint64_t v) { return __builtin_bswap64(v); }

template <class T>
void put_big_endian(std::uint8_t* p, T v) {
  if constexpr (std::endian::native == std::endian::little) v = swap_bytes(v);
  std::memcpy(p, &v, sizeof(v));
}

template <class T>
T get_big_endian(const std::uint8_t* p) {
  T v;
  std::memcpy(&v, p, sizeof(v));
  if constexpr (std::endian::native == std::endian::little) v = swap_bytes(v);
  return v;
}

template <class Signed, class Unsigned>
struct integer_format {
  using value = Signed;
  static constexpr std::size_t size = sizeof(Signed);
  static constexpr Unsigned sign = static_cast<Unsigned>(Unsigned{1} << (8 * size - 1));
  static void store(std::uint8_t* p, Signed v) { put_big_endian(p, static_cast<Unsigned>(static_cast<Unsigned>(v) ^ sign)); }
  static Signed load(const std::uint8_t* p) {
    return static_cast<Signed>(static_cast<Unsigned>(get_big_endian<Unsigned>(p) ^ sign));
  }
};
using int8_format = integer_format<std::int8_t, std::uint8_t>;
using int16_format = integer_format<std::int16_t, std::uint16_t>;
using int32_format = integer_format<std::int32_t, std::uint32_t>;
using int64_format = integer_format<std::int64_t, std::uint64_t>;

template <class Float, class Bits>
struct floating_format {
  using value = Float;
  static constexpr std::size_t size = sizeof(Float);
  static constexpr Bits sign = Bits{1} << (8 * size - 1);
  static void store(std::uint8_t* p, Float v) {
    if (std::isnan(v)) v = std::numeric_limits<Float>::quiet_NaN();
    if (v == 0) v = 0;  // -0.0 too
    const auto bits = std::bit_cast<Bits>(v);
    put_big_endian(p, (bits & sign) != 0 ? static_cast<Bits>(~bits) : static_cast<Bits>(bits | sign));
  }
  static Float load(const std::uint8_t* p) {
    const auto bits = get_big_endian<Bits>(p);
    return std::bit_cast<Float>((bits & sign) != 0 ? static_cast<Bits>(bits & ~sign) : static_cast<Bits>(~bits));
  }
};
using float_format = floating_format<float, std::uint32_t>;
using double_format = floating_format<double, std::uint64_t>;

/// A decimal's 128 bits as Arrow stores them.
struct decimal_words {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
};
struct decimal_format {
  using value = decimal_words;
  static constexpr std::size_t size = 16;
  static constexpr std::uint64_t sign = 1ull << 63;
  static void store(std::uint8_t* p, decimal_words v) {
    put_big_endian(p, v.high ^ sign);
    put_big_endian(p + 8, v.low);
  }
  static decimal_words load(const std::uint8_t* p) {
    return {get_big_endian<std::uint64_t>(p + 8), get_big_endian<std::uint64_t>(p) ^ sign};
  }
};

/// A calendar interval as Arrow stores it.
struct interval_words {
  std::int32_t months = 0;
  std::int32_t days = 0;
  std::int64_t nanoseconds = 0;
};
struct interval_format {
  using value = interval_words;
  static constexpr std::size_t size = 16;
  static void store(std::uint8_t* p, interval_words v) {
    int32_format::store(p, v.months);
    int32_format::store(p + 4, v.days);
    int64_format::store(p + 8, v.nanoseconds);
  }
  static interval_words load(const std::uint8_t* p) {
    return {int32_format::load(p), int32_format::load(p + 4), int64_format::load(p + 8)};
  }
};

/// Calls `f` with the format of a layout that has one (not boolean, bytes or nested).
template <class F>
auto with_fixed(layout kind, F f) {
  switch (kind) {
    case layout::int8:
      return f(int8_format{});
    case layout::int16:
      return f(int16_format{});
    case layout::int32:
      return f(int32_format{});
    case layout::float32:
      return f(float_format{});
    case layout::float64:
      return f(double_format{});
    case layout::decimal:
      return f(decimal_format{});
    case layout::interval:
      return f(interval_format{});
    default:
      return f(int64_format{});
  }
}

inline std::size_t fixed_size(layout kind) {
  if (kind == layout::boolean) return 1;
  if (kind == layout::null) return 0;
  return with_fixed(kind, []<class Format>(Format) { return Format::size; });
}

}  // namespace flow::row
