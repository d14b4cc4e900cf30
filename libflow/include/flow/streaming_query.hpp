#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "flow/error.hpp"

namespace flow {

/// What a query is doing right now.
struct query_status {
  std::string message;
  bool is_data_available = false;
  bool is_trigger_active = false;
};

/// A running query. All calls are thread-safe. The last handle's destruction does not stop the query; the session's does.
/// Within a function that the query itself calls (foreach, foreach_batch, a sink's own) the calls that wait for the query throw
/// error{invalid_argument}, and stop() asks without waiting.
class streaming_query {
 public:
  virtual ~streaming_query() = default;

  virtual std::string id() const = 0;      ///< Stable over restarts from the same checkpoint.
  virtual std::string run_id() const = 0;  ///< New at every start.
  virtual std::string name() const = 0;    ///< "" if unnamed.
  virtual bool is_active() const = 0;
  virtual query_status status() const = 0;
  /// Progress as JSON with Spark's names (id, runId, batchId, numInputRows, inputRowsPerSecond, durationMs, eventTime,
  /// stateOperators, sources, sink); null before the first epoch.
  virtual nlohmann::json last_progress() const = 0;
  virtual std::vector<nlohmann::json> recent_progress() const = 0;
  /// What ended the query, or nothing.
  virtual std::optional<error> exception() const = 0;

  /// Ends the query after the epoch under way, and waits for it. Safe to repeat.
  virtual void stop() = 0;
  /// Waits for the end, by stop() or by error. @throws the error that ended it.
  virtual void await_termination() = 0;
  /// The same with a bound; false if the query is still active.
  virtual bool await_termination(std::chrono::milliseconds timeout) = 0;
  /// Waits until everything that was readable at the call has been processed and committed, no-data epochs included.
  /// @throws the error that ended the query.
  virtual void process_all_available() = 0;
  /// The physical plan's text.
  virtual std::string explain() const = 0;
};

using query_ptr = std::shared_ptr<streaming_query>;

}  // namespace flow
