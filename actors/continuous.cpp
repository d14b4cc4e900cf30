// Continuous mode of the coordinator: rows flow as they come, and a barrier goes through the graph at each interval in which
// some did.
#include <algorithm>

#include "actors/query_actor.hpp"

namespace flow {

void query_actor::discover_more() {
  if (discovering_) {
    again_ = true;
    return;
  }
  if (stopping_) return;
  ++generation_;
  again_ = false;
  discovering_ = true;
  for (auto& each : drains_) each.armed = true;
  send(planner_, discover_message{{false, launch_->clock()}});
}

void query_actor::on_discovered_splits(const discovered_message& m) {
  discovering_ = false;
  if (stopping_) return;
  for (std::size_t source = 0; source < m.splits.size(); ++source) {
    for (const auto& split : m.splits[source]) {
      reader* least = nullptr;
      for (auto& each : readers_) {
        if (each.source == source && (!least || each.load < least->load)) least = &each;
      }
      ++least->load;
      send(least->handle, assign_message{{split}});
      on_active();
    }
  }
  seen_ = m.sequence;
  // A source with a limit (maxFilesPerTrigger) may have more: whoever waits for all that is there waits until a look finds
  // nothing.
  const bool more = std::any_of(m.splits.begin(), m.splits.end(), [](const auto& splits) { return !splits.empty(); });
  for (auto& each : drains_) {
    if (!each.armed || each.where != drain::phase::discovering || !m.saw_all) continue;
    if (more) {
      again_ = true;
    } else {
      ask_readers(each, drain::phase::reading);
    }
  }
  if (again_) return discover_more();
  if (!m.saw_all) return look_again_soon();
  if (const auto poll = poll_interval(); poll.count() > 0) tick_after(poll);
}

void query_actor::on_active() {
  active_ = true;
  settled_ = false;
  if (barrier_timer_) return;
  barrier_timer_ = true;
  const auto interval = std::chrono::microseconds(launch_->settings.trigger.interval.microseconds);
  const auto passed = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - last_barrier_);
  delayed_send(this, std::max(interval - passed, std::chrono::microseconds(0)), barrier_tick_message{});
}

bool query_actor::may_inject() const { return tracker_.may_begin() && stopped_at_.value == 0; }

void query_actor::inject_soon() {
  barrier_due_ = true;
  if (may_inject()) inject();
}

void query_actor::inject() {
  barrier_due_ = false;
  active_ = false;
  auto account = new_account();
  account.handed_out = seen_;
  last_barrier_ = account.started;
  launch_->board->set_status({"Processing new data", true, true});
  const auto number = begin_epoch(std::move(account));
  if (stopping_) stopped_at_ = number;
  settled_ = std::exchange(settle_, false);
  for (const auto& each : readers_) send(each.handle, inject_message{number, stopping_, settled_});
}

void query_actor::on_positions(const positions_message& m) {
  auto& account = account_of(m.number);
  account.end_positions = m.positions;
  account.logs = m.logs;
  account.positions_known = true;
  commit_next();
}

/// The newest epoch is complete, or the oldest is published: there may be room for another.
void query_actor::after_barrier() {
  if (stopped_at_.value > 0) return tracker_.last() == stopped_at_ ? finish_when_through() : void();
  if (tracker_.quiet())
    launch_->board->set_status({active_ ? "Processing new data" : "Waiting for data to arrive", active_, false});
  if (barrier_due_ && may_inject()) inject();
}

void query_actor::ask_readers(drain& which, drain::phase what) {
  which.where = what;
  which.token = ++tokens_;
  which.awaited = readers_.size();
  for (const auto& each : readers_) send(each.handle, drain_message{which.token, what == drain::phase::settling});
}

void query_actor::on_quiet(const quiet_message& m) {
  for (auto& each : drains_) {
    const bool asked = each.where == drain::phase::reading || each.where == drain::phase::settling;
    if (!asked || each.token != m.token || --each.awaited > 0) continue;
    // Only now: a reader that is done early must go on holding back the watermark for those that are not.
    if (each.where == drain::phase::reading && !launch_->plan.watermarks.empty()) {
      ask_readers(each, drain::phase::settling);
    } else {
      all_quiet(each);
    }
  }
  release_settled();
}

/// All has been read: the next barrier has it all before it.
void query_actor::all_quiet(drain& which) {
  which.where = drain::phase::committing;
  const auto& stages = launch_->plan.stages;
  const bool observes = std::any_of(stages.begin(), stages.end(), [](const physical_stage& stage) {
    return stage.source < 0 && !own_watermark_nodes(stage).empty();
  });
  which.until = tracker_.newest();
  // Operators that observe event time behind an exchange learn by a barrier that nothing more will come.
  if (!active_ && (settled_ || !observes)) return;
  which.until = which.until.next();
  settle_ = true;
  inject_soon();
}

}  // namespace flow
