#include <filesystem>
#include <mutex>
#include <unordered_map>

#include <arrow/api.h>
#include <flow/flow.hpp>

#include "bench_report.hpp"
#include "bench_query.hpp"
#include "workloads.hpp"

namespace bench {

nlohmann::json wordcount(const bench_options& o) {
  using namespace flow;
  auto s = session::make({.name = "wordcount", .threads = o.threads, .parallelism = o.threads});
  auto lines = s.read_stream().text(o.input);
  auto words = lines.select(explode(split(col("value"), " ")).as("word"));
  auto counts = words.group_by("word").count();

  const auto run = run_query(counts, o);
  std::unordered_map<std::string, std::int64_t> latest;  // Continuous runs update a word's count many times.
  for (const auto& rows : run.results) {
    const auto& word = static_cast<const arrow::StringArray&>(*rows->column(0));
    const auto& count = static_cast<const arrow::Int64Array&>(*rows->column(1));
    for (std::int64_t i = 0; i < rows->num_rows(); ++i) latest[word.GetString(i)] = count.Value(i);
  }
  result_hash hash;
  std::int64_t total = 0;
  for (const auto& [word, n] : latest) {
    hash.add(word + "|" + std::to_string(n));
    total += n;
  }
  auto result = report("wordcount", o.threads, total, run.bytes, run.seconds, run.cpu_seconds, hash);
  result["checkpoint_interval"] = o.interval;
  return result;
}

}  // namespace bench
