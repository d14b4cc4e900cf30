#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "flow/batch.hpp"
#include "flow/epoch.hpp"
#include "flow/state.hpp"
#include "flow/stream_operator.hpp"
#include "flow/time.hpp"

namespace flow {

/// One operator's part of a snapshot.
struct operator_delta {
  std::string uid;
  state_delta delta;
};

/// One operator's counters.
struct operator_report {
  std::string uid;
  operator_metrics metrics;
};

/// Several operators fused into one: rows leaving one go straight into the next, on the caller's thread. This is what a stage's
/// actor drives, and run_local. Used by one thread; neither copied nor moved, since the operators hold on to it.
///
/// Calls come in the order that stream_operator documents:
///
///     restore restore_watermark? (begin_epoch process* on_idle* on_timer* on_watermark* on_barrier snapshot)*
///
/// Signals run operator by operator: what operator i emits on a signal is processed by i + 1 before i + 1 sees the signal.
class operator_chain {
 public:
  /// An empty chain passes rows on unchanged.
  operator_chain(const std::vector<operator_spec>& specs, const operator_context& context);
  operator_chain(const operator_chain&) = delete;
  operator_chain& operator=(const operator_chain&) = delete;
  ~operator_chain();

  /// Gives each stateful operator its view, looked up by uid; the views must live as long as the chain.
  void restore(const std::function<const state_view&(const std::string& uid)>& view_of);
  /// The watermark that the next rows are compared with.
  void restore_watermark(timestamp mark);

  void begin_epoch(epoch e, const evaluation_context& context);
  /// Rows for input `port` of the first operator.
  void process(int port, const batch& rows, emitter& out);
  void on_idle(emitter& out);
  void on_timer(timestamp now, emitter& out);
  /// Continuous mode: the watermark at the chain's head moved.
  void on_watermark(timestamp mark, emitter& out);
  /// The epoch's end. In micro-batch mode `mark` is the epoch's watermark: each operator sees it right before its own barrier,
  /// after all rows from the operators before it. In continuous mode it is unset, because on_watermark() has told it already.
  void on_barrier(epoch e, const watermark& mark, emitter& out);
  /// What changed since the last snapshot: one entry per stateful operator, in order, empty deltas included.
  std::vector<operator_delta> snapshot(epoch e);

  /// The stateful operators' counters, in order.
  std::vector<operator_report> metrics() const;
  /// (watermark node, greatest event time seen since the last barrier) of the watermark operators that have seen any. After
  /// on_barrier() it still speaks of the epoch just ended, until begin_epoch().
  std::vector<std::pair<int, timestamp>> observed() const;
  /// Whether any operator keeps state.
  bool stateful() const;
  bool empty() const { return nodes_.empty(); }

 private:
  struct node;
  class link;

  /// Runs `call(operator, its emitter)` for each operator in order, results leaving by `out`.
  template <class Call>
  void for_each(emitter& out, const Call& call);

  std::vector<std::unique_ptr<node>> nodes_;
  emitter* out_ = nullptr;  ///< Where the last operator's rows go, during a call.
};

}  // namespace flow
