#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "flow/column.hpp"

/// Functions of columns, named as in Spark's functions object. Any function of the catalogue can also be called by name:
/// call_function("levenshtein", a, b), or in SQL text.
namespace flow {

template <class... Arguments>
column call_function(std::string name, const Arguments&... arguments) {
  return column(expressions::call(std::move(name), {detail::as_column(arguments).expr()...}));
}

// Aggregates.
column count(const column& c);
column count(std::string_view column_or_star);
column count_distinct(const column& c);
column approx_count_distinct(const column& c);
column sum(const column& c);
column sum(std::string_view name);
column avg(const column& c);
column avg(std::string_view name);
column min(const column& c);
column min(std::string_view name);
column max(const column& c);
column max(std::string_view name);
column first(const column& c, bool ignore_nulls = false);
column last(const column& c, bool ignore_nulls = false);
column collect_list(const column& c);
column collect_set(const column& c);

// Generators.
column explode(const column& array_or_map);
column explode_outer(const column& array_or_map);

// Event-time windows: tumbling, or sliding when `slide` is given. Intervals as Spark writes them: "10 minutes".
column window(const column& time, std::string size);
column window(const column& time, std::string size, std::string slide);
column window(const column& time, std::string size, std::string slide, std::string start);
column window_time(const column& window);

// Conditionals and nulls.
column when(const column& condition, const column& value);
template <class T>
  requires(!detail::column_like<T>)
column when(const column& condition, const T& value) {
  return when(condition, lit(value));
}
template <class... Columns>
column coalesce(const Columns&... columns) {
  return call_function("coalesce", columns...);
}

// Strings.
column split(const column& text, std::string pattern);
column upper(const column& text);
column lower(const column& text);
column trim(const column& text);
column length(const column& text);
column substring(const column& text, int position, int length);
column regexp_replace(const column& text, std::string pattern, std::string replacement);
template <class... Columns>
column concat(const Columns&... columns) {
  return call_function("concat", columns...);
}

// Structs, arrays, maps.
template <class... Columns>
column structure(const Columns&... columns) {
  return call_function("struct", columns...);
}
template <class... Columns>
column array_of(const Columns&... columns) {
  return call_function("array", columns...);
}
template <class... Columns>
column map_of(const Columns&... columns) {
  return call_function("map", columns...);
}
column size(const column& array_or_map);
column element_at(const column& array_or_map, const column& key);

// JSON. `schema` in DDL: "a INT, b STRING", "ARRAY<INT>"; settings as those of the JSON format. Only the members that are used
// are decoded.
using function_options = std::map<std::string, std::string>;
column from_json(const column& json, std::string schema, const function_options& settings = {});
column to_json(const column& value, const function_options& settings = {});
column get_json_object(const column& json, std::string path);

column current_timestamp();
column to_timestamp(const column& text);

}  // namespace flow
