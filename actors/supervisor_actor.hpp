#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "actors/protocols.hpp"
#include "actors/query_launch.hpp"
#include "actors/restart_policy.hpp"

namespace flow {

/// A query over all its runs: spawns the coordinator of each, hands it what the query's handle wishes, and after a failure that
/// asks for it makes the next run from the checkpoint.
class supervisor_actor : public supervisor_handle::base {
 public:
  supervisor_actor(caf::actor_config& config, std::shared_ptr<query_launch> launch);

  const char* name() const override { return "flow.supervisor"; }
  void on_exit() override;

 protected:
  behavior_type make_behavior() override;

 private:
  void run();
  void on_run_ended(const run_ended_message& m);
  /// Begins again after `cause`, or ends the query with it.
  void restart_after(error cause);
  void relaunch();
  void on_relaunched(relaunched_message& m);
  void end(std::optional<error> failure);

  std::shared_ptr<query_launch> launch_;  ///< Null while the next run is made of it.
  std::shared_ptr<query_board> board_;
  restart_policy policy_;
  epoch published_;
  query_handle run_;  ///< Null between runs.
  bool stopping_ = false;
  std::optional<error> verdict_;  ///< What the query is to end with.
  /// Calls of process_all_available(). Each run is told of those that its predecessor has not answered.
  std::vector<std::shared_ptr<waiting_call>> waiting_;
};

}  // namespace flow
