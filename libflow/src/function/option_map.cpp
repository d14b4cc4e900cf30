#include "function/option_map.hpp"

#include <arrow/api.h>

#include "flow/error.hpp"

namespace flow {

std::optional<options> constant_options(const bound_expression& map) {
  const auto& type = *map.type();
  const bool texts = is_map_type(type) && is_string_type(*static_cast<const arrow::MapType&>(type).key_type()) &&
                     is_string_type(*static_cast<const arrow::MapType&>(type).item_type());
  const auto constant = texts ? map.constant() : nullptr;
  if (!constant || !constant->is_valid) return std::nullopt;
  options out;
  const auto& entries = static_cast<const arrow::StructArray&>(*static_cast<const arrow::MapScalar&>(*constant).value);
  const auto& keys = static_cast<const arrow::StringArray&>(*entries.field(0));
  const auto& values = static_cast<const arrow::StringArray&>(*entries.field(1));
  for (std::int64_t i = 0; i < entries.length(); ++i) out.set(keys.GetString(i), values.IsNull(i) ? "" : values.GetString(i));
  return out;
}

options read_options(const function_text& f, const bound_list& arguments, std::size_t place) {
  if (arguments.size() <= place) return {};
  auto out = constant_options(*arguments[place]);
  if (!out) refuse_arguments(f, arguments, "options are a constant map of texts");
  return std::move(*out);
}

data_type read_schema(const function_text& f, const bound_list& arguments) {
  const auto text = constant_text(*arguments[1]);
  const bool blank = !text || text->find_first_not_of(" \t\r\n") == std::string::npos;
  if (blank) refuse_arguments(f, arguments, "the schema is a constant text such as 'a INT, b STRING'");
  try {
    return parse_type(*text);
  } catch (const error&) {
    return arrow::struct_(parse_schema(*text)->fields());
  }
}

}  // namespace flow
