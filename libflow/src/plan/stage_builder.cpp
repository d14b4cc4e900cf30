#include "plan/stage_builder.hpp"

#include <algorithm>
#include <optional>

#include <arrow/scalar.h>
#include <arrow/type.h>

#include "flow/error.hpp"
#include "flow/function_catalog.hpp"
#include "plan/pane_windows.hpp"
#include "plan/state_meaning.hpp"
#include "plan/window_expressions.hpp"

namespace flow::plan {

namespace {

std::vector<int> every_column(std::size_t count) {
  std::vector<int> all(count);
  for (std::size_t i = 0; i < count; ++i) all[i] = static_cast<int>(i);
  return all;
}

std::vector<named_expression> passed_on(const resolved_columns& columns) {
  std::vector<named_expression> outputs;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    outputs.push_back({columns[i].name, bind_column(static_cast<int>(i), columns[i].type, columns[i].name)});
  }
  return outputs;
}

std::vector<int> positions_of(const resolved_columns& columns, const std::vector<int>& ids) {
  std::vector<int> positions;
  for (const int id : ids) {
    const int at = position_of(columns, id);
    if (std::find(positions.begin(), positions.end(), at) == positions.end()) positions.push_back(at);
  }
  return positions;
}

schema_ptr selected(const schema_ptr& schema, const std::vector<int>& columns) {
  arrow::FieldVector fields;
  for (const int column : columns) fields.push_back(schema->field(column));
  return arrow::schema(std::move(fields));
}

std::optional<std::string> text_literal(const expression& e) {
  if (e.kind != expression_kind::literal || !e.value->is_valid || e.value->type->id() != arrow::Type::STRING) return {};
  return e.value->ToString();
}

// What `column = 'text'` and `column IN ('text', ...)` ask; nothing for other conditions.
std::optional<wanted_texts> wanted_by(const expression& part, const resolved_plan& scan) {
  if (part.kind != expression_kind::call || part.arguments.size() < 2) return {};
  const bool equality = (part.name == "=" || part.name == "==") && part.arguments.size() == 2;
  if (!equality && part.name != "in") return {};
  const std::size_t at = equality && text_literal(*part.arguments[0]) ? 1 : 0;
  const auto id = whole_column(*part.arguments[at]);
  const auto* column = id ? find_column(scan.output, *id) : nullptr;
  if (!column || column->type->id() != arrow::Type::STRING) return {};
  wanted_texts out{scan.columns[static_cast<std::size_t>(position_of(scan.output, *id))], {}};
  for (std::size_t i = 0; i < part.arguments.size(); ++i) {
    if (i == at) continue;
    auto text = text_literal(*part.arguments[i]);
    if (!text) return {};
    out.values.push_back(std::move(*text));
  }
  return out;
}

bool has_distinct(const resolved_plan& aggregate) {
  return std::any_of(aggregate.values.begin() + static_cast<std::ptrdiff_t>(aggregate.key_count), aggregate.values.end(),
                     [](const auto& call) { return call->distinct; });
}

}  // namespace

physical_plan stage_builder::build(const resolved_plan& root) {
  const int last = place(root);
  // The sink reads the last stage.
  if (last + 1 != static_cast<int>(plan_.stages.size())) throw error(errc::illegal_state, "the last stage is not the root's");
  plan_.output = stage(last).output;
  plan_.physical_text = text_of(plan_);
  return std::move(plan_);
}

int stage_builder::place(const resolved_plan& node) {
  switch (node.kind) {
    case resolved_kind::scan:
      return place_scan(node);
    case resolved_kind::project:
      return place_project(node);
    case resolved_kind::filter:
      return place_filter(node);
    case resolved_kind::window:
      return place_window(node);
    case resolved_kind::generate:
      return place_generate(node);
    case resolved_kind::watermark:
      return place_watermark(node);
    case resolved_kind::aggregate:
      return has_distinct(node) ? place_distinct_aggregate(node) : place_aggregate(node);
    case resolved_kind::join:
      return place_join(node);
    case resolved_kind::unite:
      return place_unite(node);
    case resolved_kind::deduplicate:
      return place_deduplicate(node);
    case resolved_kind::sort:
      return place_sort(node);
    case resolved_kind::limit:
      return place_limit(node);
  }
  throw error(errc::illegal_state, "a resolved node of an unknown kind");
}

void stage_builder::append(int to, operator_spec spec) {
  auto& target = stage(to);
  target.output = spec.output;
  target.chain.push_back(std::move(spec));
}

int stage_builder::add_stage(std::vector<stage_input> inputs, bool single, schema_ptr rows) {
  physical_stage next;
  next.id = static_cast<int>(plan_.stages.size());
  next.inputs = std::move(inputs);
  next.single = single;
  next.output = std::move(rows);
  plan_.stages.push_back(std::move(next));
  return plan_.stages.back().id;
}

int stage_builder::gathered(int from) {
  if (stage(from).single) return from;
  return add_stage({{from, exchange_kind::gather, {}, 0}}, true, stage(from).output);
}

int stage_builder::exchanged(int from, std::vector<int> keys) {
  if (keys.empty()) return gathered(from);
  return add_stage({{from, exchange_kind::hash, std::move(keys), 0}}, false, stage(from).output);
}

std::string stage_builder::uid_of(const resolved_plan& node, const std::string& kind) {
  const int number = numbers_[kind]++;
  return node.uid.empty() ? kind + "-" + std::to_string(number) : node.uid;
}

int stage_builder::place_scan(const resolved_plan& node) {
  const int index = static_cast<int>(plan_.sources.size());
  plan_.sources.push_back({node.source, node.columns, "source-" + std::to_string(index)});
  const int id = add_stage({}, false, selected(node.source->schema(), node.columns));
  stage(id).source = index;
  return id;
}

void stage_builder::ask_source(int at, const resolved_plan& node, const expression_ptr& condition) {
  if (node.kind != resolved_kind::scan) return;
  auto& source = plan_.sources[static_cast<std::size_t>(stage(at).source)];
  for (const auto& part : conjuncts(condition)) {
    if (auto wanted = wanted_by(*part, node)) source.wanted.push_back(std::move(*wanted));
  }
}

int stage_builder::place_project(const resolved_plan& node) {
  // A filter below and the projection are one pass over the rows.
  const bool filters = node.children[0]->kind == resolved_kind::filter;
  const auto& input = filters ? *node.children[0]->children[0] : *node.children[0];
  const int id = place(input);
  std::vector<named_expression> outputs;
  for (std::size_t i = 0; i < node.values.size(); ++i) {
    outputs.push_back({node.output[i].name, bind_resolved(*node.values[i], input.output)});
  }
  if (filters) ask_source(id, input, node.children[0]->condition);
  auto predicate = filters ? bind_resolved(*node.children[0]->condition, input.output) : nullptr;
  append(id, make_filter_project(stage(id).output, std::move(predicate), std::move(outputs)));
  return id;
}

int stage_builder::place_filter(const resolved_plan& node) {
  const int id = place(*node.children[0]);
  ask_source(id, *node.children[0], node.condition);
  append(id, make_filter(stage(id).output, bind_resolved(*node.condition, node.children[0]->output)));
  return id;
}

int stage_builder::place_window(const resolved_plan& node) {
  const auto& input = node.children[0]->output;
  const int id = place(*node.children[0]);
  const auto paned = paned_.find(&node);
  const auto lengths = paned == paned_.end() ? window_lengths{node.size, node.slide, node.start} : panes_of(paned->second);
  auto time = bind_resolved(*node.values[0], input);
  if (lengths.slide == lengths.size) {
    auto present = bind_resolved(*expressions::call("isnotnull", {node.values[0]}), input);
    auto outputs = passed_on(input);
    outputs.push_back({node.output.back().name, bind_tumbling_window(std::move(time), lengths)});
    append(id, make_filter_project(stage(id).output, std::move(present), std::move(outputs)));
    return id;
  }
  generate_plan expand;
  expand.collection = bind_sliding_windows(std::move(time), lengths);
  expand.kept = every_column(input.size());
  expand.names = {node.output.back().name};
  append(id, make_generate(stage(id).output, std::move(expand)));
  return id;
}

int stage_builder::place_generate(const resolved_plan& node) {
  const auto& input = node.children[0]->output;
  const int id = place(*node.children[0]);
  generate_plan expand;
  expand.collection = bind_resolved(*node.values[0], input);
  for (const int kept : node.kept) expand.kept.push_back(position_of(input, kept));
  for (std::size_t i = node.kept.size(); i < node.output.size(); ++i) expand.names.push_back(node.output[i].name);
  expand.outer = node.generates.outer;
  expand.with_position = node.generates.with_position;
  expand.inline_structs = node.generates.inline_structs;
  append(id, make_generate(stage(id).output, std::move(expand)));
  return id;
}

int stage_builder::place_watermark(const resolved_plan& node) {
  const int id = place(*node.children[0]);
  if (!options_.streaming) return id;
  const int number = static_cast<int>(plan_.watermarks.size());
  const int column = position_of(node.output, node.column);
  plan_.watermarks.push_back(
      {node.output[static_cast<std::size_t>(column)].name, node.delay, column_origin(node.column, *node.children[0])});
  append(id, make_watermark(stage(id).output, number, column, node.delay));
  return id;
}

aggregate_plan stage_builder::aggregate_of(const resolved_plan& node, const resolved_columns& input,
                                           std::size_t bound_keys) const {
  aggregate_plan plan;
  for (std::size_t k = 0; k < node.key_count; ++k) {
    const auto& out = node.output[k];
    plan.keys.push_back({out.name, k < bound_keys ? bind_column(static_cast<int>(k), out.type, out.name)
                                                  : bind_resolved(*node.values[k], input)});
    if (options_.streaming && out.event_time && !plan.event_time) {
      plan.event_time = event_time_key{static_cast<int>(k), out.type->id() == arrow::Type::STRUCT};
    }
  }
  for (std::size_t c = node.key_count; c < node.values.size(); ++c) {
    const auto& call = *node.values[c];
    std::vector<bound_ptr> arguments;
    for (const auto& argument : call.arguments) arguments.push_back(bind_resolved(*argument, input));
    const auto& entry = function_catalog::builtin().at(call.name);
    auto function = entry.bind_aggregate(std::move(arguments), options_of(call, input));
    plan.calls.push_back(
        {node.output[c].name, std::move(function), call.filter ? bind_resolved(*call.filter, input) : nullptr});
  }
  plan.mode = options_.mode;
  plan.streaming = options_.streaming;
  return plan;
}

static nlohmann::json function_names(const resolved_plan& aggregate) {
  auto names = nlohmann::json::array();
  for (std::size_t c = aggregate.key_count; c < aggregate.values.size(); ++c) {
    names.push_back(function_catalog::builtin().at(aggregate.values[c]->name).name);
  }
  return names;
}

namespace {

/// The windows below an aggregation, down to the next one.
void collect_windows(const resolved_plan& node, nlohmann::json& windows) {
  for (const auto& child : node.children) {
    if (child->kind == resolved_kind::window) {
      windows.push_back("window of " + to_string(child->size) + " every " + to_string(child->slide) +
                        (child->start == duration{} ? "" : " from " + to_string(child->start)));
    }
    if (child->kind != resolved_kind::aggregate) collect_windows(*child, windows);
  }
}

/// State keyed by windows of one length means nothing to another.
void sign_windows(const resolved_plan& node, operator_spec& spec) {
  auto windows = nlohmann::json::array();
  collect_windows(node, windows);
  if (spec.stateful && !windows.empty()) spec.signature["windows"] = std::move(windows);
}

}  // namespace

int stage_builder::place_aggregate(const resolved_plan& node) {
  const auto& input = node.children[0]->output;
  const auto sliding = use_panes(node);
  const int below = place(*node.children[0]);
  auto partial = aggregate_of(node, input, 0);
  partial.stage = aggregate_stage::partial;
  const bool closes_groups = partial.event_time.has_value() && options_.mode != output_mode::complete;
  // Keys travel as the sender stores them: the receiver must not have the event time first where the sender has not.
  const bool same_order = !partial.event_time || partial.event_time->key == 0;
  partial.receiver_keeps_groups = options_.streaming && !closes_groups && !sliding && same_order && node.key_count > 0;
  partial.event_time.reset();
  auto whole = aggregate_of(node, input, 0);
  whole.stage = aggregate_stage::complete_rows;
  whole.sliding = sliding;
  const auto rows = stage(below).output;
  append(below, make_aggregate(rows, std::move(partial)));
  auto exchange_keys = every_column(node.key_count);
  if (sliding) exchange_keys.erase(exchange_keys.begin() + sliding->key);  // The panes of a window must meet.
  const int id = exchanged(below, std::move(exchange_keys));
  auto merged = aggregate_of(node, input, node.key_count);
  merged.stage = aggregate_stage::final;
  merged.sliding = sliding;
  whole.uid = merged.uid = uid_of(node, "aggregate");
  auto spec = make_aggregate(stage(id).output, std::move(merged));
  // The one group of no keys is emitted by every epoch of update mode, as in Spark, whatever it brings.
  const bool always_emits = node.key_count == 0 && options_.streaming && options_.mode == output_mode::update;
  spec.wants_no_data_epochs = closes_groups || always_emits;
  // The state of count() has the shape of sum()'s: only its name tells that a checkpoint is not for this query.
  if (spec.stateful) {
    spec.signature["functions"] = function_names(node);
    spec.signature["meaning"] = state_meaning(node);
  }
  if (sliding) spec.description += " by panes of " + to_string(panes_of(*sliding).size);
  sign_windows(node, spec);
  spec.whole = std::make_shared<const operator_spec>(make_aggregate(rows, std::move(whole)));
  append(id, std::move(spec));
  return id;
}

std::optional<sliding_window> stage_builder::use_panes(const resolved_plan& aggregate) {
  const auto found = paned_window_of(aggregate);
  if (!found) return {};
  const auto calls = aggregate_of(aggregate, aggregate.children[0]->output, 0).calls;
  if (!std::all_of(calls.begin(), calls.end(), [](const auto& call) { return call.function.order_free; })) return {};
  paned_.emplace(found->node, found->window);
  return found->window;
}

int stage_builder::place_distinct_aggregate(const resolved_plan& node) {
  // Distinct values of a group must meet: rows go to their group's instance, keys computed first.
  const auto& input = node.children[0]->output;
  const int below = place(*node.children[0]);
  std::vector<named_expression> outputs;
  resolved_columns widened;
  for (std::size_t k = 0; k < node.key_count; ++k) {
    outputs.push_back({node.output[k].name, bind_resolved(*node.values[k], input)});
    auto key = node.output[k];
    key.id = -1 - static_cast<int>(k);
    widened.push_back(std::move(key));
  }
  for (auto& column : passed_on(input)) outputs.push_back(std::move(column));
  widened.insert(widened.end(), input.begin(), input.end());
  append(below, make_project(stage(below).output, std::move(outputs)));
  const int id = exchanged(below, every_column(node.key_count));
  auto whole = aggregate_of(node, widened, node.key_count);
  whole.stage = aggregate_stage::complete_rows;
  whole.uid = uid_of(node, "aggregate");
  auto spec = make_aggregate(stage(id).output, std::move(whole));
  if (spec.stateful) spec.signature["meaning"] = state_meaning(node);
  sign_windows(node, spec);
  append(id, std::move(spec));
  return id;
}

int stage_builder::place_unite(const resolved_plan& node) {
  std::vector<int> from;
  for (const auto& child : node.children) from.push_back(place(*child));
  const bool single = std::any_of(from.begin(), from.end(), [&](int id) { return stage(id).single; });
  std::vector<stage_input> inputs;
  for (std::size_t i = 0; i < from.size(); ++i) {
    inputs.push_back({from[i], single ? exchange_kind::gather : exchange_kind::forward, {}, static_cast<int>(i)});
  }
  const int id = add_stage(std::move(inputs), single, stage(from[0]).output);
  append(id, make_merge(stage(id).output));
  return id;
}

static void check_one_event_time(const resolved_plan& deduplicate) {
  const auto* time = event_time_column(deduplicate.output);
  for (const auto& column : deduplicate.output) {
    if (!column.event_time || column.id == time->id) continue;
    throw error(errc::unsupported_plan, "drop_duplicates() sees the event time in two columns, " + time->name + " and " +
                                            column.name +
                                            ", and only one can say which rows are late; drop one of them before");
  }
}

int stage_builder::place_deduplicate(const resolved_plan& node) {
  if (options_.streaming) check_one_event_time(node);
  const int below = place(*node.children[0]);
  deduplicate_plan plan;
  plan.columns = positions_of(node.output, node.ids);
  const auto* time = options_.streaming ? event_time_column(node.output) : nullptr;
  if (time) {
    plan.event_time_column = position_of(node.output, time->id);
    plan.delay = *time->event_time;
  }
  plan.within_watermark = node.within_watermark && time;
  plan.uid = uid_of(node, "deduplicate");
  const int id = exchanged(below, plan.columns);
  auto spec = make_deduplicate(stage(id).output, std::move(plan));
  if (spec.stateful) spec.signature["meaning"] = state_meaning(node);
  append(id, std::move(spec));
  return id;
}

int stage_builder::place_sort(const resolved_plan& node) {
  const int id = gathered(place(*node.children[0]));
  sort_plan plan;
  for (const auto& order : node.orders) {
    plan.keys.push_back({bind_resolved(*order.key, node.output), order.descending, order.nulls_first});
  }
  if (node.count >= 0) plan.limit = node.count;
  append(id, make_sort(stage(id).output, std::move(plan)));
  return id;
}

static bool aggregates(const resolved_plan& node) {
  return node.kind == resolved_kind::aggregate ||
         std::any_of(node.children.begin(), node.children.end(), [](const auto& child) { return aggregates(*child); });
}

int stage_builder::place_limit(const resolved_plan& node) {
  const int id = gathered(place(*node.children[0]));
  // The first rows of the stream, or of each result of an aggregation that is shown whole.
  const bool per_epoch = !options_.streaming || (options_.mode == output_mode::complete && aggregates(*node.children[0]));
  append(id, make_limit(stage(id).output, node.count, per_epoch, uid_of(node, "limit")));
  return id;
}

}  // namespace flow::plan
