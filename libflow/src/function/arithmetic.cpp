#include <cmath>

#include <arrow/api.h>
#include <arrow/util/decimal.h>

#include "flow/error.hpp"
#include "function/interval.hpp"
#include "function/register.hpp"
#include "function/row_kernels.hpp"
#include "function/signature.hpp"

namespace flow {

namespace {

using arrow::Decimal128;
using arrow::Decimal256;

enum class op { add, subtract, multiply, divide, remainder, positive_remainder, whole_divide };

/// What overflow does: wrap around, as Java, or give null (the try_ functions).
enum class on_overflow { wrap, null };

template <op o, class T>
T wrapped(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    return o == op::add ? a + b : o == op::subtract ? a - b : a * b;
  } else {
    using U = std::uint64_t;
    const U x = static_cast<U>(a), y = static_cast<U>(b);
    return static_cast<T>(o == op::add ? x + y : o == op::subtract ? x - y : x * y);
  }
}

template <op o, class T>
std::optional<T> checked(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    return wrapped<o>(a, b);
  } else {
    T r{};
    const bool over = o == op::add        ? __builtin_add_overflow(a, b, &r)
                      : o == op::subtract ? __builtin_sub_overflow(a, b, &r)
                                          : __builtin_mul_overflow(a, b, &r);
    return over ? std::nullopt : std::optional<T>(r);
  }
}

template <class T>
std::optional<T> remainder_of(T a, T b) {
  if (b == T{0}) return std::nullopt;
  if constexpr (std::is_floating_point_v<T>) {
    return std::fmod(a, b);
  } else {
    return b == T{-1} ? T{0} : static_cast<T>(a % b);
  }
}

template <class T>
std::optional<T> positive_remainder_of(T a, T b) {
  const auto r = remainder_of(a, b);
  if (!r || !(*r < T{0})) return r;
  return remainder_of(static_cast<T>(*r + b), b);
}

template <class T>
scalar_kernel number_kernel(op o, on_overflow overflow, const data_type& type) {
  const bool wrap = overflow == on_overflow::wrap;
  switch (o) {
    case op::add:
      return wrap ? map_values<T, T, T>(type, wrapped<op::add, T>) : map_values<T, T, T>(type, checked<op::add, T>);
    case op::subtract:
      return wrap ? map_values<T, T, T>(type, wrapped<op::subtract, T>) : map_values<T, T, T>(type, checked<op::subtract, T>);
    case op::multiply:
      return wrap ? map_values<T, T, T>(type, wrapped<op::multiply, T>) : map_values<T, T, T>(type, checked<op::multiply, T>);
    case op::remainder:
      return map_values<T, T, T>(type, remainder_of<T>);
    case op::positive_remainder:
      return map_values<T, T, T>(type, positive_remainder_of<T>);
    default:
      return nullptr;
  }
}

scalar_kernel number_kernel(op o, on_overflow overflow, const data_type& type) {
  switch (type->id()) {
    case arrow::Type::INT8:
      return number_kernel<std::int8_t>(o, overflow, type);
    case arrow::Type::INT16:
      return number_kernel<std::int16_t>(o, overflow, type);
    case arrow::Type::INT32:
      return number_kernel<std::int32_t>(o, overflow, type);
    case arrow::Type::INT64:
      return number_kernel<std::int64_t>(o, overflow, type);
    case arrow::Type::FLOAT:
      return number_kernel<float>(o, overflow, type);
    default:
      return number_kernel<double>(o, overflow, type);
  }
}

/// Precision and scale of a decimal operation, before they are bounded.
decimal_shape exact_shape(op o, decimal_shape a, decimal_shape b) {
  const int whole = std::max(a.precision - a.scale, b.precision - b.scale);
  switch (o) {
    case op::add:
    case op::subtract:
      return {whole + std::max(a.scale, b.scale) + 1, std::max(a.scale, b.scale)};
    case op::multiply:
      return {a.precision + b.precision + 1, a.scale + b.scale};
    case op::divide: {
      const int scale = std::max(least_adjusted_scale, a.scale + b.precision + 1);
      return {a.precision - a.scale + b.scale + scale, scale};
    }
    default: {
      const int scale = std::max(a.scale, b.scale);
      return {std::min(a.precision - a.scale, b.precision - b.scale) + scale, scale};
    }
  }
}

Decimal256 divided(const Decimal256& a, const Decimal256& b) {
  const auto result = a.Divide(b).ValueOrDie();
  const auto twice = Decimal256::Abs(result.second) + Decimal256::Abs(result.second);
  if (twice < Decimal256::Abs(b)) return result.first;
  const bool negative = (a < Decimal256(0)) != (b < Decimal256(0));
  return result.first + Decimal256(negative ? -1 : 1);
}

std::optional<Decimal128> narrowed(const Decimal256& v, int from_scale, decimal_shape to) {
  const auto scaled = from_scale > to.scale   ? Decimal256(v.ReduceScaleBy(from_scale - to.scale, true))
                      : from_scale < to.scale ? Decimal256(v.IncreaseScaleBy(to.scale - from_scale))
                                              : v;
  if (!scaled.FitsInPrecision(to.precision)) return std::nullopt;
  const auto words = scaled.little_endian_array();
  return Decimal128(static_cast<std::int64_t>(words[1]), words[0]);
}

Decimal256 widened(const Decimal128& v, int by) {
  const Decimal256 wide(v);
  return by == 0 ? wide : Decimal256(wide.IncreaseScaleBy(by));
}

/// Sums and products of few digits, within 128 bits.
scalar_kernel small_decimal_kernel(op o, decimal_shape a, decimal_shape b, const data_type& type) {
  const int scale = std::max(a.scale, b.scale);
  const auto x = Decimal128::GetScaleMultiplier(scale - a.scale), y = Decimal128::GetScaleMultiplier(scale - b.scale);
  if (o == op::add) {
    return map_values<Decimal128, Decimal128, Decimal128>(type, [=](Decimal128 l, Decimal128 r) { return l * x + r * y; });
  }
  if (o == op::subtract) {
    return map_values<Decimal128, Decimal128, Decimal128>(type, [=](Decimal128 l, Decimal128 r) { return l * x - r * y; });
  }
  return map_values<Decimal128, Decimal128, Decimal128>(type, [](Decimal128 l, Decimal128 r) { return l * r; });
}

scalar_kernel decimal_kernel(op o, decimal_shape a, decimal_shape b, decimal_shape exact, const data_type& type) {
  const auto to = decimal_shape_of(*type);
  const int scale = std::max(a.scale, b.scale);
  const bool small = exact.precision <= max_decimal_precision;
  if (small && (o == op::add || o == op::subtract || o == op::multiply)) return small_decimal_kernel(o, a, b, type);
  return map_values<Decimal128, Decimal128, Decimal128>(type, [=](Decimal128 l, Decimal128 r) -> std::optional<Decimal128> {
    if (o == op::multiply) return narrowed(Decimal256(l) * Decimal256(r), a.scale + b.scale, to);
    if (o == op::divide) {
      if (r == Decimal128(0)) return std::nullopt;
      const int shift = to.scale - a.scale + b.scale;
      return narrowed(divided(widened(l, std::max(shift, 0)), widened(r, std::max(-shift, 0))), to.scale, to);
    }
    const auto x = widened(l, scale - a.scale), y = widened(r, scale - b.scale);
    if (o == op::add) return narrowed(x + y, scale, to);
    if (o == op::subtract) return narrowed(x + Decimal256(-y), scale, to);
    if (r == Decimal128(0)) return std::nullopt;
    auto rest = Decimal256(x % y);
    if (o == op::positive_remainder && rest < Decimal256(0)) rest = Decimal256((rest + y) % y);
    return narrowed(rest, scale, to);
  });
}

/// The digits a whole literal really has, so that `price + 1` does not widen as `price + CAST(1 AS INT)` does.
decimal_shape operand_shape(const bound_expression& e) {
  const auto value = e.constant();
  const bool literal = value && value->is_valid && is_integral_type(*e.type());
  if (literal && e.to_string().find('(') == std::string::npos) {
    std::string digits = value->ToString();
    if (digits[0] == '-') digits.erase(0, 1);
    return {static_cast<int>(digits.size()), 0};
  }
  return decimal_shape_of(*e.type());
}

scalar_binding bind_decimal(op o, bound_ptr left, bound_ptr right) {
  const auto a = operand_shape(*left), b = operand_shape(*right);
  left = bind_cast(std::move(left), types::decimal(a.precision, a.scale));
  right = bind_cast(std::move(right), types::decimal(b.precision, b.scale));
  if (o == op::whole_divide) {
    const int scale = std::max(a.scale, b.scale);
    auto kernel = map_values<std::int64_t, Decimal128, Decimal128>(
        types::bigint(), [=](Decimal128 l, Decimal128 r) -> std::optional<std::int64_t> {
          if (r == Decimal128(0)) return std::nullopt;
          const auto q = Decimal256(widened(l, scale - a.scale) / widened(r, scale - b.scale));
          return static_cast<std::int64_t>(q.little_endian_array()[0]);
        });
    return {{std::move(left), std::move(right)}, types::bigint(), std::move(kernel), true};
  }
  const auto exact = exact_shape(o, a, b);
  const auto shape = adjusted(exact);
  auto type = types::decimal(shape.precision, shape.scale);
  return {{std::move(left), std::move(right)}, type, decimal_kernel(o, a, b, exact, type), true};
}

scalar_binding bind_double_division(bound_ptr left, bound_ptr right) {
  auto kernel = map_values<double, double, double>(types::float64(), [](double l, double r) -> std::optional<double> {
    if (r == 0) return std::nullopt;
    return l / r;
  });
  return {{bind_cast(std::move(left), types::float64()), bind_cast(std::move(right), types::float64())},
          types::float64(),
          std::move(kernel),
          true};
}

scalar_binding bind_whole_division(bound_ptr left, bound_ptr right) {
  auto kernel = map_values<std::int64_t, std::int64_t, std::int64_t>(
      types::bigint(), [](std::int64_t l, std::int64_t r) -> std::optional<std::int64_t> {
        if (r == 0) return std::nullopt;
        return r == -1 ? wrapped<op::subtract>(std::int64_t{0}, l) : l / r;
      });
  return {{bind_cast(std::move(left), types::bigint()), bind_cast(std::move(right), types::bigint())},
          types::bigint(),
          std::move(kernel),
          true};
}

scalar_binding bind_binary(const function_text& f, op o, on_overflow overflow, bound_list arguments) {
  auto left = arguments[0], right = arguments[1];
  if (o == op::add || o == op::subtract || o == op::multiply || o == op::divide) {
    const char symbol = o == op::add ? '+' : o == op::subtract ? '-' : o == op::multiply ? '*' : '/';
    if (auto timely = bind_time_arithmetic(symbol, left, right)) return std::move(*timely);
  }
  const auto as_number = [&](bound_ptr e, const bound_ptr& other) -> bound_ptr {
    if (is_numeric_type(*e->type())) return e;
    const bool whole = o == op::whole_divide;
    if (is_null_type(*e->type()))
      return bind_cast(e, is_numeric_type(*other->type()) ? other->type() : whole ? types::bigint() : types::float64());
    if (is_string_type(*e->type()) && !whole) return bind_cast(e, types::float64());
    refuse_arguments(f, arguments, "it computes with numbers");
  };
  left = as_number(left, arguments[1]);
  right = as_number(right, arguments[0]);
  const bool floating = is_floating_type(*left->type()) || is_floating_type(*right->type());
  if (o == op::whole_divide && floating) refuse_arguments(f, arguments, "it divides whole numbers and decimals; use / or cast");
  if (!floating && (is_decimal_type(*left->type()) || is_decimal_type(*right->type()))) return bind_decimal(o, left, right);
  if (o == op::divide) return bind_double_division(left, right);
  if (o == op::whole_divide) return bind_whole_division(left, right);
  const auto type = common_type(left->type(), right->type());
  return {{bind_cast(left, type), bind_cast(right, type)}, type, number_kernel(o, overflow, type), true};
}

void define_binary(function_catalog& c, const function_text& f, op o, on_overflow overflow = on_overflow::wrap) {
  define(c, f, takes({accepts::any, accepts::any}),
         [=](bound_list arguments) { return bind_binary(f, o, overflow, std::move(arguments)); });
}

/// A function of one number that keeps its type: `f` is a generic callable.
template <class F>
scalar_kernel same_type_kernel(const data_type& type, F f) {
  switch (type->id()) {
    case arrow::Type::INT8:
      return map_values<std::int8_t, std::int8_t>(type, f);
    case arrow::Type::INT16:
      return map_values<std::int16_t, std::int16_t>(type, f);
    case arrow::Type::INT32:
      return map_values<std::int32_t, std::int32_t>(type, f);
    case arrow::Type::INT64:
      return map_values<std::int64_t, std::int64_t>(type, f);
    case arrow::Type::FLOAT:
      return map_values<float, float>(type, f);
    case arrow::Type::DOUBLE:
      return map_values<double, double>(type, f);
    default:
      return map_values<Decimal128, Decimal128>(type, f);
  }
}

struct negated {
  template <class T>
  T operator()(const T& v) const {
    if constexpr (std::is_integral_v<T>) {
      return wrapped<op::subtract>(T{0}, v);
    } else {
      return -v;
    }
  }
};

struct magnitude {
  template <class T>
  T operator()(const T& v) const {
    if constexpr (std::is_floating_point_v<T>) {
      return std::abs(v);
    } else {
      return v < T{0} ? negated{}(v) : v;
    }
  }
};

struct unchanged {
  template <class T>
  T operator()(const T& v) const {
    return v;
  }
};

template <class F>
void define_unary(function_catalog& c, const function_text& f, F fn) {
  define(c, f, takes({accepts::any}), [=](bound_list arguments) -> scalar_binding {
    if (auto timely = bind_time_sign(f.name, arguments[0])) return std::move(*timely);
    arguments = convert_all(f, takes({accepts::number}), std::move(arguments));
    const auto type = arguments[0]->type();
    return {std::move(arguments), type, same_type_kernel(type, fn), true};
  });
}

}  // namespace

void register_arithmetic(function_catalog& c) {
  define_binary(c, {"+", "a + b", "Sum; also a date or timestamp and an interval. Integers wrap around."}, op::add);
  define_binary(c, {"-", "a - b", "Difference; of two timestamps an interval. Integers wrap around."}, op::subtract);
  define_binary(c, {"*", "a * b", "Product. Integers wrap around."}, op::multiply);
  define_binary(c, {"/", "a / b", "Quotient: DOUBLE, or DECIMAL of decimals; null when b is 0."}, op::divide);
  define_binary(c, {"%", "a % b", "Remainder with the sign of a; null when b is 0."}, op::remainder);
  define_synonyms(c, {"mod"});
  define_binary(c, {"div", "a DIV b", "Quotient cut to a BIGINT; null when b is 0."}, op::whole_divide);
  define_binary(c, {"pmod", "pmod(a, b)", "Remainder that is not negative for a positive b; null when b is 0."},
                op::positive_remainder);
  define_binary(c, {"try_add", "try_add(a, b)", "Sum, or null on overflow."}, op::add, on_overflow::null);
  define_binary(c, {"try_subtract", "try_subtract(a, b)", "Difference, or null on overflow."}, op::subtract, on_overflow::null);
  define_binary(c, {"try_multiply", "try_multiply(a, b)", "Product, or null on overflow."}, op::multiply, on_overflow::null);
  define_binary(c, {"try_divide", "try_divide(a, b)", "Quotient, or null when b is 0."}, op::divide, on_overflow::null);
  define_binary(c, {"try_mod", "try_mod(a, b)", "Remainder, or null when b is 0."}, op::remainder, on_overflow::null);
  define_unary(c, {"negative", "negative(a)", "The number or interval with its sign turned."}, negated{});
  define_unary(c, {"positive", "positive(a)", "The number or interval itself."}, unchanged{});
  define_unary(c, {"abs", "abs(a)", "The number without its sign."}, magnitude{});
}

}  // namespace flow
