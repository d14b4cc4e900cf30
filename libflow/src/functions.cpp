#include "flow/functions.hpp"

namespace flow {

namespace {

column aggregate(const char* name, const column& c, bool distinct = false, bool ignore_nulls = false) {
  auto e = std::make_shared<expression>(*expressions::call(name, {c.expr()}));
  e->distinct = distinct;
  e->ignore_nulls = ignore_nulls;
  return column(std::move(e));
}

column map_literal(const std::map<std::string, std::string>& entries) {
  std::vector<expression_ptr> parts;
  for (const auto& [key, value] : entries) {
    parts.push_back(expressions::literal(std::string_view(key)));
    parts.push_back(expressions::literal(std::string_view(value)));
  }
  return column(expressions::call("map", std::move(parts)));
}

}  // namespace

column count(const column& c) {
  const bool all = c.expr()->kind == expression_kind::star && c.expr()->path.empty();
  return call_function("count", all ? lit(1) : c);
}
column count(std::string_view column_or_star) { return count(col(column_or_star)); }
column count_distinct(const column& c) { return aggregate("count", c, true); }
column approx_count_distinct(const column& c) { return call_function("approx_count_distinct", c); }
column sum(const column& c) { return call_function("sum", c); }
column sum(std::string_view name) { return sum(col(name)); }
column avg(const column& c) { return call_function("avg", c); }
column avg(std::string_view name) { return avg(col(name)); }
column min(const column& c) { return call_function("min", c); }
column min(std::string_view name) { return min(col(name)); }
column max(const column& c) { return call_function("max", c); }
column max(std::string_view name) { return max(col(name)); }
column first(const column& c, bool ignore_nulls) { return aggregate("first", c, false, ignore_nulls); }
column last(const column& c, bool ignore_nulls) { return aggregate("last", c, false, ignore_nulls); }
column collect_list(const column& c) { return call_function("collect_list", c); }
column collect_set(const column& c) { return call_function("collect_set", c); }

column explode(const column& array_or_map) { return call_function("explode", array_or_map); }
column explode_outer(const column& array_or_map) { return call_function("explode_outer", array_or_map); }

column window(const column& time, std::string size) { return call_function("window", time, size); }
column window(const column& time, std::string size, std::string slide) { return call_function("window", time, size, slide); }
column window(const column& time, std::string size, std::string slide, std::string start) {
  return call_function("window", time, size, slide, start);
}
column window_time(const column& window) { return call_function("window_time", window); }

column when(const column& condition, const column& value) { return call_function("case", condition, value); }

column split(const column& text, std::string pattern) { return call_function("split", text, pattern); }
column upper(const column& text) { return call_function("upper", text); }
column lower(const column& text) { return call_function("lower", text); }
column trim(const column& text) { return call_function("trim", text); }
column length(const column& text) { return call_function("length", text); }
column substring(const column& text, int position, int length) { return call_function("substring", text, position, length); }
column regexp_replace(const column& text, std::string pattern, std::string replacement) {
  return call_function("regexp_replace", text, pattern, replacement);
}

column size(const column& array_or_map) { return call_function("size", array_or_map); }
column element_at(const column& array_or_map, const column& key) { return call_function("element_at", array_or_map, key); }

column from_json(const column& json, std::string schema, const function_options& settings) {
  if (settings.empty()) return call_function("from_json", json, schema);
  return call_function("from_json", json, schema, map_literal(settings));
}
column to_json(const column& value, const function_options& settings) {
  return settings.empty() ? call_function("to_json", value) : call_function("to_json", value, map_literal(settings));
}
column get_json_object(const column& json, std::string path) { return call_function("get_json_object", json, path); }

column current_timestamp() { return call_function("current_timestamp"); }
column to_timestamp(const column& text) { return call_function("to_timestamp", text); }

}  // namespace flow
