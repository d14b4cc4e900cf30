#pragma once

#include <map>
#include <memory>
#include <vector>

#include "actors/protocols.hpp"
#include "flow/checkpoint.hpp"

namespace flow {

/// Writes the checkpoint: gathers what the instances changed and commits it with the epoch's record. Merges segments when idle.
class checkpoint_actor : public checkpoint_handle::base {
 public:
  checkpoint_actor(caf::actor_config& config, std::shared_ptr<checkpoint_store> store, query_handle query);

  const char* name() const override { return "flow.checkpoint"; }
  void on_exit() override;

 protected:
  behavior_type make_behavior() override;

 private:
  void commit(const commit_message& m);
  void compact();

  std::shared_ptr<checkpoint_store> store_;
  query_handle query_;
  std::map<epoch, std::vector<std::shared_ptr<const stage_report>>> reports_;  ///< By epochs under way.
  bool compacting_ = false;
};

}  // namespace flow
