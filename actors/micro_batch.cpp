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
  if (discovering_ || tracker_.running()) {
    again_ = true;
    return;
  }
  if (stopping_ || finishing_) return finish_when_through();
  if (!tracker_.may_begin()) {
    again_ = true;
    return;
  }
  ++generation_;
  again_ = false;
  next_ = new_account();
  if (!launch_->interrupted.empty()) return run_interrupted();
  discovering_ = true;
  for (auto& each : drains_) each.armed = true;
  const auto what = launch_->settings.trigger.what;
  // Available-now reads what was there at the start: sources that make rows from time see it stand still.
  const auto now = what == trigger::kind::available_now ? first_look_ : next_.progress.started;
  send(planner_, discover_message{{what == trigger::kind::once, now, what == trigger::kind::available_now}});
}

/// An epoch that was planned before a crash or restart: its plan is durable already.
void query_actor::run_interrupted() {
  auto& first = launch_->interrupted.front();
  next_.plan = std::move(first.plan);
  next_.end_positions = std::move(first.end_positions);
  next_.logs = std::move(first.logs);
  launch_->interrupted.pop_front();
  run_epoch();
  on_planned(tracker_.newest());
}

bool query_actor::no_data_epoch_due() const {
  if (!launch_->settings.no_data_epochs || tracker_.newest().value == 0 || !marks_.global()) return false;
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
  next_.time("latestOffset");
  if (stopping_) return finish_when_through();
  const bool data = std::any_of(m.splits.begin(), m.splits.end(), [](const auto& splits) { return !splits.empty(); });
  if (data || no_data_epoch_due()) return plan_epoch(m);
  m.saw_all ? nothing_new() : wait_for_servers();
}

/// Computes the epoch while its plan is made durable: the sink's gate keeps its rows until then.
void query_actor::plan_epoch(const discovered_message& m) {
  next_.plan = {m.splits, marks_.global(), next_.progress.started};
  next_.end_positions = m.positions;
  next_.logs = m.logs;
  send(checkpoint_, plan_message{tracker_.newest().next(), to_json(next_.plan)});
  run_epoch();
}

void query_actor::on_planned(epoch n) {
  failpoint("query.plan.after");
  account_of(n).time("queryPlanning");
  send(sink_, planned_message{n});
}

/// Constants first, then splits, dealt out in turn.
void query_actor::run_epoch() {
  launch_->board->set_status({"Processing new data", true, true});
  const auto number = begin_epoch(std::move(next_));
  const auto& plan = under_way_.back().plan;
  const evaluation_context context{plan.now, number.batch_id()};
  for (const auto& each : operators_) send(each, epoch_message{number, context});
  for (std::size_t source = 0; source < launch_->sources.size(); ++source) {
    std::vector<reader*> readers;
    for (auto& each : readers_) {
      if (each.source == source) readers.push_back(&each);
    }
    std::vector<std::vector<source_split>> shares(readers.size());
    const auto& splits = plan.splits[source];
    for (std::size_t i = 0; i < splits.size(); ++i) shares[i % shares.size()].push_back(splits[i]);
    for (std::size_t i = 0; i < readers.size(); ++i) {
      send(readers[i]->handle, run_message{number, context, plan.passed, std::move(shares[i])});
    }
  }
}

/// The newest epoch is complete; it may yet have to be committed.
void query_actor::after_epoch() {
  if (stopping_ || launch_->settings.trigger.what == trigger::kind::once) return finish_when_through();
  // Whoever waits for all that is there need not wait for the clock too.
  if (launch_->settings.trigger.what == trigger::kind::interval && drains_.empty()) return wait_for_data();
  look_for_data();
}

void query_actor::nothing_new() {
  launch_->board->set_status({"Waiting for data to arrive", false, false});
  for (auto& each : drains_) {
    if (!each.armed) continue;
    each.where = drain::phase::committing;
    each.until = tracker_.newest();
  }
  release_settled();
  if (one_shot()) return finish_when_through();
  const bool waited_for = std::any_of(drains_.begin(), drains_.end(), [](const drain& each) { return !each.armed; });
  if (waited_for || (again_ && launch_->settings.trigger.what != trigger::kind::interval)) return look_for_data();
  wait_for_data();
}

/// A source could not look: whether there is something new will be known when its servers are back.
void query_actor::wait_for_servers() {
  launch_->board->set_status({"Waiting for servers that do not answer", false, false});
  if (launch_->settings.trigger.what == trigger::kind::interval && drains_.empty()) return wait_for_data();
  look_again_soon();
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
