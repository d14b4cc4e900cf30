#include <arrow/api.h>

#include "operators/aggregate_operator.hpp"

namespace flow {
namespace {

schema_ptr output_schema(const aggregate_plan& plan) {
  arrow::FieldVector fields;
  for (const auto& key : plan.keys) fields.push_back(arrow::field(key.name, key.value->type()));
  for (const auto& call : plan.calls) {
    if (plan.stage != aggregate_stage::partial) {
      fields.push_back(arrow::field(call.name, call.function.type));
      continue;
    }
    for (std::size_t s = 0; s < call.function.state_types.size(); ++s)
      fields.push_back(arrow::field(call.name + "#" + std::to_string(s), call.function.state_types[s]));
  }
  return arrow::schema(std::move(fields));
}

std::string describe(const aggregate_plan& plan) {
  std::string text = plan.stage == aggregate_stage::partial ? "partial ["
                     : plan.stage == aggregate_stage::final ? "final ["
                                                            : "[";
  for (std::size_t k = 0; k < plan.keys.size(); ++k) text += (k == 0 ? "" : ", ") + plan.keys[k].name;
  text += "] [";
  for (std::size_t c = 0; c < plan.calls.size(); ++c) text += (c == 0 ? "" : ", ") + plan.calls[c].name;
  return text + "]";
}

nlohmann::json signature(const aggregate_plan& plan) {
  nlohmann::json keys = nlohmann::json::array(), calls = nlohmann::json::array();
  for (const auto& key : plan.keys) keys.push_back(key.value->type()->ToString());
  for (const auto& call : plan.calls) {
    nlohmann::json states = nlohmann::json::array();
    for (const auto& type : call.function.state_types) states.push_back(type->ToString());
    calls.push_back({{"result", call.function.type->ToString()}, {"state", states}});
  }
  nlohmann::json out{{"keys", keys}, {"calls", calls}, {"mode", std::string(to_string(plan.mode))}};
  if (plan.event_time) out["event_time_key"] = plan.event_time->key;
  if (plan.sliding) {
    const auto& window = *plan.sliding;
    out["sliding"] = {window.key, window.size.microseconds, window.slide.microseconds, window.start.microseconds};
  }
  return out;
}

}  // namespace

operator_spec make_aggregate(const schema_ptr&, aggregate_plan plan) {
  operator_spec spec;
  spec.uid = plan.uid;
  spec.kind = plan.stage == aggregate_stage::partial ? "partial_aggregate" : "aggregate";
  spec.description = describe(plan);
  spec.stateful = plan.streaming && plan.stage != aggregate_stage::partial;
  if (spec.stateful) spec.signature = signature(plan);
  spec.output = output_schema(plan);
  spec.wants_no_data_epochs = spec.stateful && plan.event_time && plan.mode != output_mode::complete;
  const auto shared = std::make_shared<const aggregate_plan>(std::move(plan));
  const auto layout = std::make_shared<const aggregate_layout>(*shared);
  spec.make = [shared, layout, output = spec.output](const operator_context& place) -> std::unique_ptr<stream_operator> {
    return std::make_unique<aggregate_operator>(shared, layout, output, place);
  };
  return spec;
}

}  // namespace flow
