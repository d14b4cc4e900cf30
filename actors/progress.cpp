#include "actors/progress.hpp"

#include <cstdio>

namespace flow {

namespace {

double per_second(std::int64_t rows, std::int64_t microseconds) {
  return microseconds > 0 ? static_cast<double>(rows) * 1e6 / static_cast<double>(microseconds) : 0.0;
}

nlohmann::json event_time(const epoch_progress& p) {
  nlohmann::json out = nlohmann::json::object();
  if (p.event_time_watermark) out["watermark"] = iso_time(*p.event_time_watermark);
  if (p.next_watermark) out["nextWatermark"] = iso_time(*p.next_watermark);
  if (p.greatest_event_time) out["max"] = iso_time(*p.greatest_event_time);
  return out;
}

nlohmann::json state_operators(const epoch_progress& p) {
  auto out = nlohmann::json::array();
  for (const auto& op : p.operators) {
    out.push_back({{"operatorName", op.kind},
                   {"uid", op.uid},
                   {"numRowsTotal", op.metrics.rows_total},
                   {"numRowsUpdated", op.metrics.rows_updated},
                   {"numRowsRemoved", op.metrics.rows_removed},
                   {"numRowsDroppedByWatermark", op.metrics.rows_dropped_by_watermark},
                   {"memoryUsedBytes", op.metrics.memory_bytes}});
  }
  return out;
}

}  // namespace

void epoch_progress::operator_progress::add(const operator_metrics& instance) {
  metrics.rows_total += instance.rows_total;
  metrics.rows_updated += instance.rows_updated;
  metrics.rows_removed += instance.rows_removed;
  metrics.rows_dropped_by_watermark += instance.rows_dropped_by_watermark;
  metrics.memory_bytes += instance.memory_bytes;
}

std::string iso_time(timestamp t) {
  const std::chrono::sys_time<std::chrono::microseconds> at{std::chrono::microseconds(t.microseconds)};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::milliseconds>(at - day));
  char text[40];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
                static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()),
                static_cast<int>(time.subseconds().count()));
  return text;
}

nlohmann::json to_json(const epoch_progress& p) {
  std::int64_t rows = 0;
  for (const auto& each : p.sources) rows += each.rows;
  const auto since_last = p.previous ? p.started.microseconds - p.previous->microseconds : 0;
  const auto whole = p.durations.find("triggerExecution");
  const auto spent = whole == p.durations.end() ? 0 : whole->second.count();

  nlohmann::json out = {{"id", p.id},
                        {"runId", p.run_id},
                        {"name", p.name.empty() ? nlohmann::json() : nlohmann::json(p.name)},
                        {"timestamp", iso_time(p.started)},
                        {"batchId", p.number.batch_id()},
                        {"batchDuration", spent},
                        {"numInputRows", rows},
                        {"inputRowsPerSecond", per_second(rows, since_last)},
                        {"processedRowsPerSecond", per_second(rows, spent * 1000)},
                        {"durationMs", nlohmann::json::object()},
                        {"eventTime", event_time(p)},
                        {"stateOperators", state_operators(p)},
                        {"sources", nlohmann::json::array()},
                        {"sink", {{"description", p.sink}, {"numOutputRows", p.rows_out}}}};
  if (p.restarts.count > 0) {
    out["restarts"] = {{"count", p.restarts.count}, {"reason", p.restarts.reason}, {"timestamp", iso_time(p.restarts.at)}};
  }
  for (const auto& [name, time] : p.durations) out["durationMs"][name] = time.count();
  for (const auto& each : p.sources) {
    nlohmann::json source = {{"description", each.description},
                             {"startOffset", each.start},
                             {"endOffset", each.end},
                             {"latestOffset", each.latest.is_null() ? each.end : each.latest},
                             {"numInputRows", each.rows},
                             {"inputRowsPerSecond", per_second(each.rows, since_last)},
                             {"processedRowsPerSecond", per_second(each.rows, spent * 1000)}};
    if (!each.metrics.is_null()) source["metrics"] = each.metrics;
    if (!each.readers.empty()) source[each.metrics.is_null() ? "metrics" : "readers"] = each.readers;
    out["sources"].push_back(std::move(source));
  }
  return out;
}

}  // namespace flow
