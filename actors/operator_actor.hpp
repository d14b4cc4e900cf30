#pragma once

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
  operator_actor(caf::actor_config& config, std::shared_ptr<stage_parts> parts, stage_peers peers);

  const char* name() const override { return "flow.operator"; }
  void on_exit() override;

 protected:
  behavior_type make_behavior() override;

 private:
  void work();
  void handle(inbox::arrival next);
  void finish(const barrier& mark);

  stage_peers peers_;
  std::unique_ptr<stage_worker> worker_;
  inbox inbox_;
  std::vector<caf::strong_actor_ptr> senders_;  ///< By input edge, known from the first item.
  std::vector<std::uint32_t> slots_;            ///< The sender's slot, by input edge.
};

}  // namespace flow
