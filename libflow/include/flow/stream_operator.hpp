#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "flow/batch.hpp"
#include "flow/bound_expression.hpp"
#include "flow/epoch.hpp"
#include "flow/state.hpp"
#include "flow/time.hpp"

namespace flow {

/// Where an operator puts the rows it makes.
class emitter {
 public:
  virtual ~emitter() = default;
  /// Hands a batch on. Empty batches may be emitted and are dropped.
  virtual void emit(batch rows) = 0;
};

/// Counters an operator keeps for progress reports; read by the engine at barriers.
struct operator_metrics {
  std::int64_t rows_total = 0;                 ///< State rows held.
  std::int64_t rows_updated = 0;               ///< State rows changed since the last barrier.
  std::int64_t rows_removed = 0;               ///< State rows evicted since the last barrier.
  std::int64_t rows_dropped_by_watermark = 0;  ///< Late rows since the last barrier.
  std::int64_t memory_bytes = 0;
};

/// What an operator instance is told about its place in the query, at construction.
struct operator_context {
  std::uint32_t instance = 0;
  std::uint32_t parallelism = 1;
  state_store_kind state = state_store_kind::memory;
  std::size_t state_cache_bytes = 64u << 20;  ///< With `lmdb`: bound of the keys kept in RAM.
  /// True in continuous mode: results leave at once (update) or when the watermark passes (append) instead of at the barrier.
  bool continuous = false;
};

/// What happens to rows. Single-threaded, synchronous, without clock, lock or CAF. Driven like this, in any batch sizes:
///
///     restore (begin_epoch process* on_idle* on_timer* on_watermark? on_barrier snapshot)*
///
/// Micro-batch: for epoch n the driver calls process() for every batch, then, with the watermark fixed from epoch n-1,
/// on_watermark(), on_barrier(n), snapshot(n). Rows are late if at or before the watermark of the call before, as Spark.
/// Continuous: on_watermark() comes whenever the watermark moves.
class stream_operator {
 public:
  virtual ~stream_operator() = default;

  /// Before the first rows of each epoch: constants of evaluation (current_timestamp, batch id).
  virtual void begin_epoch(epoch, const evaluation_context& context) { context_ = context; }
  /// Rows of input `port` (0 unless the operator has several inputs).
  virtual void process(int port, const batch& rows, emitter& out) = 0;
  /// Event time has passed this point.
  virtual void on_watermark(timestamp, emitter&) {}
  /// Processing time, given, never read.
  virtual void on_timer(timestamp, emitter&) {}
  /// No input is waiting: rows held back only to be sent together (partial aggregates) should leave now. Continuous mode.
  virtual void on_idle(emitter&) {}
  /// All rows of the epoch have been processed: emit what the output mode owes.
  virtual void on_barrier(epoch, emitter&) {}
  /// What changed since the last snapshot. After it `view` (see restore) shows the delta too.
  virtual void snapshot(epoch, state_delta&) {}
  /// State as of the epoch restored to; called once before any other call, with an empty view at first start. `view` stays
  /// valid as long as the operator; with state_store_kind::lmdb it is read on demand.
  virtual void restore(const state_view&) {}

  /// Restores the watermark that rows are compared with; at a restart, before the first rows.
  virtual void restore_watermark(timestamp) {}
  virtual operator_metrics metrics() const { return {}; }
  /// Watermark operators: the greatest event time seen since the last barrier; else unset.
  virtual watermark observed_event_time() const { return {}; }

 protected:
  const evaluation_context& context() const { return context_; }

 private:
  evaluation_context context_;
};

/// How to make one operator of the physical plan, and what is compared with the checkpoint at a restart.
struct operator_spec {
  std::string uid;          ///< Stable name of its state: "aggregate-0", or the user's uid().
  std::string kind;         ///< "project", "filter", "aggregate", ...
  std::string description;  ///< For explain().
  bool stateful = false;
  /// For stateful ones: key types, state types, output mode...: must be equal to restore.
  nlohmann::json signature;
  schema_ptr output;
  /// The `with_watermark` node this operator is, else -1. See physical_plan::watermarks.
  int watermark_node = -1;
  /// Whether epochs without data must run when the watermark moves (Spark's no-data batches).
  bool wants_no_data_epochs = false;
  std::function<std::unique_ptr<stream_operator>(const operator_context&)> make;
  /// Of the second half of an operator that is split at an exchange, whose first half ends the chain of the stage before: one
  /// that does the work of both, for where nothing needs to be exchanged. The same state under the same uid.
  std::shared_ptr<const operator_spec> whole;
};

}  // namespace flow
