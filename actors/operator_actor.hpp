#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "actors/stage_peers.hpp"

namespace flow {

/// An instance of a stage behind an exchange, and those that share its actor: takes items off its inbox while its outbox is
/// drained.
class operator_actor : public operator_handle::base {
 public:
  operator_actor(caf::actor_config& config, line_parts parts, stage_peers peers, duration idle_timeout);

  const char* name() const override { return "flow.operator"; }
  void on_exit() override;
  /// What else the coordinator is to know of an epoch done.
  void complete(stage_done_message&) const {}

 protected:
  behavior_type make_behavior() override;

 private:
  void work();
  void handle(inbox::arrival next);
  /// Whether event time is observed here, behind an exchange.
  bool observes() const;
  void arm_idle_check(std::chrono::microseconds after);
  void check_idle();

  stage_peers peers_;
  std::optional<stage_line> line_;  ///< Until the end.
  inbox inbox_;
  std::vector<caf::strong_actor_ptr> senders_;  ///< By input edge, known from the first item.
  std::vector<std::uint32_t> slots_;            ///< The sender's slot, by input edge.
  std::chrono::microseconds idle_timeout_;
  std::vector<caf::actor_clock::time_point> last_rows_;  ///< By input edge.
  bool idle_check_armed_ = false;
};

}  // namespace flow
