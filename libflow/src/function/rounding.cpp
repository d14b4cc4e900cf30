#include <charconv>
#include <cmath>

#include <arrow/api.h>
#include <arrow/util/decimal.h>

#include "flow/error.hpp"
#include "function/register.hpp"
#include "function/row_kernels.hpp"
#include "function/signature.hpp"
#include "function/value_text.hpp"

namespace flow {

namespace {

using arrow::Decimal128;

enum class rule { half_up, half_even, floor, ceiling };

/// v with `drop` digits less, by the rule.
Decimal128 without_digits(const Decimal128& v, int drop, rule how) {
  if (drop > 38) return Decimal128(0);
  const Decimal128 unit = Decimal128::GetScaleMultiplier(drop);
  const auto [whole, rest] = v.Divide(unit).ValueOrDie();
  if (rest == Decimal128(0)) return whole;
  const bool negative = rest < Decimal128(0);
  const Decimal128 distance(Decimal128::Abs(rest));
  const Decimal128 twice = distance + distance;
  bool away = false;
  switch (how) {
    case rule::half_up:
      away = twice >= unit;
      break;
    case rule::half_even:
      away = twice > unit || (twice == unit && (whole.low_bits() & 1) != 0);
      break;
    case rule::floor:
      away = negative;
      break;
    case rule::ceiling:
      away = !negative;
      break;
  }
  return away ? Decimal128(whole + Decimal128(negative ? -1 : 1)) : Decimal128(whole);
}

/// A double rounded through its shortest decimal digits, as Java's BigDecimal.valueOf does it.
template <class T>
T rounded(T v, int places, rule how) {
  if (!std::isfinite(v)) return v;
  if (v == 0) return T{0};  // A decimal has no -0.
  std::string text;
  append_double(text, static_cast<double>(v));
  if constexpr (std::is_same_v<T, float>) {
    text.clear();
    append_float(text, v);
  }
  const auto e = text.find('E');
  int exponent = 0;
  if (e != std::string::npos) std::from_chars(text.data() + e + 1, text.data() + text.size(), exponent);
  std::string digits;
  int scale = -exponent;
  bool fraction = false;
  for (const char c : text.substr(0, e)) {
    if (c == '.') fraction = true;
    if (c < '0' || c > '9') continue;
    digits += c;
    scale += fraction ? 1 : 0;
  }
  if (scale <= places) return v;
  if (scale - places > static_cast<int>(digits.size())) return T{0};
  auto number = Decimal128::FromString(digits).ValueOrDie();
  if (v < 0) number = -number;
  const auto result = without_digits(number, scale - places, how);
  const auto written = result.ToIntegerString() + "E" + std::to_string(-places);
  T out{};
  std::from_chars(written.data(), written.data() + written.size(), out);
  return out;
}

int constant_places(const function_text& f, const bound_list& a) {
  if (a.size() < 2) return 0;
  const auto value = a[1]->constant();
  if (!value || !value->is_valid) refuse_arguments(f, a, "the number of places is a constant");
  return static_cast<const arrow::Int32Scalar&>(*value).value;
}

scalar_binding bind_decimal_rounding(bound_ptr e, int places, rule how) {
  const auto from = decimal_shape_of(*e->type());
  const int scale = std::clamp(places, 0, from.scale);

  const int whole = from.precision - from.scale + 1;
  int precision = places < 0 ? std::max(whole, -places + 1) : whole + scale;
  precision = std::min(precision, max_decimal_precision);
  const auto type = types::decimal(std::max(precision, 1), scale);
  const int to = decimal_shape_of(*type).precision;
  auto kernel = map_values<Decimal128, Decimal128>(type, [=](const Decimal128& v) -> std::optional<Decimal128> {
    if (places >= from.scale) return v;
    auto r = without_digits(v, from.scale - places, how);
    if (places < 0) r = Decimal128(r * Decimal128::GetScaleMultiplier(std::min(-places, 38)));
    if (!r.FitsInPrecision(to)) return std::nullopt;
    return r;
  });
  return {{std::move(e)}, type, std::move(kernel), true};
}

template <class T>
scalar_kernel integer_rounding(const data_type& type, int places, rule how) {
  return map_values<T, T>(type, [=](T v) {
    if (places >= 0) return v;
    const auto r = without_digits(Decimal128(std::int64_t{v}), -places, how);
    if (-places > 19) return T{0};
    return static_cast<T>(Decimal128(r * Decimal128::GetScaleMultiplier(-places)).low_bits());
  });
}

bool is_null_constant(const bound_expression& e) {
  const auto value = e.constant();
  return value && !value->is_valid;
}

scalar_binding bind_rounding(const function_text& f, bound_list a, rule how) {
  if (a.size() == 2 && is_null_constant(*a[1])) {
    a.pop_back();
    auto nothing = bind_rounding(f, std::move(a), how);
    nothing.kernel = [type = nothing.type](std::span<const arrow::Datum>, std::int64_t rows,
                                           const evaluation_context&) -> arrow::Datum { return all_null(type, rows); };
    return nothing;
  }
  const int places = constant_places(f, a);
  a.resize(1);
  const auto type = a[0]->type();
  switch (type->id()) {
    case arrow::Type::DECIMAL128:
      return bind_decimal_rounding(std::move(a[0]), places, how);
    case arrow::Type::INT8:
      return {std::move(a), type, integer_rounding<std::int8_t>(type, places, how), true};
    case arrow::Type::INT16:
      return {std::move(a), type, integer_rounding<std::int16_t>(type, places, how), true};
    case arrow::Type::INT32:
      return {std::move(a), type, integer_rounding<std::int32_t>(type, places, how), true};
    case arrow::Type::INT64:
      return {std::move(a), type, integer_rounding<std::int64_t>(type, places, how), true};
    case arrow::Type::FLOAT:
      return {std::move(a), type, map_values<float, float>(type, [=](float v) { return rounded(v, places, how); }), true};
    default:
      return {std::move(a), type, map_values<double, double>(type, [=](double v) { return rounded(v, places, how); }), true};
  }
}

std::int64_t saturated(double v) {
  if (std::isnan(v)) return 0;
  if (v >= 9223372036854775807.0) return std::numeric_limits<std::int64_t>::max();
  if (v <= -9223372036854775808.0) return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(v);
}

scalar_binding bind_edge(const function_text& f, bound_list a, rule how) {
  if (a.size() == 2) {
    const int places = constant_places(f, a);
    if (is_string_type(*a[0]->type())) {
      a[0] = bind_cast(a[0], types::decimal(38, 18));
    } else if (!is_decimal_type(*a[0]->type())) {
      const auto shape = decimal_shape_of(*a[0]->type());
      a[0] = bind_cast(a[0], types::decimal(shape.precision, shape.scale));
    }
    return bind_decimal_rounding(std::move(a[0]), places, how);
  }
  if (is_decimal_type(*a[0]->type())) return bind_decimal_rounding(std::move(a[0]), 0, how);
  if (is_integral_type(*a[0]->type())) {
    return {{bind_cast(a[0], types::bigint())},
            types::bigint(),
            map_values<std::int64_t, std::int64_t>(types::bigint(), [](std::int64_t v) { return v; }),
            true};
  }
  const bool down = how == rule::floor;
  auto kernel = map_values<std::int64_t, double>(types::bigint(),
                                                 [down](double v) { return saturated(down ? std::floor(v) : std::ceil(v)); });
  return {{bind_cast(a[0], types::float64())}, types::bigint(), std::move(kernel), true};
}

}  // namespace

void register_rounding(function_catalog& c) {
  using enum accepts;
  const auto add = [&](const function_text& f, rule how) {
    define(c, f, takes({number, integer}, 1), [=](bound_list a) { return bind_rounding(f, std::move(a), how); });
  };
  add({"round", "round(x [, places])", "Rounded, halves away from zero."}, rule::half_up);
  add({"bround", "bround(x [, places])", "Rounded, halves to the even neighbour."}, rule::half_even);
  const auto add_edge = [&](const function_text& f, rule how) {
    define(c, f, takes({any, integer}, 1), [=](bound_list a) {
      const bool text_to_places = a.size() == 2 && is_string_type(*a[0]->type());
      auto converted = text_to_places ? a[0] : convert(a[0], number);
      if (converted == nullptr) refuse_arguments(f, a, "it takes a number");
      a[0] = std::move(converted);
      return bind_edge(f, std::move(a), how);
    });
  };
  add_edge({"floor", "floor(x [, places])", "The greatest number not above x."}, rule::floor);
  add_edge({"ceil", "ceil(x [, places])", "The least number not below x."}, rule::ceiling);
  define_synonyms(c, {"ceiling"});
}

}  // namespace flow
