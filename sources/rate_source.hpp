#pragma once

#include "flow/connector_registry.hpp"
#include "flow/source.hpp"

namespace flow {

/// Rows (timestamp TIMESTAMP, value BIGINT) made at a given rate, for trying things out and for load tests. Options:
/// rowsPerSecond (1), rampUpTime (0s), numPartitions (1).
source_provider_ptr make_rate_provider(const source_request& request);

/// How many rows a rate source has made `elapsed` microseconds after its start: nothing at first, the full rate after the ramp.
struct rate_plan {
  std::int64_t rows_per_second = 1;
  std::int64_t ramp_up_micros = 0;

  std::int64_t rows_at(std::int64_t elapsed) const;
  /// When row `value` is made: the first microsecond at which rows_at() exceeds it.
  std::int64_t time_of(std::int64_t value) const;
};

}  // namespace flow
