#include <map>
#include <string>

#include <arrow/api.h>
#include <flow/flow.hpp>

#include "bench_query.hpp"
#include "bench_report.hpp"
#include "workloads.hpp"

namespace bench {

nlohmann::json ysb(const bench_options& o) {
  using namespace flow;
  auto s = session::make({.name = "ysb", .threads = o.threads, .parallelism = o.threads});
  auto events = s.read_stream()
                    .schema(
                        "user_id STRING, page_id STRING, ad_id STRING, ad_type STRING, event_type STRING, event_time BIGINT, "
                        "ip_address STRING")
                    .json(o.input);
  auto campaigns = s.read().schema("ad_id STRING, campaign_id STRING").csv(o.campaigns);
  auto views = events.where("event_type = 'view'").select_expr("ad_id", "timestamp_millis(event_time) AS event_time");
  auto counts = views.join(campaigns, {"ad_id"}).group_by("campaign_id", window(col("event_time"), "10 seconds")).count();

  const auto run = run_query(counts, o);
  std::map<std::pair<std::string, std::int64_t>, std::int64_t> latest;
  for (const auto& rows : run.results) {
    const auto& campaign = static_cast<const arrow::StringArray&>(*rows->column(0));
    const auto& windows = static_cast<const arrow::StructArray&>(*rows->column(1));
    const auto& start = static_cast<const arrow::TimestampArray&>(*windows.field(0));
    const auto& count = static_cast<const arrow::Int64Array&>(*rows->column(2));
    for (std::int64_t i = 0; i < rows->num_rows(); ++i) latest[{campaign.GetString(i), start.Value(i) / 1000}] = count.Value(i);
  }
  result_hash hash;
  for (const auto& [key, n] : latest) hash.add(key.first + "|" + std::to_string(key.second) + "|" + std::to_string(n));
  auto result = report("ysb", o.threads, run.input_rows, run.bytes, run.seconds, run.cpu_seconds, hash);
  result["checkpoint_interval"] = o.interval;
  return result;
}

}  // namespace bench
