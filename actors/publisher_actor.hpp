#pragma once

#include <memory>

#include "actors/open_sink.hpp"
#include "actors/protocols.hpp"

namespace flow {

/// Commits epochs of a sink that overlaps(), beside the sink's own actor, which goes on writing the next epoch meanwhile.
class publisher_actor : public publisher_handle::base {
 public:
  publisher_actor(caf::actor_config& config, std::shared_ptr<open_sink> output, query_handle query);

  const char* name() const override { return "flow.publisher"; }
  void on_exit() override;

 protected:
  behavior_type make_behavior() override;

 private:
  std::shared_ptr<open_sink> sink_;
  query_handle query_;
};

/// The sink shows epoch `m.number` from now on. For whichever actor has to commit.
bool publish(open_sink& output, const publish_message& m);

}  // namespace flow
