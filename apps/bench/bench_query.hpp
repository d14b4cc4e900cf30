#pragma once

#include <cstdint>
#include <vector>

#include <flow/flow.hpp>

#include "workloads.hpp"

namespace bench {

/// What a timed run gave: results as they came, and the clock from start() to the last commit.
struct query_run {
  std::vector<flow::batch> results;
  double seconds = 0;
  double cpu_seconds = 0;
  std::int64_t bytes = 0;       ///< Of the input files.
  std::int64_t input_rows = 0;  ///< As the query's progress reports count them.
};

/// Runs `counts` over all of its input with durable checkpoints, in update mode, keeping the emitted batches.
query_run run_query(const flow::dataset& counts, const bench_options& o);

}  // namespace bench
