#include <filesystem>
#include <unistd.h>

#include "bench_query.hpp"
#include "bench_report.hpp"

namespace bench {

namespace fs = std::filesystem;

query_run run_query(const flow::dataset& counts, const bench_options& o) {
  query_run run;
  for (const auto& file : fs::directory_iterator(o.input)) run.bytes += static_cast<std::int64_t>(file.file_size());
  const bool temporary = o.checkpoint.empty();
  const fs::path checkpoint =
      temporary ? fs::current_path() / ("flow_bench." + std::to_string(getpid())) : fs::path(o.checkpoint);

  auto writer = counts.write_stream();
  writer.output_mode("update").option("checkpointLocation", checkpoint.string()).state_store(o.state);
  writer.foreach ([&](const flow::batch& rows) { run.results.push_back(rows); });
  writer.trigger(o.interval.empty() ? flow::trigger::available_now() : flow::trigger::continuous(o.interval));

  const stopwatch watch;
  const auto query = writer.start();
  if (!o.interval.empty()) {
    query->process_all_available();
    query->stop();
  }
  query->await_termination();
  run.seconds = watch.seconds();
  run.cpu_seconds = watch.cpu_seconds();

  for (const auto& progress : query->recent_progress()) run.input_rows += progress.value("numInputRows", std::int64_t{0});
  if (temporary) fs::remove_all(checkpoint);
  return run;
}

}  // namespace bench
