#include <cmath>
#include <numbers>

#include <arrow/api.h>

#include "function/register.hpp"
#include "function/row_kernels.hpp"
#include "function/signature.hpp"

namespace flow {

namespace {

using maybe = std::optional<double>;

template <class F>
void define_double(function_catalog& c, const function_text& f, F fn) {
  define(c, f, takes({accepts::float64}), types::float64(), map_values<double, double>(types::float64(), fn));
}

template <class F>
void define_double2(function_catalog& c, const function_text& f, F fn) {
  define(c, f, takes({accepts::float64, accepts::float64}), types::float64(),
         map_values<double, double, double>(types::float64(), fn));
}

/// A logarithm that is null at and below `pole`.
template <class F>
void define_log(function_catalog& c, const function_text& f, double pole, F fn) {
  define_double(c, f, [pole, fn](double x) -> maybe { return x <= pole ? maybe() : fn(x); });
}

maybe log_to_base(double base, double x) { return base <= 0 || x <= 0 ? maybe() : std::log(x) / std::log(base); }

scalar_kernel constant_kernel(double value) {
  return [value](std::span<const arrow::Datum>, std::int64_t, const evaluation_context&) -> arrow::Datum {
    return arrow::Datum(std::make_shared<arrow::DoubleScalar>(value));
  };
}

std::optional<std::int64_t> bucket(double v, double low, double high, std::int64_t count) {
  if (count <= 0 || low == high || !std::isfinite(low) || !std::isfinite(high) || std::isnan(v)) return std::nullopt;
  const double a = std::min(low, high), b = std::max(low, high);
  const bool falling = low > high;
  if (v < a || (falling && v == a)) return falling ? count + 1 : 0;
  if (v >= b && !(falling && v == b)) return falling ? 0 : count + 1;
  const double place = falling ? (b - v) / (b - a) : (v - a) / (b - a);
  return static_cast<std::int64_t>(place * static_cast<double>(count)) + 1;
}

std::optional<std::int64_t> factorial(std::int32_t n) {
  if (n < 0 || n > 20) return std::nullopt;
  std::int64_t r = 1;
  for (std::int64_t i = 2; i <= n; ++i) r *= i;
  return r;
}

void define_logarithms(function_catalog& c) {
  const auto ln = [](double x) { return std::log(x); };
  define_log(c, {"ln", "ln(x)", "Natural logarithm; null for x <= 0."}, 0, ln);
  define_log(c, {"log10", "log10(x)", "Logarithm to base 10; null for x <= 0."}, 0, [](double x) { return std::log10(x); });
  define_log(c, {"log2", "log2(x)", "Logarithm to base 2; null for x <= 0."}, 0, [](double x) { return std::log2(x); });
  define_log(c, {"log1p", "log1p(x)", "ln(1 + x); null for x <= -1."}, -1, [](double x) { return std::log1p(x); });
  define(c, {"log", "log([base, ] x)", "Logarithm, natural or to a base; null outside its domain."},
         takes({accepts::float64, accepts::float64}, 1), [](bound_list a) -> scalar_binding {
           if (a.size() == 1) a.insert(a.begin(), bind_literal(std::make_shared<arrow::DoubleScalar>(std::numbers::e)));
           return {std::move(a), types::float64(), map_values<double, double, double>(types::float64(), log_to_base), true};
         });
}

void define_trigonometry(function_catalog& c) {
  define_double(c, {"sin", "sin(x)", "Sine."}, [](double x) { return std::sin(x); });
  define_double(c, {"cos", "cos(x)", "Cosine."}, [](double x) { return std::cos(x); });
  define_double(c, {"tan", "tan(x)", "Tangent."}, [](double x) { return std::tan(x); });
  define_double(c, {"cot", "cot(x)", "Cotangent."}, [](double x) { return 1 / std::tan(x); });
  define_double(c, {"sec", "sec(x)", "Secant."}, [](double x) { return 1 / std::cos(x); });
  define_double(c, {"csc", "csc(x)", "Cosecant."}, [](double x) { return 1 / std::sin(x); });
  define_double(c, {"asin", "asin(x)", "Arc sine."}, [](double x) { return std::asin(x); });
  define_double(c, {"acos", "acos(x)", "Arc cosine."}, [](double x) { return std::acos(x); });
  define_double(c, {"atan", "atan(x)", "Arc tangent."}, [](double x) { return std::atan(x); });
  define_double2(c, {"atan2", "atan2(y, x)", "The angle of the point (x, y)."},
                 [](double y, double x) { return std::atan2(y, x); });
  define_double(c, {"sinh", "sinh(x)", "Hyperbolic sine."}, [](double x) { return std::sinh(x); });
  define_double(c, {"cosh", "cosh(x)", "Hyperbolic cosine."}, [](double x) { return std::cosh(x); });
  define_double(c, {"tanh", "tanh(x)", "Hyperbolic tangent."}, [](double x) { return std::tanh(x); });
  define_double(c, {"asinh", "asinh(x)", "Inverse hyperbolic sine."}, [](double x) { return std::asinh(x); });
  define_double(c, {"acosh", "acosh(x)", "Inverse hyperbolic cosine."}, [](double x) { return std::acosh(x); });
  define_double(c, {"atanh", "atanh(x)", "Inverse hyperbolic tangent."}, [](double x) { return std::atanh(x); });
  define_double(c, {"degrees", "degrees(x)", "Radians to degrees."}, [](double x) { return x * (180 / std::numbers::pi); });
  define_double(c, {"radians", "radians(x)", "Degrees to radians."}, [](double x) { return x * (std::numbers::pi / 180); });
  define_double2(c, {"hypot", "hypot(a, b)", "sqrt(a*a + b*b)."}, [](double a, double b) { return std::hypot(a, b); });
}

}  // namespace

void register_math(function_catalog& c) {
  define_double(c, {"sqrt", "sqrt(x)", "Square root; NaN below 0."}, [](double x) { return std::sqrt(x); });
  define_double(c, {"cbrt", "cbrt(x)", "Cube root."}, [](double x) { return std::cbrt(x); });
  define_double(c, {"exp", "exp(x)", "e to the x."}, [](double x) { return std::exp(x); });
  define_double(c, {"expm1", "expm1(x)", "exp(x) - 1."}, [](double x) { return std::expm1(x); });
  define_double2(c, {"pow", "pow(x, y)", "x to the y."}, [](double x, double y) { return std::pow(x, y); });
  define_synonyms(c, {"power"});
  define_double(c, {"sign", "sign(x)", "-1, 0 or 1."}, [](double x) { return x > 0 ? 1.0 : x < 0 ? -1.0 : x; });
  define_synonyms(c, {"signum"});
  define_double(c, {"rint", "rint(x)", "The nearest whole number, the even one of two."},
                [](double x) { return std::nearbyint(x); });
  define_logarithms(c);
  define_trigonometry(c);
  define(c, {"e", "e()", "Euler's number."}, takes({}), types::float64(), constant_kernel(std::numbers::e));
  define(c, {"pi", "pi()", "Pi."}, takes({}), types::float64(), constant_kernel(std::numbers::pi));
  define(c, {"factorial", "factorial(n)", "n!; null outside 0 to 20."}, takes({accepts::integer}), types::bigint(),
         map_values<std::int64_t, std::int32_t>(types::bigint(), factorial));
  define(c, {"width_bucket", "width_bucket(v, low, high, n)", "Which of n equal buckets a value falls in."},
         takes({accepts::float64, accepts::float64, accepts::float64, accepts::bigint}), types::bigint(),
         map_values<std::int64_t, double, double, double, std::int64_t>(types::bigint(), bucket));
}

}  // namespace flow
