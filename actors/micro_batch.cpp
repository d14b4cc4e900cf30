// Micro-batch mode of the coordinator: look for data, plan, run, one epoch after the other.
#include <algorithm>

#include "actors/query_actor.hpp"
#include "flow/failpoint.hpp"

namespace flow {

bool query_actor::one_shot() const {
  const auto what = launch_->settings.trigger.what;
  return what == trigger::kind::once || what == trigger::kind::available_now;
}

void query_actor::look_for_data() {
  if (discovering_ || planning_ || tracker_.where() != epoch_tracker::phase::quiet) {
    again_ = true;
    return;
  }
  if (stopping_ || finishing_) return finish_when_settled();
  ++generation_;
  again_ = false;
  trigger_started_ = step_started_ = std::chrono::steady_clock::now();
  progress_.started = launch_->clock();
  if (launch_->interrupted) {
    plan_ = *std::exchange(launch_->interrupted, std::nullopt);
    end_positions_ = launch_->interrupted_positions;
    return run_epoch();
  }
  discovering_ = true;
  for (auto& each : drains_) each.armed = true;
  const auto what = launch_->settings.trigger.what;
  // Available-now reads what was there at the start: sources that make rows from time see it stand still.
  const auto now = what == trigger::kind::available_now ? first_look_ : progress_.started;
  send(planner_, discover_message{{what == trigger::kind::once, now}});
}

bool query_actor::no_data_epoch_due() const {
  if (!launch_->settings.no_data_epochs || tracker_.last().value == 0 || !marks_.global()) return false;
  if (last_passed_ && *marks_.global() <= *last_passed_) return false;
  for (const auto& stage : launch_->plan.stages) {
    for (const auto& op : stage.chain) {
      if (op.wants_no_data_epochs) return true;
    }
  }
  return false;
}

void query_actor::on_discovered_batch(const discovered_message& m) {
  discovering_ = false;
  time("latestOffset");
  if (stopping_) return finish_when_settled();
  const bool data = std::any_of(m.splits.begin(), m.splits.end(), [](const auto& splits) { return !splits.empty(); });
  data || no_data_epoch_due() ? plan_epoch(m) : nothing_new();
}

void query_actor::plan_epoch(const discovered_message& m) {
  planning_ = true;
  launch_->board->set_status({"Processing new data", true, true});
  plan_ = {m.splits, marks_.global(), progress_.started};
  end_positions_ = m.positions;
  send(checkpoint_, plan_message{tracker_.last().next(), to_json(plan_)});
}

/// The plan is durable: constants first, then splits, dealt out in turn.
void query_actor::run_epoch() {
  failpoint("query.plan.after");
  planning_ = false;
  time("queryPlanning");
  const auto number = tracker_.begin();
  begin_gathering();
  const evaluation_context context{plan_.now, number.batch_id()};
  for (const auto& each : operators_) send(each, epoch_message{number, context});
  for (std::size_t source = 0; source < launch_->sources.size(); ++source) {
    std::vector<reader*> readers;
    for (auto& each : readers_) {
      if (each.source == source) readers.push_back(&each);
    }
    std::vector<std::vector<source_split>> shares(readers.size());
    const auto& splits = plan_.splits[source];
    for (std::size_t i = 0; i < splits.size(); ++i) shares[i % shares.size()].push_back(splits[i]);
    for (std::size_t i = 0; i < readers.size(); ++i) {
      send(readers[i]->handle, run_message{number, context, plan_.passed, std::move(shares[i])});
    }
  }
}

void query_actor::after_epoch() {
  if (stopping_ || launch_->settings.trigger.what == trigger::kind::once) return finish_when_settled();
  // Whoever waits for all that is there need not wait for the clock too.
  if (launch_->settings.trigger.what == trigger::kind::interval && drains_.empty()) return wait_for_data();
  look_for_data();
}

void query_actor::nothing_new() {
  launch_->board->set_status({"Waiting for data to arrive", false, false});
  for (auto& each : drains_) {
    if (!each.armed) continue;
    each.where = drain::phase::committing;
    each.until = tracker_.last();
  }
  release_settled();
  if (one_shot()) return finish_when_settled();
  const bool waited_for = std::any_of(drains_.begin(), drains_.end(), [](const drain& each) { return !each.armed; });
  if (waited_for || (again_ && launch_->settings.trigger.what != trigger::kind::interval)) return look_for_data();
  wait_for_data();
}

void query_actor::wait_for_data() {
  const auto& when = launch_->settings.trigger;
  if (when.what == trigger::kind::interval && when.interval.microseconds > 0) {
    const auto into = launch_->clock().microseconds % when.interval.microseconds;
    return tick_after(std::chrono::microseconds(when.interval.microseconds - into));
  }
  if (const auto poll = poll_interval(); poll.count() > 0) tick_after(poll);
}

}  // namespace flow
