#include <bit>

#include <arrow/api.h>

#include "flow/error.hpp"
#include "function/register.hpp"
#include "function/row_kernels.hpp"
#include "function/signature.hpp"

namespace flow {

namespace {

using i32 = std::int32_t;
using i64 = std::int64_t;

template <class F>
scalar_kernel integral_kernel(const data_type& type, F f) {
  switch (type->id()) {
    case arrow::Type::INT8:
      return map_values<std::int8_t, std::int8_t, std::int8_t>(type, f);
    case arrow::Type::INT16:
      return map_values<std::int16_t, std::int16_t, std::int16_t>(type, f);
    case arrow::Type::INT32:
      return map_values<i32, i32, i32>(type, f);
    default:
      return map_values<i64, i64, i64>(type, f);
  }
}

void require_integral(const function_text& f, const bound_list& a) {
  for (const auto& e : a) {
    if (!is_integral_type(*e->type())) refuse_arguments(f, a, "it works on the bits of whole numbers");
  }
}

template <class F>
void define_bits(function_catalog& c, const function_text& f, F fn) {
  define(c, f, takes({accepts::any, accepts::any}), [=](bound_list a) -> scalar_binding {
    a = to_common_type(f, std::move(a));
    require_integral(f, a);
    const auto type = a[0]->type();
    return {std::move(a), type, integral_kernel(type, fn), true};
  });
}

template <class F>
void define_shift(function_catalog& c, const function_text& f, F fn) {
  define(c, f, takes({accepts::any, accepts::integer}), [=](bound_list a) -> scalar_binding {
    if (!is_integral_type(*a[0]->type())) a[0] = bind_cast(a[0], types::integer());
    if (a[0]->type()->id() == arrow::Type::INT64) {
      return {std::move(a), types::bigint(),
              map_values<i64, i64, i32>(types::bigint(), [fn](i64 v, i32 n) { return fn(v, n & 63); }), true};
    }
    a[0] = bind_cast(a[0], types::integer());
    return {std::move(a), types::integer(),
            map_values<i32, i32, i32>(types::integer(), [fn](i32 v, i32 n) { return fn(v, n & 31); }), true};
  });
}

}  // namespace

void register_bitwise(function_catalog& c) {
  define_bits(c, {"&", "a & b", "Bits set in both."}, [](auto a, auto b) { return static_cast<decltype(a)>(a & b); });
  define_bits(c, {"|", "a | b", "Bits set in either."}, [](auto a, auto b) { return static_cast<decltype(a)>(a | b); });
  define_bits(c, {"^", "a ^ b", "Bits set in one of both."}, [](auto a, auto b) { return static_cast<decltype(a)>(a ^ b); });
  const function_text inverse{"~", "~a", "Every bit turned."};
  define(c, inverse, takes({accepts::any}), [inverse](bound_list a) -> scalar_binding {
    require_integral(inverse, a);
    const auto type = a[0]->type();
    a.push_back(a[0]);
    return {std::move(a), type, integral_kernel(type, [](auto v, auto) { return static_cast<decltype(v)>(~v); }), true};
  });
  define_shift(c, {"shiftleft", "shiftleft(a, n)", "Bits moved left; n counts modulo the width."},
               [](auto v, i32 n) { return static_cast<decltype(v)>(static_cast<std::make_unsigned_t<decltype(v)>>(v) << n); });
  define_synonyms(c, {"<<"});
  define_shift(c, {"shiftright", "shiftright(a, n)", "Bits moved right, the sign kept."},
               [](auto v, i32 n) { return static_cast<decltype(v)>(v >> n); });
  define_synonyms(c, {">>"});
  define_shift(c, {"shiftrightunsigned", "shiftrightunsigned(a, n)", "Bits moved right, zeros filled in."},
               [](auto v, i32 n) { return static_cast<decltype(v)>(static_cast<std::make_unsigned_t<decltype(v)>>(v) >> n); });
  define_synonyms(c, {">>>"});
  const function_text count{"bit_count", "bit_count(a)", "How many bits are set, of 64."};
  define(c, count, takes({accepts::any}), [count](bound_list a) -> scalar_binding {
    if (a[0]->type()->id() != arrow::Type::BOOL && !is_null_type(*a[0]->type())) require_integral(count, a);
    a[0] = bind_cast(a[0], types::bigint());
    return {std::move(a), types::integer(),
            map_values<i32, i64>(types::integer(), [](i64 v) { return std::popcount(static_cast<std::uint64_t>(v)); }), true};
  });
  const function_text bit{"bit_get", "bit_get(a, n)", "The bit at place n from the right."};
  define(c, bit, takes({accepts::any, accepts::integer}), [bit](bound_list a) -> scalar_binding {
    require_integral(bit, {a[0]});
    const int bits = static_cast<const arrow::FixedWidthType&>(*a[0]->type()).bit_width();
    a[0] = bind_cast(a[0], types::bigint());
    auto kernel = map_values<std::int8_t, i64, i32>(types::tinyint(), [bits](i64 v, i32 n) -> std::optional<std::int8_t> {
      if (n < 0 || n >= bits) throw error(errc::evaluation_failed, "bit_get: there is no bit " + std::to_string(n));
      return static_cast<std::int8_t>(v >> n & 1);
    });
    return {std::move(a), types::tinyint(), std::move(kernel), true};
  });
  define_synonyms(c, {"getbit"});
}

}  // namespace flow
