#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "actors/outbox.hpp"
#include "actors/watermark_tracker.hpp"
#include "flow/checkpoint.hpp"
#include "flow/physical_plan.hpp"
#include "operators/operator_chain.hpp"

namespace flow {

/// What an instance of a stage is made from: its operators with their state, its place in the graph, and what it must know of
/// the query.
struct stage_parts {
  std::uint32_t stage = 0;  ///< Position in the plan.
  std::uint32_t instance = 0;
  std::uint32_t parallelism = 1;  ///< Instances of the stage.
  std::size_t participant = 0;
  std::vector<std::unique_ptr<operator_state>> states;  ///< Outlive the chain.
  std::unique_ptr<operator_chain> chain;
  stage_graph::node place;
  schema_ptr output;
  std::uint32_t window = 2;
  bool continuous = false;
  bool views_read_on = false;           ///< state_store_kind::lmdb: views must show each delta at once.
  std::vector<std::string> state_uids;  ///< Of `states`, in order.
  epoch last;                           ///< Restored to.
  watermark_policy policy = watermark_policy::min;
  std::vector<watermark_spec> watermarks;     ///< All of the query's.
  std::vector<int> own_nodes;                 ///< Watermark nodes in the chain.
  std::vector<std::vector<int>> input_nodes;  ///< Per input edge: nodes its sender tells about.
  std::vector<watermark> restored_nodes;
  watermark restored_watermark;
  std::function<timestamp()> clock;
};

/// What an instance reports at a barrier.
struct stage_report {
  std::vector<std::pair<int, timestamp>> observed;  ///< Micro-batch: greatest event time per watermark node.
  std::vector<watermark_update> nodes;              ///< Continuous: where the instance's own nodes stand.
  watermark passed;                                 ///< Continuous: the instance's watermark.
  std::vector<operator_report> operators;
  std::int64_t rows_in = 0;
  std::vector<instance_delta> deltas;
};

/// One instance of a stage without its actor: drives the operator chain between an inbox (or readers) and an outbox.
class stage_worker {
 public:
  /// `at_once`: see outbox.
  stage_worker(stage_parts parts, const std::vector<bool>& at_once, outbox::transmitter transmit);

  /// Micro-batch: the next epoch's constants, before its first rows.
  void begin(epoch number, const evaluation_context& context);
  void process(int port, const batch& rows, std::size_t edge = 0);
  /// Rows that a reader read and did not give out.
  void add_left_out(std::int64_t rows) { rows_in_ += rows; }
  /// No input is waiting (continuous mode).
  void idle();
  /// Continuous: news on an input edge.
  void watermark_from(std::size_t edge, const watermark_update& news);
  /// Continuous: this instance has read nothing for a while, or has something to read again. True if that is news to the
  /// others.
  bool mark_own_nodes(bool idle);
  /// The same of one input edge, where event time is observed behind an exchange.
  bool mark_own_nodes(std::size_t edge, bool idle);
  /// All rows of the epoch are in: lets the operators finish it, sends the barrier on, and says what changed.
  stage_report finish(const barrier& mark);

  void grant(std::uint32_t slot, std::uint32_t batches) { outbox_.grant(slot, batches); }
  /// Whether everything made has been sent: only then may the next input be taken.
  bool drained() const noexcept { return outbox_.drained(); }
  bool continuous() const noexcept { return parts_.continuous; }
  bool observes_event_time() const noexcept { return !parts_.own_nodes.empty(); }
  const stage_parts& parts() const noexcept { return parts_; }
  /// The epoch whose rows are being processed.
  epoch current() const noexcept { return current_; }

 private:
  void ensure_begun();
  void observe(std::size_t edge);
  bool advance();
  std::vector<instance_delta> snapshot(epoch number);

  stage_parts parts_;
  outbox outbox_;
  watermark_tracker marks_;
  watermark applied_;
  epoch current_;
  bool begun_ = false;
  bool unsettled_ = false;  ///< Rows since the last idle().
  std::int64_t rows_in_ = 0;
};

}  // namespace flow
