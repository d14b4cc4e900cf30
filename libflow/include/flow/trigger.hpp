#pragma once

#include <string_view>

#include "flow/time.hpp"

namespace flow {

/// When a query runs. Source: Spark Structured Streaming, "Triggers".
struct trigger {
  enum class kind {
    micro_batch,    ///< The next epoch as soon as the last one is done and there is data. The default.
    interval,       ///< An epoch every `interval` (processing_time).
    once,           ///< One epoch with all there is, then stop.
    available_now,  ///< All that is there at the start, in epochs under the sources' limits, then stop.
    continuous,     ///< Rows flow as they come; a checkpoint every `interval`.
  };
  kind what = kind::micro_batch;
  duration interval{};

  static trigger processing_time(std::string_view interval) { return {kind::interval, parse_duration(interval)}; }
  static trigger processing_time(duration interval) { return {kind::interval, interval}; }
  static trigger once() { return {kind::once, {}}; }
  static trigger available_now() { return {kind::available_now, {}}; }
  /// @throws error{invalid_argument} for an interval that is not positive.
  static trigger continuous(std::string_view interval) { return continuous(parse_duration(interval)); }
  static trigger continuous(duration interval);
};

}  // namespace flow
