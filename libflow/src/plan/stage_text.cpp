#include <arrow/type.h>

#include "plan/plan_text.hpp"
#include "plan/stage_builder.hpp"

namespace flow::plan {

namespace {

std::string_view name_of(exchange_kind kind) {
  switch (kind) {
    case exchange_kind::forward:
      return "forward";
    case exchange_kind::hash:
      return "hash";
    case exchange_kind::gather:
      return "gather";
    case exchange_kind::broadcast:
      return "broadcast";
  }
  return "";
}

std::string exchange_text(const stage_input& input) {
  std::string keys;
  for (const int key : input.keys) keys += (keys.empty() ? "" : ", ") + std::to_string(key);
  return "Exchange " + std::string(name_of(input.exchange)) + (keys.empty() ? "" : " [" + keys + "]");
}

std::string columns_of(const physical_source& source) {
  const auto schema = source.provider->schema();
  std::string text;
  for (const int column : source.columns) text += (text.empty() ? "" : ", ") + schema->field(column)->name();
  return text;
}

std::string wanted_of(const physical_source& source) {
  const auto schema = source.provider->schema();
  std::string text;
  for (const auto& one : source.wanted) {
    text += (text.empty() ? ", only " : " and ") + schema->field(one.column)->name() + " in (";
    for (const auto& value : one.values) text += (&value == one.values.data() ? "'" : ", '") + value + "'";
    text += ')';
  }
  return text;
}

void append(const physical_plan& plan, int id, int depth, std::string& text) {
  const auto& stage = plan.stages.at(static_cast<std::size_t>(id));
  for (auto spec = stage.chain.rbegin(); spec != stage.chain.rend(); ++spec) {
    const auto uid = spec->stateful && !spec->uid.empty() ? " [" + spec->uid + "]" : std::string();
    text +=
        indented("(" + std::to_string(id) + ") " + (spec->description.empty() ? spec->kind : spec->description) + uid, depth++);
  }
  if (stage.source >= 0) {
    const auto& source = plan.sources.at(static_cast<std::size_t>(stage.source));
    text += indented("(" + std::to_string(id) + ") Scan " + source.provider->description() + " [" + columns_of(source) + "]" +
                         wanted_of(source),
                     depth);
  }
  for (const auto& input : stage.inputs) {
    text += indented(exchange_text(input), depth);
    append(plan, input.from_stage, depth + 1, text);
  }
}

}  // namespace

std::string text_of(const physical_plan& plan) {
  std::string text;
  append(plan, static_cast<int>(plan.stages.size()) - 1, 0, text);
  return text;
}

}  // namespace flow::plan
