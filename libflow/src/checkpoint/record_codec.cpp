#include "checkpoint/record_codec.hpp"

#include <cstring>

#include "flow/error.hpp"
#include "state/segment.hpp"

namespace flow {
namespace {

using json = nlohmann::json;

std::uint64_t sum_of(std::string_view key, std::string_view text) {
  return checksum(text) ^ (checksum(key) * 0x9e3779b97f4a7c15u);
}

/// Segment ids as [first, count] pairs: those of one merge follow one another.
json ids_to_json(const std::vector<std::uint64_t>& ids) {
  auto ranges = json::array();
  for (std::size_t i = 0; i < ids.size();) {
    std::size_t count = 1;
    while (i + count < ids.size() && ids[i + count] == ids[i] + count) ++count;
    ranges.push_back({ids[i], count});
    i += count;
  }
  return ranges;
}

std::vector<std::uint64_t> ids_from_json(const json& ranges) {
  std::vector<std::uint64_t> ids;
  for (const auto& range : ranges) {
    const auto first = range.at(0).get<std::uint64_t>();
    const auto count = range.at(1).get<std::uint64_t>();
    for (std::uint64_t i = 0; i < count; ++i) ids.push_back(first + i);
  }
  return ids;
}

json run_to_json(const run& r) {
  json content = {{"epochs", {r.first_epoch, r.last_epoch}},
                  {"entries", r.entries},
                  {"bytes", r.bytes},
                  {"segments", ids_to_json(r.segments)}};
  if (!r.keys.empty()) content["keys"] = r.keys;
  return content;
}

run run_from_json(const json& content) {
  run r{content.at("epochs").at(0).get<std::uint64_t>(), content.at("epochs").at(1).get<std::uint64_t>(),
        content.at("entries").get<std::uint64_t>(),      content.at("bytes").get<std::uint64_t>(),
        ids_from_json(content.at("segments")),           {}};
  if (content.contains("keys")) {
    r.keys = content.at("keys").get<std::vector<std::uint64_t>>();
    if (r.keys.size() != r.segments.size()) throw std::out_of_range("keys");
  }
  return r;
}

[[noreturn]] void refuse(const std::string& name, const std::string& what) {
  throw error(errc::checkpoint_corrupt, name + " is damaged: " + what);
}

}  // namespace

std::string seal(std::string_view key, const json& content) {
  const auto text = content.dump();
  const auto sum = sum_of(key, text);
  std::string stored(sizeof sum + text.size(), '\0');
  std::memcpy(stored.data(), &sum, sizeof sum);
  std::memcpy(stored.data() + sizeof sum, text.data(), text.size());
  return stored;
}

json unseal(std::string_view key, std::string_view stored, const std::string& name) {
  std::uint64_t sum = 0;
  if (stored.size() < sizeof sum) refuse(name, "it is too short");
  std::memcpy(&sum, stored.data(), sizeof sum);
  const auto text = stored.substr(sizeof sum);
  if (sum != sum_of(key, text)) refuse(name, "its checksum is wrong");
  auto content = json::parse(text, nullptr, false);
  if (content.is_discarded()) refuse(name, "it is not JSON");
  return content;
}

json to_json(const epoch_record& record, const state_lists& state) {
  json content = {{"epoch", record.number.value},
                  {"sources", record.sources},
                  {"watermarks", record.watermarks},
                  {"lateWatermark", nullptr},
                  {"sinks", record.sinks},
                  {"info", record.info},
                  {"committedAt", record.committed_at.microseconds}};
  if (record.late_watermark) content["lateWatermark"] = record.late_watermark->microseconds;
  auto& operators = content["state"] = json::object();
  for (const auto& [uid, list] : state) {
    auto runs = json::array();
    for (const auto& r : list->runs) runs.push_back(run_to_json(*r));
    operators[uid] = {{"parallelism", list->parallelism}, {"runs", std::move(runs)}};
  }
  return content;
}

epoch_record record_from_json(const json& content, const std::string& name) {
  try {
    epoch_record record;
    record.number = {content.at("epoch").get<std::uint64_t>()};
    record.sources = content.at("sources");
    record.watermarks = content.at("watermarks");
    if (const auto& late = content.at("lateWatermark"); !late.is_null()) {
      record.late_watermark = timestamp{late.get<std::int64_t>()};
    }
    record.sinks = content.at("sinks");
    record.info = content.at("info");
    record.committed_at = {content.at("committedAt").get<std::int64_t>()};
    return record;
  } catch (const json::exception& cause) {
    refuse(name, cause.what());
  }
}

state_lists state_from_json(const json& content, run_pool& pool, const std::string& name) {
  try {
    state_lists lists;
    for (const auto& [uid, stored] : content.at("state").items()) {
      auto list = std::make_shared<run_list>();
      list->parallelism = stored.at("parallelism").get<std::uint32_t>();
      for (const auto& each : stored.at("runs")) {
        auto r = run_from_json(each);
        auto& known = pool[{uid, r.segments.at(0)}];
        if (!known) known = std::make_shared<const run>(std::move(r));
        list->runs.push_back(known);
      }
      lists[uid] = std::move(list);
    }
    return lists;
  } catch (const json::exception& cause) {
    refuse(name, cause.what());
  } catch (const std::out_of_range&) {
    refuse(name, "a run without segments, or without keys for them");
  }
}

}  // namespace flow
