#include <bit>

#include <arrow/api.h>

#include "flow/error.hpp"
#include "function/register.hpp"
#include "function/row_kernels.hpp"
#include "function/signature.hpp"
#include "types/load_bytes.hpp"

namespace flow {

namespace {

using u32 = std::uint32_t;
using u64 = std::uint64_t;

/// Murmur3 (32 bit) as Spark computes it: the bytes behind the last whole word are mixed in one by one.
struct murmur3 {
  using word = u32;

  static u32 mix(u32 h, u32 k) {
    k = std::rotl(k * 0xcc9e2d51u, 15) * 0x1b873593u;
    return std::rotl(h ^ k, 13) * 5 + 0xe6546b64u;
  }
  static u32 finish(u32 h, u32 length) {
    h ^= length;
    h = (h ^ h >> 16) * 0x85ebca6bu;
    h = (h ^ h >> 13) * 0xc2b2ae35u;
    return h ^ h >> 16;
  }
  static u32 of_int(std::int32_t v, u32 seed) { return finish(mix(seed, static_cast<u32>(v)), 4); }
  static u32 of_long(std::int64_t v, u32 seed) {
    const auto bits = static_cast<u64>(v);
    return finish(mix(mix(seed, static_cast<u32>(bits)), static_cast<u32>(bits >> 32)), 8);
  }
  static u32 of_bytes(std::string_view bytes, u32 seed) {
    u32 h = seed;
    std::size_t i = 0;
    for (; i + 4 <= bytes.size(); i += 4) h = mix(h, load<u32>(bytes.data() + i));
    for (; i < bytes.size(); ++i) h = mix(h, static_cast<u32>(static_cast<std::int32_t>(static_cast<signed char>(bytes[i]))));
    return finish(h, static_cast<u32>(bytes.size()));
  }
};

/// XXH64.
struct xxhash64 {
  using word = u64;
  static constexpr u64 p1 = 0x9E3779B185EBCA87ull, p2 = 0xC2B2AE3D27D4EB4Full, p3 = 0x165667B19E3779F9ull,
                       p4 = 0x85EBCA77C2B2AE63ull, p5 = 0x27D4EB2F165667C5ull;

  static u64 finish(u64 h) {
    h = (h ^ h >> 33) * p2;
    h = (h ^ h >> 29) * p3;
    return h ^ h >> 32;
  }
  static u64 round(u64 h, u64 v) { return std::rotl(h + v * p2, 31) * p1; }
  static u64 mix_long(u64 h, u64 v) { return std::rotl(h ^ round(0, v), 27) * p1 + p4; }
  static u64 mix_int(u64 h, u64 v) { return std::rotl(h ^ (v * p1), 23) * p2 + p3; }
  static u64 of_int(std::int32_t v, u64 seed) { return finish(mix_int(seed + p5 + 4, static_cast<u32>(v))); }
  static u64 of_long(std::int64_t v, u64 seed) { return finish(mix_long(seed + p5 + 8, static_cast<u64>(v))); }
  static u64 of_bytes(std::string_view bytes, u64 seed) {
    const char* p = bytes.data();
    const char* end = p + bytes.size();
    u64 h = seed + p5;
    if (bytes.size() >= 32) {
      u64 a = seed + p1 + p2, b = seed + p2, c = seed, d = seed - p1;
      for (; end - p >= 32; p += 32) {
        a = round(a, load<u64>(p));
        b = round(b, load<u64>(p + 8));
        c = round(c, load<u64>(p + 16));
        d = round(d, load<u64>(p + 24));
      }
      h = std::rotl(a, 1) + std::rotl(b, 7) + std::rotl(c, 12) + std::rotl(d, 18);
      for (const u64 v : {a, b, c, d}) h = (h ^ round(0, v)) * p1 + p4;
    }
    h += bytes.size();
    for (; end - p >= 8; p += 8) h = mix_long(h, load<u64>(p));
    for (; end - p >= 4; p += 4) h = mix_int(h, load<u32>(p));
    for (; p != end; ++p) h = std::rotl(h ^ (static_cast<unsigned char>(*p) * p5), 11) * p1;
    return finish(h);
  }
};

/// The shortest two's complement bytes of a number, greatest first, as Java's BigInteger gives them.
std::string minimal_bytes(const arrow::Decimal128& v) {
  std::string bytes;
  for (int i = 15; i >= 0; --i) {
    const u64 word = i >= 8 ? static_cast<u64>(v.high_bits()) : v.low_bits();
    bytes += static_cast<char>(word >> (i % 8 * 8));
  }
  std::size_t skip = 0;
  const char fill = v.high_bits() < 0 ? '\xff' : '\0';
  while (skip < 15 && bytes[skip] == fill && ((bytes[skip + 1] ^ fill) & 0x80) == 0) ++skip;
  return bytes.substr(skip);
}

/// The hash of a value of any type continuing from `seed`; null leaves it as it is.
template <class H>
typename H::word hash_value(const arrow::Array& a, std::int64_t i, typename H::word seed) {
  if (a.IsNull(i)) return seed;
  switch (a.type_id()) {
    case arrow::Type::BOOL:
      return H::of_int(static_cast<const arrow::BooleanArray&>(a).Value(i) ? 1 : 0, seed);
    case arrow::Type::INT8:
      return H::of_int(static_cast<const arrow::Int8Array&>(a).Value(i), seed);
    case arrow::Type::INT16:
      return H::of_int(static_cast<const arrow::Int16Array&>(a).Value(i), seed);
    case arrow::Type::INT32:
      return H::of_int(static_cast<const arrow::Int32Array&>(a).Value(i), seed);
    case arrow::Type::DATE32:
      return H::of_int(static_cast<const arrow::Date32Array&>(a).Value(i), seed);
    case arrow::Type::INT64:
      return H::of_long(static_cast<const arrow::Int64Array&>(a).Value(i), seed);
    case arrow::Type::TIMESTAMP:
      return H::of_long(static_cast<const arrow::TimestampArray&>(a).Value(i), seed);
    case arrow::Type::FLOAT: {
      const float v = static_cast<const arrow::FloatArray&>(a).Value(i);
      return H::of_int(v != v ? 0x7fc00000 : std::bit_cast<std::int32_t>(v == 0 ? 0.0f : v), seed);
    }
    case arrow::Type::DOUBLE: {
      const double v = static_cast<const arrow::DoubleArray&>(a).Value(i);
      return H::of_long(v != v ? 0x7ff8000000000000 : std::bit_cast<std::int64_t>(v == 0 ? 0.0 : v), seed);
    }
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return H::of_bytes(static_cast<const arrow::BinaryArray&>(a).GetView(i), seed);
    case arrow::Type::DECIMAL128: {
      const arrow::Decimal128 v(static_cast<const arrow::Decimal128Array&>(a).GetValue(i));
      if (decimal_shape_of(*a.type()).precision <= 18) return H::of_long(static_cast<std::int64_t>(v.low_bits()), seed);
      return H::of_bytes(minimal_bytes(v), seed);
    }
    case arrow::Type::LIST: {
      const auto& list = static_cast<const arrow::ListArray&>(a);
      for (auto j = list.value_offset(i); j < list.value_offset(i + 1); ++j) seed = hash_value<H>(*list.values(), j, seed);
      return seed;
    }
    case arrow::Type::STRUCT:
      for (const auto& member : static_cast<const arrow::StructArray&>(a).fields()) seed = hash_value<H>(*member, i, seed);
      return seed;
    default:
      return seed;
  }
}

template <class H, class Builder>
void define_hash(function_catalog& c, const function_text& f, const data_type& type) {
  define(c, f, takes_many({accepts::any}, 1), [=](bound_list a) -> scalar_binding {
    for (const auto& e : a) {
      if (has_map(*e->type())) refuse_arguments(f, a, "maps have no order, and so no hash");
    }
    auto kernel = [](std::span<const arrow::Datum> v, std::int64_t rows, const evaluation_context&) -> arrow::Datum {
      arrow::ArrayVector columns;
      for (const auto& d : v) columns.push_back(as_array(d, rows));
      Builder out;
      check(out.Reserve(rows));
      for (std::int64_t i = 0; i < rows; ++i) {
        typename H::word h = 42;
        for (const auto& column : columns) h = hash_value<H>(*column, i, h);
        out.UnsafeAppend(static_cast<typename Builder::value_type>(h));
      }
      return check(out.Finish());
    };
    return {std::move(a), type, kernel, true};
  });
}

}  // namespace

void register_hash(function_catalog& c) {
  define_hash<murmur3, arrow::Int32Builder>(c, {"hash", "hash(a, ...)", "Spark's Murmur3 hash of the arguments."},
                                            types::integer());
  define_hash<xxhash64, arrow::Int64Builder>(c, {"xxhash64", "xxhash64(a, ...)", "Spark's 64-bit xxHash of the arguments."},
                                             types::bigint());
}

}  // namespace flow
