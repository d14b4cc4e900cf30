#include "actors/actor_layout.hpp"

namespace flow {

actor_layout::actor_layout(const stage_graph& graph, const std::vector<bool>& joins) {
  for (std::size_t stage = 0; stage <= graph.stage_count(); ++stage) {
    for (std::size_t i = 0; i < graph.instances(stage); ++i) {
      const auto& inputs = graph.at(stage, i).inputs;
      const bool behind_one = graph.instances(stage) == 1 && inputs.size() == 1 && graph.instances(inputs[0].stage) == 1;
      const auto self = hosts_.size();
      hosts_.push_back(behind_one && joins[stage] ? hosts_[graph.participant(inputs[0].stage, 0)] : self);
    }
  }
}

std::vector<std::size_t> actor_layout::driven_by(std::size_t host) const {
  std::vector<std::size_t> driven;
  for (std::size_t who = 0; who < hosts_.size(); ++who) {
    if (hosts_[who] == host) driven.push_back(who);
  }
  return driven;
}

void join_halves(physical_plan& plan, const stage_graph& graph) {
  for (std::size_t to = 0; to < plan.stages.size(); ++to) {
    auto& stage = plan.stages[to];
    if (stage.chain.empty() || !stage.chain.front().whole || graph.instances(to) != 1) continue;
    const auto& senders = graph.at(to, 0).inputs;
    if (senders.size() != 1) continue;
    auto& before = plan.stages[senders.front().stage];
    before.chain.pop_back();
    const auto whole = stage.chain.front().whole;
    stage.chain.front() = *whole;
  }
}

}  // namespace flow
