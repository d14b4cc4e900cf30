#include "actors/publisher_actor.hpp"

#include "actors/failure_report.hpp"
#include "flow/failpoint.hpp"

namespace flow {

bool publish(open_sink& output, const publish_message& m) {
  failpoint("output.commit.before");
  const bool open = output.commit(m.number, m.prepared);
  failpoint("output.commit.after");
  return open;
}

publisher_actor::publisher_actor(caf::actor_config& config, std::shared_ptr<open_sink> output, query_handle query)
    : publisher_handle::base(config), sink_(std::move(output)), query_(std::move(query)) {}

void publisher_actor::on_exit() {
  sink_.reset();
  query_ = query_handle();
}

publisher_actor::behavior_type publisher_actor::make_behavior() {
  report_failures(this, query_);
  return {
      [this](const publish_message& m) {
        if (publish(*sink_, m)) send(query_, published_message{m.number});
      },
  };
}

}  // namespace flow
