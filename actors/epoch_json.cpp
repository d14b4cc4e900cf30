#include "actors/epoch_json.hpp"

#include <string>

#include "flow/error.hpp"

namespace flow {

namespace {

nlohmann::json write_mark(const watermark& mark) { return mark ? nlohmann::json(mark->microseconds) : nlohmann::json(); }

watermark read_mark(const nlohmann::json& text) {
  if (text.is_null()) return {};
  return timestamp{text.get<std::int64_t>()};
}

nlohmann::json write_marks(const std::vector<watermark>& marks) {
  auto out = nlohmann::json::array();
  for (const auto& mark : marks) out.push_back(write_mark(mark));
  return out;
}

std::vector<watermark> read_marks(const nlohmann::json& text) {
  std::vector<watermark> marks;
  for (const auto& each : text) marks.push_back(read_mark(each));
  return marks;
}

template <class Read>
auto checked(const char* what, const Read& read) {
  try {
    return read();
  } catch (const nlohmann::json::exception& e) {
    throw error(errc::checkpoint_corrupt, std::string("the checkpoint's ") + what + " cannot be read: " + e.what());
  }
}

}  // namespace

nlohmann::json to_json(const epoch_plan& plan) {
  auto sources = nlohmann::json::array();
  for (const auto& splits : plan.splits) {
    auto list = nlohmann::json::array();
    for (const auto& each : splits)
      list.push_back({{"id", each.id}, {"description", each.description}, {"bounded", each.bounded}});
    sources.push_back(std::move(list));
  }
  return {{"splits", std::move(sources)}, {"watermark", write_mark(plan.passed)}, {"now", plan.now.microseconds}};
}

epoch_plan parse_epoch_plan(const nlohmann::json& text) {
  return checked("epoch plan", [&] {
    epoch_plan plan;
    for (const auto& list : text.at("splits")) {
      auto& splits = plan.splits.emplace_back();
      for (const auto& each : list) splits.push_back({each.at("id"), each.at("description"), each.at("bounded")});
    }
    plan.passed = read_mark(text.at("watermark"));
    plan.now = {text.at("now").get<std::int64_t>()};
    return plan;
  });
}

nlohmann::json to_json(const epoch_marks& marks) {
  return {{"nodes", write_marks(marks.nodes)}, {"global", write_mark(marks.global)}, {"stages", write_marks(marks.stages)}};
}

epoch_marks parse_epoch_marks(const nlohmann::json& text) {
  return checked("watermarks", [&] {
    epoch_marks marks;
    marks.nodes = read_marks(text.at("nodes"));
    marks.global = read_mark(text.at("global"));
    marks.stages = read_marks(text.at("stages"));
    return marks;
  });
}

}  // namespace flow
