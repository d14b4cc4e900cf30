#include <charconv>
#include <cmath>
#include <utility>

#include <arrow/api.h>
#include <arrow/util/decimal.h>

#include "expression/nodes.hpp"
#include "flow/error.hpp"
#include "function/row_kernels.hpp"
#include "function/value_text.hpp"
#include "types/calendar.hpp"
#include "types/type_rules.hpp"

namespace flow {

namespace {

using arrow::Type;

/// Java's narrowing: truncated, saturated at INT or BIGINT, NaN to 0; smaller types keep the low bits of an INT.
template <class To, class From>
To from_floating(From v) {
  using wide = std::conditional_t<(sizeof(To) < 8), std::int32_t, std::int64_t>;
  if (v != v) return 0;
  if (v >= static_cast<From>(std::numeric_limits<wide>::max())) return static_cast<To>(std::numeric_limits<wide>::max());
  if (v <= static_cast<From>(std::numeric_limits<wide>::min())) return static_cast<To>(std::numeric_limits<wide>::min());
  return static_cast<To>(static_cast<wide>(v));
}

std::optional<arrow::Decimal128> fitted(const arrow::Decimal128& v, int precision) {
  if (!v.FitsInPrecision(precision)) return std::nullopt;
  return v;
}

/// The decimal with another scale, HALF_UP.
std::optional<arrow::Decimal128> rescaled(const arrow::Decimal128& v, int from, int to, int precision) {
  if (to <= from) return fitted(to == from ? v : arrow::Decimal128(v.ReduceScaleBy(from - to, true)), precision);
  if (!v.FitsInPrecision(std::max(1, precision - (to - from))) && v != arrow::Decimal128(0)) return std::nullopt;
  return fitted(arrow::Decimal128(v.IncreaseScaleBy(to - from)), precision);
}

arrow::Decimal128 whole_part(const arrow::Decimal128& v, int scale) {
  return scale == 0 ? v : arrow::Decimal128(v.ReduceScaleBy(scale, false));
}

/// Calls `f` with a value of the C++ type of a number's type.
template <class F>
scalar_kernel for_number(const arrow::DataType& type, F f) {
  switch (type.id()) {
    case Type::INT8:
      return f(std::int8_t{});
    case Type::INT16:
      return f(std::int16_t{});
    case Type::INT32:
      return f(std::int32_t{});
    case Type::INT64:
      return f(std::int64_t{});
    case Type::FLOAT:
      return f(float{});
    case Type::DOUBLE:
      return f(double{});
    default:
      return nullptr;
  }
}

template <class From>
scalar_kernel number_to_decimal(const data_type& to) {
  const auto shape = decimal_shape_of(*to);
  if constexpr (std::is_floating_point_v<From>) {
    // Through the shortest digits, as Java's BigDecimal.valueOf.
    return map_values<arrow::Decimal128, From>(to, [shape](From v) -> std::optional<arrow::Decimal128> {
      if (!std::isfinite(v)) return std::nullopt;
      std::string text;
      append_double(text, static_cast<double>(v));
      return parse_decimal(text, shape.precision, shape.scale);
    });
  } else {
    return map_values<arrow::Decimal128, From>(
        to, [shape](From v) { return rescaled(arrow::Decimal128(v), 0, shape.scale, shape.precision); });
  }
}

/// try_cast's narrowing: truncated, and nothing for what does not fit.
template <class To, class From>
std::optional<To> fitting(From v) {
  if constexpr (std::is_floating_point_v<From>) {
    const auto whole = std::trunc(v);
    const auto end = std::ldexp(From{1}, std::numeric_limits<To>::digits);
    if (!(whole >= -end && whole < end)) return std::nullopt;
    return static_cast<To>(whole);
  } else {
    if (!std::in_range<To>(v)) return std::nullopt;
    return static_cast<To>(v);
  }
}

template <class From>
scalar_kernel number_to(const data_type& to, bool try_cast) {
  if (is_decimal_type(*to)) return number_to_decimal<From>(to);
  if (to->id() == Type::BOOL) return map_values<bool, From>(to, [](From v) { return v != From{0}; });
  if (is_timestamp_type(*to)) {
    return map_values<std::int64_t, From>(to, [](From v) -> std::optional<std::int64_t> {
      if constexpr (std::is_floating_point_v<From>) {
        if (!std::isfinite(v)) return std::nullopt;
        return from_floating<std::int64_t>(static_cast<double>(v) * 1e6);
      } else {
        std::int64_t micros = 0;
        if (__builtin_mul_overflow(static_cast<std::int64_t>(v), micros_per_second, &micros)) {
          return v < 0 ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
        }
        return micros;
      }
    });
  }
  return for_number(*to, [&](auto sample) {
    using To = decltype(sample);
    if constexpr (std::is_integral_v<To>) {
      if (try_cast) return map_values<To, From>(to, [](From v) { return fitting<To>(v); });
    }
    return map_values<To, From>(to, [](From v) {
      if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
        return from_floating<To>(v);
      } else {
        return static_cast<To>(v);
      }
    });
  });
}

/// The floating-point numbers next to decimals of one scale. Arrow's own conversion multiplies by a power of ten that is itself
/// rounded. Where digits and power are exact in To, their quotient is rounded once; other values go through their text.
template <class To>
class nearest {
  static constexpr std::int64_t exact_digits = std::int64_t{1} << std::numeric_limits<To>::digits;
  static constexpr int exact_scale = sizeof(To) == 8 ? 22 : 10;

 public:
  explicit nearest(int scale) : scale_(scale) {
    for (int i = 0; i < std::min(scale, exact_scale); ++i) power_ *= To{10};
  }

  To operator()(const arrow::Decimal128& v) {
    const auto low = static_cast<std::int64_t>(v.low_bits());
    const bool narrow = v.high_bits() == (low >> 63) && low <= exact_digits && low >= -exact_digits;
    if (narrow && scale_ <= exact_scale) return static_cast<To>(low) / power_;
    text_.clear();
    append_decimal(text_, v, scale_);
    To out = 0;
    std::from_chars(text_.data(), text_.data() + text_.size(), out);
    return out;
  }

 private:
  int scale_;
  To power_ = 1;
  std::string text_;
};

scalar_kernel decimal_to(const data_type& from, const data_type& to, bool try_cast) {
  const int scale = decimal_shape_of(*from).scale;
  if (is_decimal_type(*to)) {
    const auto shape = decimal_shape_of(*to);
    return map_values<arrow::Decimal128, arrow::Decimal128>(
        to, [scale, shape](const arrow::Decimal128& v) { return rescaled(v, scale, shape.scale, shape.precision); });
  }
  if (to->id() == Type::BOOL) {
    return map_values<bool, arrow::Decimal128>(to, [](const arrow::Decimal128& v) { return v != arrow::Decimal128(0); });
  }
  if (is_timestamp_type(*to)) {
    return map_values<std::int64_t, arrow::Decimal128>(to, [scale](const arrow::Decimal128& v) -> std::optional<std::int64_t> {
      const auto cut = scale > 6 ? arrow::Decimal128(v.ReduceScaleBy(scale - 6, false)) : v;
      const auto micros = rescaled(cut, std::min(scale, 6), 6, max_decimal_precision);
      if (!micros) return std::nullopt;
      return static_cast<std::int64_t>(micros->low_bits());
    });
  }
  return for_number(*to, [&](auto sample) {
    using To = decltype(sample);
    if constexpr (std::is_floating_point_v<To>) {
      return map_values<To, arrow::Decimal128>(to, nearest<To>(scale));
    } else {
      return map_values<To, arrow::Decimal128>(to, [scale, try_cast](const arrow::Decimal128& v) -> std::optional<To> {
        const auto whole = whole_part(v, scale);
        const auto low = static_cast<std::int64_t>(whole.low_bits());
        if (try_cast && (whole.high_bits() != (low >> 63) || !std::in_range<To>(low))) return std::nullopt;
        return static_cast<To>(low);
      });
    }
  });
}

scalar_kernel text_to(const data_type& to, bool whole) {
  using std::string_view;
  const auto integer = [&](auto sample) -> scalar_kernel {
    using To = decltype(sample);
    return map_values<To, string_view>(to, [whole](string_view text) -> std::optional<To> {
      const auto v = parse_integer(text, whole);
      if (!v || *v < std::numeric_limits<To>::min() || *v > std::numeric_limits<To>::max()) return std::nullopt;
      return static_cast<To>(*v);
    });
  };
  switch (to->id()) {
    case Type::BOOL:
      return map_values<bool, string_view>(to, parse_boolean);
    case Type::INT8:
      return integer(std::int8_t{});
    case Type::INT16:
      return integer(std::int16_t{});
    case Type::INT32:
      return integer(std::int32_t{});
    case Type::INT64:
      return integer(std::int64_t{});
    case Type::FLOAT:
      return map_values<float, string_view>(to, parse_float);
    case Type::DOUBLE:
      return map_values<double, string_view>(to, parse_double);
    case Type::DATE32:
      return map_values<std::int32_t, string_view>(to, parse_date_text);
    case Type::TIMESTAMP: {
      const bool zoned = is_timestamp_type(*to);
      return [to, zoned](std::span<const arrow::Datum> arguments, std::int64_t rows, const evaluation_context& context) {
        const auto today = day_of(context.now.microseconds);
        return map_values<std::int64_t, string_view>(
            to, [=](string_view text) { return parse_timestamp_text(text, today, zoned); })(arguments, rows, context);
      };
    }
    case Type::DECIMAL128: {
      const auto shape = decimal_shape_of(*to);
      return map_values<arrow::Decimal128, string_view>(
          to, [shape](string_view text) { return parse_decimal(text, shape.precision, shape.scale); });
    }
    case Type::INTERVAL_MONTH_DAY_NANO:
      return map_values<arrow::MonthDayNanoIntervalType::MonthDayNanos, string_view>(
          to, [](string_view text) -> std::optional<arrow::MonthDayNanoIntervalType::MonthDayNanos> {
            try {
              const auto i = parse_calendar_interval(text);
              return arrow::MonthDayNanoIntervalType::MonthDayNanos{i.months, i.days, i.microseconds * 1000};
            } catch (const error&) {
              return std::nullopt;
            }
          });
    default:
      return nullptr;
  }
}

scalar_kernel nulls_of(const data_type& to) {
  return [to](std::span<const arrow::Datum>, std::int64_t rows, const evaluation_context&) -> arrow::Datum {
    return all_null(to, rows);
  };
}

scalar_kernel time_to(const data_type& from, const data_type& to) {
  const bool date = from->id() == Type::DATE32;
  if (to->id() == Type::TIMESTAMP) {
    if (date) return map_values<std::int64_t, std::int32_t>(to, [](std::int32_t d) { return d * micros_per_day; });
    return map_values<std::int64_t, std::int64_t>(to, [](std::int64_t t) { return t; });
  }
  if (date) return is_numeric_type(*to) || to->id() == Type::BOOL ? nulls_of(to) : nullptr;
  if (to->id() == Type::DATE32) {
    return map_values<std::int32_t, std::int64_t>(to, [](std::int64_t t) { return static_cast<std::int32_t>(day_of(t)); });
  }
  if (!is_timestamp_type(*from)) return nullptr;
  if (to->id() == Type::BOOL) return map_values<bool, std::int64_t>(to, [](std::int64_t t) { return t != 0; });
  if (is_decimal_type(*to)) {
    const auto shape = decimal_shape_of(*to);
    return map_values<arrow::Decimal128, std::int64_t>(
        to, [shape](std::int64_t t) { return rescaled(arrow::Decimal128(t), 6, shape.scale, shape.precision); });
  }
  return for_number(*to, [&](auto sample) {
    using To = decltype(sample);
    if constexpr (std::is_floating_point_v<To>) {
      return map_values<To, std::int64_t>(to, [](std::int64_t t) { return static_cast<To>(static_cast<double>(t) / 1e6); });
    } else {
      return map_values<To, std::int64_t>(to, [](std::int64_t t) -> std::optional<To> {
        const auto seconds = floor_div(t, micros_per_second);
        if (!std::in_range<To>(seconds)) return std::nullopt;
        return static_cast<To>(seconds);
      });
    }
  });
}

scalar_kernel boolean_to(const data_type& to) {
  if (is_decimal_type(*to)) {
    const auto shape = decimal_shape_of(*to);
    return map_values<arrow::Decimal128, bool>(
        to, [shape](bool v) { return rescaled(arrow::Decimal128(v ? 1 : 0), 0, shape.scale, shape.precision); });
  }
  if (is_timestamp_type(*to)) return map_values<std::int64_t, bool>(to, [](bool v) { return std::int64_t{v}; });
  return for_number(*to, [&](auto sample) {
    using To = decltype(sample);
    return map_values<To, bool>(to, [](bool v) { return static_cast<To>(v); });
  });
}

/// The text of any value.
scalar_kernel to_text(const data_type& from) {
  const auto& to = types::string();
  return [to, from](std::span<const arrow::Datum> arguments, std::int64_t rows, const evaluation_context&) -> arrow::Datum {
    if (arguments[0].is_scalar()) rows = 1;
    const auto values = as_array(arguments[0], rows);
    string_sink out(rows, rows * 12);
    std::string text;
    for (std::int64_t i = 0; i < rows; ++i) {
      if (values->IsValid(i)) {
        text.clear();
        append_value(text, *values, i);
        out.append(text);
      }
      out.next();
    }
    const std::vector<arrow::Datum> one{values};
    auto array = out.finish(to, combine_validity(one, rows));
    if (arguments[0].is_scalar()) return check(array->GetScalar(0));
    return array;
  };
}

/// The same bytes under another type.
scalar_kernel relabelled(const data_type& to) {
  return [to](std::span<const arrow::Datum> arguments, std::int64_t rows, const evaluation_context&) -> arrow::Datum {
    const auto data = as_array(arguments[0], rows)->data()->Copy();
    data->type = to;
    return arrow::MakeArray(data);
  };
}

/// An integer's bytes, the highest first.
scalar_kernel integer_bytes(const data_type& from, const data_type& to) {
  return for_number(*from, [&](auto sample) -> scalar_kernel {
    using From = decltype(sample);
    if constexpr (std::is_integral_v<From>) {
      return map_text<From>(to, [](string_sink& out, From v) {
        for (int shift = 8 * (static_cast<int>(sizeof(From)) - 1); shift >= 0; shift -= 8)
          out.push(static_cast<char>(v >> shift));
      });
    } else {
      return nullptr;
    }
  });
}

scalar_kernel make_cast(const data_type& from, const data_type& to, bool try_cast);

array convert_part(const scalar_kernel& kernel, const array& values) {
  if (!kernel) return values;
  const std::vector<arrow::Datum> one{values};
  return as_array(kernel(one, values->length(), evaluation_context{}), values->length());
}

/// Converts the parts of arrays, maps and structs.
scalar_kernel nested_to(const data_type& from, const data_type& to, bool try_cast) {
  if (from->id() != to->id()) return nullptr;
  std::vector<scalar_kernel> parts;
  const auto part = [&](const data_type& a, const data_type& b) {
    parts.push_back(a->Equals(*b) ? scalar_kernel{} : make_cast(a, b, try_cast));
    return a->Equals(*b) || parts.back() != nullptr;
  };
  if (is_map_type(*from)) {
    const auto& a = static_cast<const arrow::MapType&>(*from);
    const auto& b = static_cast<const arrow::MapType&>(*to);
    if (!part(a.key_type(), b.key_type()) || !part(a.item_type(), b.item_type())) return nullptr;
  } else {
    if (from->num_fields() != to->num_fields()) return nullptr;
    for (int i = 0; i < from->num_fields(); ++i) {
      if (!part(from->field(i)->type(), to->field(i)->type())) return nullptr;
    }
  }
  return [to, parts](std::span<const arrow::Datum> arguments, std::int64_t rows, const evaluation_context&) -> arrow::Datum {
    const auto values = as_array(arguments[0], rows);
    const auto data = values->data()->Copy();
    data->type = to;
    if (is_map_type(*to)) {
      const auto& map = static_cast<const arrow::MapArray&>(*values);
      const auto& old = *data->child_data[0];
      const auto& entries = static_cast<const arrow::MapType&>(*to).value_type();
      const auto keys = convert_part(parts[0], map.keys()), items = convert_part(parts[1], map.items());
      data->child_data = {arrow::ArrayData::Make(entries, keys->length(), {old.buffers[0]}, {keys->data(), items->data()}, 0)};
    } else if (is_list_type(*to)) {
      data->child_data = {convert_part(parts[0], static_cast<const arrow::ListArray&>(*values).values())->data()};
    } else {
      const auto& structure = static_cast<const arrow::StructArray&>(*values);
      if (data->offset != 0 && data->buffers[0]) data->buffers[0] = combine_validity(arguments, rows).bits;
      data->offset = 0;
      for (std::size_t i = 0; i < parts.size(); ++i)
        data->child_data[i] = convert_part(parts[i], structure.field(static_cast<int>(i)))->data();
    }
    return arrow::MakeArray(data);
  };
}

scalar_kernel make_cast(const data_type& from, const data_type& to, bool try_cast) {
  if (is_null_type(*from)) return nulls_of(to);
  if (is_string_type(*to)) return from->id() == Type::BINARY ? relabelled(to) : to_text(from);
  if (to->id() == Type::BINARY) {
    if (is_string_type(*from)) return relabelled(to);
    return arrow::is_signed_integer(from->id()) && !try_cast ? integer_bytes(from, to) : nullptr;
  }
  if (is_nested_type(*from) || is_nested_type(*to)) return nested_to(from, to, try_cast);
  if (is_string_type(*from)) return text_to(to, try_cast);
  if (is_decimal_type(*from)) return decimal_to(from, to, try_cast);
  if (is_numeric_type(*from)) return for_number(*from, [&](auto sample) { return number_to<decltype(sample)>(to, try_cast); });
  // try_cast refuses what would be an accident.
  if (from->id() == Type::BOOL) return try_cast && is_timestamp_type(*to) ? nullptr : boolean_to(to);
  if (try_cast && (to->id() == Type::BOOL || (from->id() == Type::DATE32 && is_numeric_type(*to)))) return nullptr;
  if (is_date_or_time_type(*from)) return time_to(from, to);
  return nullptr;
}

class cast_expression final : public call_expression {
 public:
  cast_expression(bound_ptr operand, const data_type& to, scalar_kernel kernel, bool try_cast)
      : call_expression("cast", {{std::move(operand)}, to, std::move(kernel), true}), try_cast_(try_cast) {}

  std::string to_string() const override {
    return std::string(try_cast_ ? "try_cast(" : "cast(") + arguments()[0]->to_string() + " AS " + to_ddl(*type()) + ")";
  }

  std::shared_ptr<arrow::Scalar> constant() const override {
    auto value = call_expression::constant();
    // "10:11:12" is a time of the day on which it is read.
    const bool dated = value && value->is_valid && type()->id() == Type::TIMESTAMP && is_string_type(*arguments()[0]->type()) &&
                       day_of(static_cast<const arrow::TimestampScalar&>(*value).value) == 0;
    return dated ? nullptr : value;
  }

 private:
  bool try_cast_;
};

}  // namespace

bound_ptr bind_cast(bound_ptr operand, const data_type& type, bool try_cast) {
  const auto& from = operand->type();
  if (from->Equals(*type)) return operand;
  auto kernel = make_cast(from, type, try_cast);
  if (!kernel) {
    throw error(errc::type_mismatch,
                operand->to_string() + " is " + to_ddl(*from) + ", which cannot be cast to " + to_ddl(*type));
  }
  return std::make_shared<const cast_expression>(std::move(operand), type, std::move(kernel), try_cast);
}

}  // namespace flow
