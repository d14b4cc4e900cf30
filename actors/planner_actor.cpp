#include "actors/planner_actor.hpp"

#include <algorithm>

#include "actors/failure_report.hpp"
#include "actors/source_log.hpp"
#include "flow/servers_away.hpp"

namespace flow {

namespace {

/// Clears `saw_all` if the source could not look.
std::vector<source_split> look(source& at, const read_limit& limit, bool& saw_all) {
  try {
    return at.discover(limit);
  } catch (const servers_away&) {
    if (limit.ignore_rate_limits || limit.until_first_look) throw;
    saw_all = false;
    return {};
  }
}

}  // namespace

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
      [this](position_message& m) { answer_positions(m); },
      [this](const settle_message& m) {
        for (std::size_t i = 0; i < sources_.size(); ++i) sources_[i]->commit(m.positions[i]);
        send(query_, settled_message{m.number});
      },
  };
}

void planner_actor::discover(const read_limit& limit) {
  discovered_message answer{++sequence_, {}, {}, {}, true};
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    answer.splits.push_back(look(*sources_[i], limit, answer.saw_all));
    if (!continuous_) continue;
    for (const auto& each : answer.splits.back()) recent_.push_back({sequence_, i, each});
  }
  if (!continuous_) end_micro_batch(answer);
  send(query_, std::move(answer));
}

/// Changes are taken only where an epoch will record them: one that finds nothing does not run, or changes no log.
void planner_actor::end_micro_batch(discovered_message& answer) {
  const bool data = std::any_of(answer.splits.begin(), answer.splits.end(), [](const auto& each) { return !each.empty(); });
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    if (data) take_log_changes(*sources_[i], i, {}, answer.logs);
    answer.positions.push_back(sources_[i]->position({}));
  }
}

void planner_actor::answer_positions(position_message& m) {
  std::erase_if(recent_, [&](const handed_out& each) { return each.sequence <= m.sequence; });
  auto& unfinished = m.unfinished;
  for (const auto& each : recent_) unfinished[each.source].push_back({each.what, nullptr});
  positions_message answer{m.number, {}, {}};
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    take_log_changes(*sources_[i], i, unfinished[i], answer.logs);
    answer.positions.push_back(sources_[i]->position(unfinished[i]));
  }
  send(query_, std::move(answer));
}

}  // namespace flow
