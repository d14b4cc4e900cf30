#include <algorithm>

#include <arrow/scalar.h>
#include <arrow/type.h>

#include "flow/error.hpp"
#include "flow/time.hpp"
#include "plan/analyzer.hpp"
#include "plan/interval_text.hpp"
#include "plan/name_resolution.hpp"

namespace flow::plan {

namespace {

bool is_call(const expression& e, std::string_view name) { return e.kind == expression_kind::call && same_name(e.name, name); }

calendar_interval interval_of(const expression& e, std::string_view what) {
  if (e.kind == expression_kind::literal && e.value && e.value->is_valid) {
    // Whole numbers are microseconds.
    if (const auto* n = dynamic_cast<const arrow::Int32Scalar*>(e.value.get())) return {0, 0, n->value};
    if (const auto* n = dynamic_cast<const arrow::Int64Scalar*>(e.value.get())) return {0, 0, n->value};
    if (e.value->type->id() == arrow::Type::STRING) return interval_of_text(e.value->ToString());
  }
  throw error(errc::type_mismatch,
              "the " + std::string(what) +
                  " of window() must be a constant text such as '10 minutes' or a whole number of microseconds, not " +
                  to_sql(e));
}

duration fixed_interval_of(const expression& e, std::string_view what) {
  const auto interval = interval_of(e, what);
  if (interval.months != 0) {
    throw error(errc::invalid_argument, "the " + std::string(what) + " of window() must have a fixed length, but " + to_sql(e) +
                                            " has months or years; use days or weeks, or group by date_trunc('month', ...)");
  }
  return longest(interval);
}

void check_lengths(const expression& call, duration size, duration slide, duration start) {
  const auto refuse = [&](const std::string& why) { throw error(errc::invalid_argument, to_sql(call) + ": " + why); };
  if (size.microseconds <= 0) refuse("the size must be longer than zero");
  if (slide.microseconds <= 0) refuse("the slide must be longer than zero");
  if (slide > size)
    refuse(
        "the slide must not be longer than the size, or rows between windows would be lost; use a slide of at most the size");
  const auto offset = start.microseconds < 0 ? -start.microseconds : start.microseconds;
  if (offset >= slide.microseconds) refuse("the start offset must be shorter than the slide");
}

bool is_window_type(const arrow::DataType& type) {
  return type.id() == arrow::Type::STRUCT && type.num_fields() == 2 && same_name(type.field(0)->name(), "start") &&
         same_name(type.field(1)->name(), "end") && type.field(1)->type()->id() == arrow::Type::TIMESTAMP;
}

resolved_ptr with_column(const resolved_ptr& input, resolved_column column, expression_ptr value) {
  auto output = input->output;
  std::vector<expression_ptr> values;
  for (const auto& c : output) values.push_back(reference_to(c.id));
  output.push_back(std::move(column));
  values.push_back(std::move(value));
  return make_project_node(input, std::move(output), std::move(values));
}

std::optional<duration> event_time_of(const expression& e, const resolved_columns& columns) {
  const auto whole = whole_column(e);
  return whole ? find_column(columns, *whole)->event_time : std::nullopt;
}

}  // namespace

int analyzer::add_window_time(resolved_ptr& input, const expression& call) {
  if (call.arguments.size() != 1) throw error(errc::type_mismatch, "window_time() takes one window column: " + to_sql(call));
  const auto window = resolve_names(call.arguments[0], input->output);
  const auto type = type_of(*window, input->output);
  if (!is_window_type(*type)) {
    throw error(errc::type_mismatch,
                "window_time() needs a window column, but " + text_of(*window, input->output) + " is " + to_ddl(*type));
  }
  arrow::MonthDayNanoIntervalType::MonthDayNanos microsecond{0, 0, 1000};
  const auto end = expressions::call("[]", {window, expressions::literal(std::string_view("end"))});
  const auto id = referenced_id(*window);
  auto path = window->path;
  path.push_back(type->field(1)->name());
  const auto instant =
      expressions::call("-", {id ? expressions::reference(path) : end,
                              expressions::literal(std::make_shared<arrow::MonthDayNanoIntervalScalar>(microsecond))});
  resolved_column column{"window_time", {}, type->field(1)->type(), new_id(), event_time_of(*window, input->output), true};
  const int made = column.id;
  input = with_column(input, std::move(column), instant);
  return made;
}

int analyzer::add_window(resolved_ptr& input, const expression& call) {
  if (call.arguments.size() < 2 || call.arguments.size() > 4) {
    throw error(errc::type_mismatch, "window() takes a time column, a size and maybe a slide and a start: " + to_sql(call));
  }
  const auto size = fixed_interval_of(*call.arguments[1], "size");
  const auto slide = call.arguments.size() > 2 ? fixed_interval_of(*call.arguments[2], "slide") : size;
  const auto start = call.arguments.size() > 3 ? fixed_interval_of(*call.arguments[3], "start") : duration{};
  check_lengths(call, size, slide, start);
  auto time = resolve_names(call.arguments[0], input->output);
  auto type = type_of(*time, input->output);
  if (is_window_type(*type)) {
    time = reference_to(add_window_time(input, *expressions::call("window_time", {time})));
    type = type_of(*time, input->output);
  } else if (type->id() == arrow::Type::DATE32 || type->id() == arrow::Type::STRING || type->id() == arrow::Type::NA) {
    type = types::timestamp();
    time = expressions::cast(time, type);
  } else if (type->id() != arrow::Type::TIMESTAMP) {
    throw error(errc::type_mismatch, "window() needs a TIMESTAMP, but " + text_of(*time, input->output) + " is " +
                                         to_ddl(*type) + "; convert it first, for example with timestamp_seconds()");
  }
  auto node = std::make_shared<resolved_plan>();
  node->kind = resolved_kind::window;
  node->streaming = input->streaming;
  node->output = input->output;
  node->size = size;
  node->slide = slide;
  node->start = start;
  const auto window_type = types::structure({{"start", type}, {"end", type}});
  node->output.push_back({"window", {}, window_type, new_id(), event_time_of(*time, input->output), true});
  node->values = {std::move(time)};
  node->children = {input};
  input = std::move(node);
  return input->output.back().id;
}

expression_ptr analyzer::extract_window(resolved_ptr& input, const expression_ptr& e,
                                        std::vector<std::pair<expression_ptr, int>>& made) {
  auto inner = e;
  const bool has_parts = !e->arguments.empty();
  if (has_parts) {
    auto copy = std::make_shared<expression>(*e);
    bool changed = false;
    for (auto& argument : copy->arguments) {
      auto next = extract_window(input, argument, made);
      changed = changed || next != argument;
      argument = std::move(next);
    }
    if (changed) inner = std::move(copy);
  }
  if (is_call(*inner, "session_window")) {
    throw error(errc::unsupported_plan,
                "session_window() is not supported yet: " + to_sql(*inner) + "; use window() with a fixed size for now");
  }
  const bool is_window = is_call(*inner, "window");
  if (!is_window && !is_call(*inner, "window_time")) return inner;
  const auto resolved = resolve_names(inner, input->output);
  for (const auto& [known, id] : made) {
    if (same_expression(*known, *resolved)) return reference_to(id);
    if (is_window && is_call(*known, "window")) {
      throw error(errc::unsupported_plan, "only one window() is allowed among the columns of one verb, but there are " +
                                              text_of(*known, input->output) + " and " + text_of(*resolved, input->output) +
                                              "; aggregate once per window and unite or join the results");
    }
  }
  int id = 0;
  const auto columns = input->output;
  with_names(columns, [&] { id = is_window ? add_window(input, *resolved) : add_window_time(input, *resolved); });
  made.emplace_back(resolved, id);
  return reference_to(id);
}

void analyzer::extract_windows(resolved_ptr& input, std::vector<expression_ptr>& list) {
  std::vector<std::pair<expression_ptr, int>> made;
  for (auto& e : list) e = extract_window(input, e, made);
}

}  // namespace flow::plan
