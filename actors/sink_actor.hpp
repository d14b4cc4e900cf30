#pragma once

#include <memory>
#include <vector>

#include "actors/epoch_gate.hpp"
#include "actors/protocols.hpp"
#include "actors/sink_writer.hpp"

namespace flow {

/// Drives the sink: rows as they come, as far as the gate lets them, and prepare at each barrier. Commits too, unless the sink
/// overlaps(): then publisher_actor does.
class sink_actor : public sink_handle::base {
 public:
  /// `output` is open and recovered to `last`. `planned`: epochs have plans, which must be durable first.
  sink_actor(caf::actor_config& config, std::shared_ptr<open_sink> output, std::size_t inputs, std::uint32_t window, epoch last,
             bool planned, query_handle query);

  const char* name() const override { return "flow.sink"; }
  void on_exit() override;

 protected:
  behavior_type make_behavior() override;

 private:
  void on_published(epoch n);
  void work();
  void handle(inbox::arrival next);

  std::optional<sink_writer> sink_;  ///< Until the end.
  query_handle query_;
  inbox inbox_;
  std::vector<caf::strong_actor_ptr> senders_;
  std::vector<std::uint32_t> slots_;
  epoch_gate gate_;
};

}  // namespace flow
