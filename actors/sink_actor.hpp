#pragma once

#include <memory>
#include <vector>

#include "actors/protocols.hpp"
#include "flow/sink.hpp"

namespace flow {

/// Drives the sink: rows as they come, prepare at each barrier, commit when told.
class sink_actor : public sink_handle::base {
 public:
  /// `sink` is open and recovered to `last`.
  sink_actor(caf::actor_config& config, std::shared_ptr<sink> output, std::size_t inputs, std::uint32_t window, epoch last,
             query_handle query);

  const char* name() const override { return "flow.sink"; }
  void on_exit() override;

 protected:
  behavior_type make_behavior() override;

 private:
  void work();
  void handle(inbox::arrival next);

  std::shared_ptr<sink> sink_;
  query_handle query_;
  inbox inbox_;
  std::vector<caf::strong_actor_ptr> senders_;
  std::vector<std::uint32_t> slots_;
  epoch current_;
  std::int64_t rows_ = 0;
};

}  // namespace flow
