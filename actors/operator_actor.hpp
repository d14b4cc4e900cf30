#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "actors/protocols.hpp"

namespace flow {

/// Whom an instance talks to.
struct stage_peers {
  query_handle query;
  checkpoint_handle checkpoint;
  std::vector<item_receiver> receivers;  ///< By output slot.
  std::vector<std::uint32_t> edges;      ///< The receiver's input edge, by output slot.
};

/// One instance of a stage behind an exchange: takes items off its inbox while its outbox is drained.
class operator_actor : public operator_handle::base {
 public:
  operator_actor(caf::actor_config& config, std::shared_ptr<stage_parts> parts, stage_peers peers, duration idle_timeout);

  const char* name() const override { return "flow.operator"; }
  void on_exit() override;

 protected:
  behavior_type make_behavior() override;

 private:
  void work();
  void handle(inbox::arrival next);
  void finish(const barrier& mark);
  /// Whether event time is observed here, behind an exchange.
  bool observes() const;
  void arm_idle_check(std::chrono::microseconds after);
  void check_idle();

  stage_peers peers_;
  std::unique_ptr<stage_worker> worker_;
  inbox inbox_;
  std::vector<caf::strong_actor_ptr> senders_;  ///< By input edge, known from the first item.
  std::vector<std::uint32_t> slots_;            ///< The sender's slot, by input edge.
  std::chrono::microseconds idle_timeout_;
  std::vector<caf::actor_clock::time_point> last_rows_;  ///< By input edge.
  bool idle_check_armed_ = false;
};

}  // namespace flow
