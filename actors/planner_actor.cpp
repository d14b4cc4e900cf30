#include "actors/planner_actor.hpp"

#include <algorithm>

#include "actors/failure_report.hpp"

namespace flow {

planner_actor::planner_actor(caf::actor_config& config, std::vector<std::shared_ptr<source>> sources, bool continuous,
                             query_handle query)
    : planner_handle::base(config), sources_(std::move(sources)), continuous_(continuous), query_(std::move(query)) {
  for (const auto& each : sources_) {
    each->on_discoverable([to = caf::actor_cast<caf::weak_actor_ptr>(query_)] {
      if (const auto alive = caf::actor_cast<caf::strong_actor_ptr>(to)) {
        caf::anon_send(caf::actor_cast<query_handle>(alive), discoverable_message{});
      }
    });
  }
}

void planner_actor::on_exit() {
  sources_.clear();
  query_ = query_handle();
}

planner_actor::behavior_type planner_actor::make_behavior() {
  report_failures(this, query_);
  return {
      [this](const discover_message& m) { discover(m.limit); },
      [this](const position_message& m) { answer_positions(m); },
      [this](const settle_message& m) {
        for (std::size_t i = 0; i < sources_.size(); ++i) sources_[i]->commit(m.positions[i]);
        send(query_, settled_message{m.number});
      },
  };
}

void planner_actor::discover(const read_limit& limit) {
  discovered_message answer{++sequence_, {}, {}};
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    auto splits = sources_[i]->discover(limit);
    if (continuous_) {
      for (const auto& each : splits) recent_.push_back({sequence_, i, each});
    } else {
      answer.positions.push_back(sources_[i]->position({}));
    }
    answer.splits.push_back(std::move(splits));
  }
  send(query_, std::move(answer));
}

void planner_actor::answer_positions(const position_message& m) {
  std::erase_if(recent_, [&](const handed_out& each) { return each.sequence <= m.sequence; });
  auto unfinished = m.unfinished;
  for (const auto& each : recent_) unfinished[each.source].push_back({each.what, nullptr});
  positions_message answer{m.number, {}};
  for (std::size_t i = 0; i < sources_.size(); ++i) answer.positions.push_back(sources_[i]->position(unfinished[i]));
  send(query_, std::move(answer));
}

}  // namespace flow
