#include <arrow/api.h>

#include "flow/error.hpp"
#include "function/number_pattern.hpp"
#include "function/register.hpp"
#include "function/row_kernels.hpp"
#include "function/signature.hpp"
#include "types/ascii.hpp"

namespace flow {

namespace {

number_pattern read_pattern(const function_text& f, const bound_list& a, const std::string& text) {
  auto pattern = number_pattern::parse(text);
  if (const auto* wrong = std::get_if<std::string>(&pattern)) {
    throw error(errc::invalid_argument, f.usage + ": the format '" + text + "' cannot be used: " + *wrong);
  }
  if (!a[1]->constant()) refuse_arguments(f, a, "the format is a constant text");
  return std::get<number_pattern>(std::move(pattern));
}

/// The constant format; nothing if it is null.
std::optional<std::string> format_of(const function_text& f, const bound_list& a) {
  const auto value = a[1]->constant();
  if (!value) refuse_arguments(f, a, "the format is a constant text");
  return constant_text(*a[1]);
}

scalar_binding nothing(const bound_ptr& argument, const data_type& type) {
  auto kernel = [type](std::span<const arrow::Datum>, std::int64_t rows, const evaluation_context&) -> arrow::Datum {
    return all_null(type, rows);
  };
  return {{argument}, type, std::move(kernel), true};
}

bound_ptr as_decimal(const function_text& f, const bound_list& a) {
  const auto& type = *a[0]->type();
  if (is_decimal_type(type)) return a[0];
  if (is_string_type(type) || is_null_type(type)) return bind_cast(a[0], types::decimal(38, 18));
  if (!is_numeric_type(type)) refuse_arguments(f, a, "it takes a number, a date, a time or BINARY");
  const auto shape = decimal_shape_of(type);
  return bind_cast(a[0], types::decimal(shape.precision, shape.scale));
}

/// BINARY by the name of an encoding.
bound_ptr binary_text(const function_text& f, const bound_list& a, const std::string& format) {
  const auto name = to_lower(format);
  if (name == "hex" || name == "base64") return bind_call(name, {a[0]});
  if (name == "utf-8") return bind_call("decode", {a[0], a[1]});
  refuse_arguments(f, a, "BINARY has the formats 'hex', 'base64' and 'utf-8'");
}

scalar_binding passed_on(bound_ptr value) {
  const auto type = value->type();
  return {{std::move(value)},
          type,
          [](std::span<const arrow::Datum> v, std::int64_t, const evaluation_context&) { return v[0]; },
          true};
}

scalar_binding bind_to_char(const function_text& f, bound_list a) {
  const auto id = a[0]->type()->id();
  if (id == arrow::Type::DATE32 || id == arrow::Type::TIMESTAMP) return passed_on(bind_call("date_format", {a[0], a[1]}));
  const auto format = format_of(f, a);
  if (!format) return nothing(a[0], types::string());
  if (id == arrow::Type::BINARY) return passed_on(binary_text(f, a, *format));
  const auto number = as_decimal(f, a);
  auto kernel = map_text<arrow::Decimal128>(
      types::string(), [pattern = read_pattern(f, a, *format), scale = decimal_shape_of(*number->type()).scale,
                        text = std::string()](string_sink& out, const arrow::Decimal128& v) mutable {
        text.clear();
        pattern.append(text, v, scale);
        out.append(text);
      });
  return {{number}, types::string(), std::move(kernel), true};
}

bind_rule to_number_rule(const function_text& f, bool fails) {
  return [f, fails](bound_list a) -> scalar_binding {
    const auto format = format_of(f, a);
    if (!format) return nothing(a[0], types::decimal(10, 0));
    auto pattern = read_pattern(f, a, *format);
    const auto type = types::decimal(pattern.precision(), pattern.scale());
    auto kernel = map_values<arrow::Decimal128, std::string_view>(
        type, [=, format = *format](std::string_view text) -> std::optional<arrow::Decimal128> {
          const auto value = pattern.read(text);
          if (!value && fails) {
            throw error(errc::evaluation_failed, "to_number: '" + std::string(text) + "' has not the format '" + format +
                                                     "'; try_to_number() gives null");
          }
          return value;
        });
    return {{a[0]}, type, std::move(kernel), true};
  };
}

}  // namespace

void register_number_text(function_catalog& c) {
  using enum accepts;
  const function_text to_char{
      "to_char", "to_char(value, format)",
      "A number by a format such as '$9,990.99', a date or time by a pattern, or BINARY in an encoding."};
  define(c, to_char, takes({any, text}), [to_char](bound_list a) { return bind_to_char(to_char, std::move(a)); });
  define_synonyms(c, {"to_varchar"});
  const function_text to_number{"to_number", "to_number(str, format)", "The number in a text of a format such as '$9,990.99'."};
  define(c, to_number, takes({text, text}), to_number_rule(to_number, true));
  const function_text try_it{"try_to_number", "try_to_number(str, format)", "The same; null for a text of another form."};
  define(c, try_it, takes({text, text}), to_number_rule(try_it, false));
}

}  // namespace flow
