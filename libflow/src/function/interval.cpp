#include "function/interval.hpp"

#include <cmath>
#include <limits>

#include <arrow/api.h>

#include "flow/error.hpp"
#include "function/register.hpp"
#include "function/row_kernels.hpp"
#include "function/signature.hpp"
#include "types/calendar.hpp"

namespace flow {

namespace {

using span_value = arrow::MonthDayNanoIntervalType::MonthDayNanos;

bool is_interval(const bound_ptr& e) { return e->type()->id() == arrow::Type::INTERVAL_MONTH_DAY_NANO; }
bool is_date(const bound_ptr& e) { return e->type()->id() == arrow::Type::DATE32; }
bool is_time(const bound_ptr& e) { return e->type()->id() == arrow::Type::TIMESTAMP; }

/// Months rounded to whole ones; days and smaller units to microseconds, as one length of time.
template <class Scale>
span_value scaled(const span_value& v, Scale scale) {
  const auto months = std::llround(scale(static_cast<long double>(v.months)));
  const auto length = std::int64_t{v.days} * micros_per_day + v.nanoseconds / 1000;
  const auto micros = std::llround(scale(static_cast<long double>(length)));
  return {static_cast<std::int32_t>(months), static_cast<std::int32_t>(micros / micros_per_day),
          micros % micros_per_day * 1000};
}

span_value sum(const span_value& a, const span_value& b, int sign) {
  return {a.months + sign * b.months, a.days + sign * b.days, a.nanoseconds + sign * b.nanoseconds};
}

/// Whether the interval is known to be of whole days, so that a date plus it is a date.
bool whole_days(const bound_ptr& interval) {
  const auto value = interval->constant();
  return value && value->is_valid && static_cast<const arrow::MonthDayNanoIntervalScalar&>(*value).value.nanoseconds == 0;
}

scalar_binding add_to_date(const bound_ptr& date, const bound_ptr& interval, int sign) {
  if (whole_days(interval)) {
    auto kernel =
        map_values<std::int32_t, std::int32_t, span_value>(types::date(), [sign](std::int32_t d, const span_value& v) {
          return static_cast<std::int32_t>(add_months(d, sign * v.months) + sign * v.days);
        });
    return {{date, interval}, types::date(), std::move(kernel), true};
  }
  auto kernel =
      map_values<std::int64_t, std::int64_t, span_value>(types::timestamp(), [sign](std::int64_t t, const span_value& v) {
        return add_interval(t, sign * v.months, sign * v.days, sign * (v.nanoseconds / 1000));
      });
  return {{bind_cast(date, types::timestamp()), interval}, types::timestamp(), std::move(kernel), true};
}

scalar_binding add_to_time(const bound_ptr& time, const bound_ptr& interval, int sign) {
  auto kernel = map_values<std::int64_t, std::int64_t, span_value>(time->type(), [sign](std::int64_t t, const span_value& v) {
    return add_interval(t, sign * v.months, sign * v.days, sign * (v.nanoseconds / 1000));
  });
  return {{time, interval}, time->type(), std::move(kernel), true};
}

/// A text that is a time, which stays a text.
scalar_binding add_to_text(const bound_ptr& text, const bound_ptr& interval, char op) {
  auto shifted = bind_cast(bind_call(std::string(1, op), {bind_cast(text, types::timestamp()), interval}), types::string());
  return {{std::move(shifted)},
          types::string(),
          [](std::span<const arrow::Datum> v, std::int64_t, const evaluation_context&) { return v[0]; },
          true};
}

scalar_binding between_times(bound_ptr a, bound_ptr b) {
  auto kernel = map_values<span_value, std::int64_t, std::int64_t>(types::interval(), [](std::int64_t x, std::int64_t y) {
    const std::int64_t micros = x - y;
    return span_value{0, static_cast<std::int32_t>(micros / micros_per_day), micros % micros_per_day * 1000};
  });
  return {{bind_cast(std::move(a), types::timestamp()), bind_cast(std::move(b), types::timestamp())},
          types::interval(),
          std::move(kernel),
          true};
}

scalar_binding shift_date(const bound_ptr& date, const bound_ptr& days, int sign) {
  auto kernel = map_values<std::int32_t, std::int32_t, std::int32_t>(types::date(), [sign](std::int32_t d, std::int32_t n) {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(d) + static_cast<std::uint32_t>(sign * n));
  });
  return {{date, bind_cast(days, types::integer())}, types::date(), std::move(kernel), true};
}

scalar_binding scale_interval(const bound_ptr& interval, const bound_ptr& number, bool divide) {
  auto kernel = map_values<span_value, span_value, double>(
      types::interval(), [divide](const span_value& v, double n) -> std::optional<span_value> {
        if (divide && n == 0)
          throw error(errc::evaluation_failed, "an interval is divided by 0; nullif(n, 0) gives null there");
        return scaled(v, [&](long double part) { return divide ? part / n : part * n; });
      });
  return {{interval, bind_cast(number, types::float64())}, types::interval(), std::move(kernel), true};
}

scalar_binding add_intervals(const bound_ptr& a, const bound_ptr& b, int sign) {
  auto kernel = map_values<span_value, span_value, span_value>(
      types::interval(), [sign](const span_value& x, const span_value& y) { return sum(x, y, sign); });
  return {{a, b}, types::interval(), std::move(kernel), true};
}

}  // namespace

std::optional<scalar_binding> bind_time_arithmetic(char op, const bound_ptr& a, const bound_ptr& b) {
  const int sign = op == '-' ? -1 : 1;
  if (op == '*' || op == '/') {
    if (is_interval(a) && is_numeric_type(*b->type())) return scale_interval(a, b, op == '/');
    if (op == '*' && is_interval(b) && is_numeric_type(*a->type())) return scale_interval(b, a, false);
    return std::nullopt;
  }
  if (is_interval(a) && is_interval(b)) return add_intervals(a, b, sign);
  if (is_interval(b)) {
    if (is_date(a)) return add_to_date(a, b, sign);
    if (is_time(a)) return add_to_time(a, b, sign);
    if (is_string_type(*a->type())) return add_to_text(a, b, op);
  }
  if (is_interval(a) && op == '+' && !is_interval(b)) return bind_time_arithmetic('+', b, a);
  const auto counts_days = [](const bound_ptr& e) {
    return is_integral_type(*e->type()) && e->type()->id() != arrow::Type::INT64;
  };
  if (is_date(a) && counts_days(b)) return shift_date(a, b, sign);
  if (op == '+' && is_date(b) && counts_days(a)) return shift_date(b, a, 1);
  if (op == '-' && (is_time(a) || is_date(a)) && (is_time(b) || is_date(b))) return between_times(a, b);
  if (op == '-' && is_string_type(*a->type()) && (is_time(b) || is_date(b))) return between_times(a, b);
  return std::nullopt;
}

std::optional<scalar_binding> bind_time_sign(const std::string& function, const bound_ptr& a) {
  if (!is_interval(a)) return std::nullopt;
  const bool negative = function == "negative", absolute = function == "abs";
  auto kernel = map_values<span_value, span_value>(types::interval(), [=](const span_value& v) {
    const bool below = v.months < 0 || (v.months == 0 && (v.days < 0 || (v.days == 0 && v.nanoseconds < 0)));
    return negative || (absolute && below) ? span_value{-v.months, -v.days, -v.nanoseconds} : v;
  });
  return scalar_binding{{a}, types::interval(), std::move(kernel), true};
}

std::optional<scalar_binding> bind_interval_part(std::string_view part, const bound_ptr& a) {
  using i64 = std::int64_t;
  const auto bound = [&](const data_type& type, scalar_kernel kernel) {
    return scalar_binding{{a}, type, std::move(kernel), true};
  };
  // Days and smaller units are one length of time, of which each part has the sign.
  const auto time = [&]<class Out>(Out, const data_type& type, i64 unit, i64 units) {
    return bound(type, map_values<Out, span_value>(type, [unit, units](const span_value& v) {
                   return static_cast<Out>((i64{v.days} * micros_per_day + v.nanoseconds / 1000) / unit % units);
                 }));
  };
  const auto& small = types::tinyint();
  if (part == "year") {
    return bound(types::integer(),
                 map_values<std::int32_t, span_value>(types::integer(), [](const span_value& v) { return v.months / 12; }));
  }
  if (part == "month") {
    return bound(small, map_values<std::int8_t, span_value>(
                            small, [](const span_value& v) { return static_cast<std::int8_t>(v.months % 12); }));
  }
  if (part == "day") return time(std::int32_t{}, types::integer(), micros_per_day, std::numeric_limits<i64>::max());
  if (part == "hour") return time(std::int8_t{}, small, 3600 * micros_per_second, 24);
  if (part == "minute") return time(std::int8_t{}, small, 60 * micros_per_second, 60);
  if (part == "second_fraction") return time(arrow::Decimal128{}, types::decimal(8, 6), 1, 60 * micros_per_second);
  return std::nullopt;
}

void register_interval(function_catalog& c) {
  using enum accepts;
  define(c,
         {"make_interval", "make_interval([years [, months [, weeks [, days [, hours [, mins [, secs]]]]]]])",
          "An interval of these parts."},
         takes({integer, integer, integer, integer, integer, integer, float64}, 0), [](bound_list arguments) -> scalar_binding {
           while (arguments.size() < 6) arguments.push_back(bind_literal(std::make_shared<arrow::Int32Scalar>(0)));
           if (arguments.size() < 7) arguments.push_back(bind_literal(std::make_shared<arrow::DoubleScalar>(0)));
           using i32 = std::int32_t;
           auto kernel = map_values<span_value, i32, i32, i32, i32, i32, i32, double>(
               types::interval(), [](i32 y, i32 mo, i32 w, i32 d, i32 h, i32 mi, double s) {
                 const auto seconds = std::llround(s * 1e6) * 1000;
                 return span_value{y * 12 + mo, w * 7 + d, (h * 3600LL + mi * 60LL) * 1'000'000'000 + seconds};
               });
           return {std::move(arguments), types::interval(), std::move(kernel), true};
         });
  define(c, {"make_dt_interval", "make_dt_interval([days [, hours [, mins [, secs]]]])", "An interval of days and time."},
         takes({integer, integer, integer, float64}, 0), [](bound_list arguments) -> scalar_binding {
           while (arguments.size() < 3) arguments.push_back(bind_literal(std::make_shared<arrow::Int32Scalar>(0)));
           if (arguments.size() < 4) arguments.push_back(bind_literal(std::make_shared<arrow::DoubleScalar>(0)));
           using i32 = std::int32_t;
           auto kernel = map_values<span_value, i32, i32, i32, double>(types::interval(), [](i32 d, i32 h, i32 m, double s) {
             return span_value{0, d, (h * 3600LL + m * 60LL) * 1'000'000'000 + std::llround(s * 1e6) * 1000};
           });
           return {std::move(arguments), types::interval(), std::move(kernel), true};
         });
  define(c, {"make_ym_interval", "make_ym_interval([years [, months]])", "An interval of years and months."},
         takes({integer, integer}, 0), [](bound_list arguments) -> scalar_binding {
           while (arguments.size() < 2) arguments.push_back(bind_literal(std::make_shared<arrow::Int32Scalar>(0)));
           auto kernel = map_values<span_value, std::int32_t, std::int32_t>(
               types::interval(), [](std::int32_t y, std::int32_t m) { return span_value{y * 12 + m, 0, 0}; });
           return {std::move(arguments), types::interval(), std::move(kernel), true};
         });
}

}  // namespace flow
