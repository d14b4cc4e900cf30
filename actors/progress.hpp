#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "flow/epoch.hpp"
#include "flow/stream_operator.hpp"
#include "flow/time.hpp"

namespace flow {

/// How often a query has begun again by itself, and why the last time.
struct restart_record {
  int count = 0;
  std::string reason;
  timestamp at{};

  void note(std::string why, timestamp when) {
    ++count;
    reason = std::move(why);
    at = when;
  }
};

/// What is gathered about one epoch for its progress report.
struct epoch_progress {
  struct source_progress {
    std::string description;
    nlohmann::json start, end, latest;
    std::int64_t rows = 0;
    std::vector<nlohmann::json> readers;  ///< Readers' own metrics.
    nlohmann::json metrics;               ///< The source's own, or null.
  };
  struct operator_progress {
    std::string uid;
    std::string kind;
    operator_metrics metrics;  ///< Summed over the instances.

    void add(const operator_metrics& instance);
  };

  std::string id, run_id, name;
  epoch number;
  timestamp started{};
  std::optional<timestamp> previous;                           ///< Start of the epoch before, for the input rate.
  std::map<std::string, std::chrono::milliseconds> durations;  ///< By Spark's names; "triggerExecution" is the whole.
  watermark event_time_watermark;                              ///< That the epoch used.
  watermark next_watermark;                                    ///< That the next one will use.
  watermark greatest_event_time;
  std::vector<operator_progress> operators;
  std::vector<source_progress> sources;
  std::string sink;
  std::int64_t rows_out = 0;
  restart_record restarts;
};

/// The report with the names of Spark's StreamingQueryProgress.
nlohmann::json to_json(const epoch_progress& progress);

/// "2026-11-21T10:00:00.123Z", as Spark writes times in progress reports.
std::string iso_time(timestamp t);

}  // namespace flow
