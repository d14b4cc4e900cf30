#include "actors/query_actor.hpp"

#include <algorithm>

#include "actors/checkpoint_actor.hpp"
#include "actors/failure_report.hpp"
#include "actors/operator_actor.hpp"
#include "actors/planner_actor.hpp"
#include "actors/sink_actor.hpp"
#include "actors/source_actor.hpp"

namespace flow {

namespace {

/// Each participant tells the coordinator about its own nodes.
std::vector<std::vector<int>> own_nodes_by_participant(const query_launch& launch) {
  std::vector<std::vector<int>> nodes;
  for (const auto& each : launch.stages) nodes.push_back(each->own_nodes);
  return nodes;
}

/// Whether each instance of the stage hears the same watermarks. They may still stand apart, if a sender was idle in between:
/// what one instance has closed by the greatest must stay closed when its keys are restored elsewhere.
bool told_by_all(const physical_stage& stage) {
  const auto forwarded = [](const stage_input& input) { return input.exchange == exchange_kind::forward; };
  return stage.source < 0 && own_watermark_nodes(stage).empty() &&
         std::none_of(stage.inputs.begin(), stage.inputs.end(), forwarded);
}

}  // namespace

query_actor::query_actor(caf::actor_config& config, std::shared_ptr<query_launch> launch, supervisor_handle supervisor)
    : query_handle::base(config),
      launch_(std::move(launch)),
      supervisor_(std::move(supervisor)),
      tracker_(launch_->graph->participants(), launch_->last),
      marks_(launch_->plan.watermarks, launch_->settings.policy),
      merged_(own_nodes_by_participant(*launch_), launch_->settings.policy),
      settled_epoch_(launch_->last),
      last_passed_(launch_->last_passed),
      positions_(launch_->positions),
      last_barrier_(std::chrono::steady_clock::now()) {
  marks_.restore(launch_->marks.nodes, launch_->marks.global);
  for (std::size_t i = 0; i < launch_->marks.nodes.size(); ++i) merged_.restore(static_cast<int>(i), launch_->marks.nodes[i]);
  merged_.restore_combined(launch_->marks.global);
}

void query_actor::on_exit() {
  readers_.clear();
  operators_.clear();
  sink_ = sink_handle();
  planner_ = planner_handle();
  checkpoint_ = checkpoint_handle();
  supervisor_ = supervisor_handle();
  children_.clear();
  launch_.reset();
}

template <class Work>
void query_actor::guard(const Work& work) {
  if (ending_) return;
  try {
    work();
  } catch (...) {
    fail(as_error(std::current_exception()));
  }
}

query_actor::behavior_type query_actor::make_behavior() {
  set_down_handler([this](caf::down_msg&) { on_child_down(); });
  guard([this] {
    spawn_all();
    first_look_ = launch_->clock();
    launch_->continuous() ? discover_more() : look_for_data();
  });
  return {
      [this](const stage_done_message& m) { guard([&] { on_stage_done(m); }); },
      [this](const sink_done_message& m) { guard([&] { on_sink_done(m); }); },
      [this](const published_message&) { guard([&] { on_published(); }); },
      [this](const settled_message& m) { guard([&] { on_settled(m.number); }); },
      [this](const discovered_message& m) {
        guard([&] { launch_->continuous() ? on_discovered_splits(m) : on_discovered_batch(m); });
      },
      [this](const positions_message& m) { guard([&] { on_positions(m); }); },
      [this](const planned_message&) { guard([&] { run_epoch(); }); },
      [this](const committed_message&) { guard([&] { on_committed(); }); },
      [this](const active_message&) { guard([&] { on_active(); }); },
      [this](const quiet_message& m) { guard([&] { on_quiet(m); }); },
      [this](const failed_message& m) { fail(m.cause); },
      [this](const discoverable_message&) {
        guard([&] {
          if (launch_->continuous()) return discover_more();
          if (launch_->settings.trigger.what != trigger::kind::interval) look_for_data();
        });
      },
      [this](const tick_message& m) {
        guard([&] {
          if (m.generation == generation_) launch_->continuous() ? discover_more() : look_for_data();
        });
      },
      [this](const barrier_tick_message&) {
        guard([&] {
          barrier_timer_ = false;
          inject_soon();
        });
      },
      [this](const stop_message&) { guard([&] { stop(); }); },
      [this](const drain_request_message& m) { guard([&] { on_drain_request(m); }); },
      [this](const ended_message&) { end(); },
  };
}

// ---- life
// ----------------------------------------------------------------------------------------------------------------------

template <class Actor, class... Arguments>
auto query_actor::spawn_child(bool own_thread, Arguments&&... arguments) {
  const auto child = own_thread && launch_->own_threads
                         ? spawn<Actor, caf::detached + caf::monitored>(std::forward<Arguments>(arguments)...)
                         : spawn<Actor, caf::monitored>(std::forward<Arguments>(arguments)...);
  children_.push_back(caf::actor_cast<caf::strong_actor_ptr>(child));
  ++alive_;
  return child;
}

void query_actor::spawn_all() {
  const auto self = caf::actor_cast<query_handle>(caf::strong_actor_ptr(ctrl()));
  const auto& graph = *launch_->graph;
  checkpoint_ = spawn_child<checkpoint_actor>(true, launch_->store, self);
  planner_ = spawn_child<planner_actor>(true, launch_->sources, launch_->continuous(), self);
  sink_ = spawn_child<sink_actor>(launch_->sink->blocking(), launch_->sink, graph.sink().inputs.size(), launch_->window,
                                  launch_->last, self);
  // Receivers first, so that each sender is born knowing them.
  std::vector<std::vector<item_receiver>> receivers(graph.stage_count() + 1);
  receivers.back().push_back(sink_);
  for (auto stage = graph.stage_count(); stage-- > 0;) {
    for (std::uint32_t i = 0; i < graph.instances(stage); ++i) {
      stage_peers peers{self, checkpoint_, {}, {}};
      for (const auto& out : graph.at(stage, i).outputs) {
        for (const auto& to : out.targets) {
          peers.receivers.push_back(receivers[to.stage][to.instance]);
          peers.edges.push_back(to.edge);
        }
      }
      const auto participant = graph.participant(stage, i);
      auto parts = std::move(launch_->stages[participant]);
      if (const int from = launch_->plan.stages[stage].source; from >= 0) {
        const auto& input = launch_->sources[static_cast<std::size_t>(from)];
        readers_.push_back({spawn_child<source_actor>(input->blocking(), std::move(parts), std::move(peers),
                                                      std::shared_ptr<const source>(input), launch_->settings.idle_timeout),
                            participant, static_cast<std::size_t>(from), 0});
      } else {
        operators_.push_back(
            spawn_child<operator_actor>(false, std::move(parts), std::move(peers), launch_->settings.idle_timeout));
        receivers[stage].push_back(operators_.back());
      }
    }
  }
}

void query_actor::fail(error cause) {
  if (!failure_) failure_ = std::move(cause);
  finish();
}

void query_actor::finish() {
  if (std::exchange(ending_, true)) return;
  for (const auto& child : children_) caf::anon_send_exit(child, caf::exit_reason::user_shutdown);
  if (alive_ == 0) send(this, ended_message{});
}

/// An orderly end: cleaning up after the last epoch belongs to it.
void query_actor::finish_when_settled() {
  finishing_ = true;
  if (settled_epoch_ == tracker_.last()) finish();
}

void query_actor::on_child_down() {
  if (alive_ > 0) --alive_;
  if (!ending_) {
    orphaned_ = true;
    finish();
  }
  // By a message, so that what a failed actor said before its end is read first.
  if (alive_ == 0) send(this, ended_message{});
}

void query_actor::end() {
  if (!launch_) return;
  if (orphaned_ && !failure_) failure_ = error(errc::query_failed, "an actor of the query ended without an error");
  run_ended_message over{failure_, tracker_.last()};
  const auto supervisor = supervisor_;
  on_exit();
  send(supervisor, std::move(over));
  quit();
}

void query_actor::stop() {
  stopping_ = true;
  if (launch_->continuous()) {
    if (tracker_.where() == epoch_tracker::phase::quiet) inject();
  } else if (!discovering_ && !planning_ && tracker_.where() == epoch_tracker::phase::quiet) {
    finish_when_settled();
  }
}

// ---- an epoch
// ------------------------------------------------------------------------------------------------------------------

void query_actor::begin_gathering() {
  reports_.assign(launch_->graph->participants(), nullptr);
  unfinished_.assign(launch_->sources.size(), {});
  reader_metrics_.assign(launch_->sources.size(), {});
  prepared_ = nullptr;
  rows_out_ = 0;
}

void query_actor::on_stage_done(const stage_done_message& m) {
  reports_[m.participant] = m.report;
  for (auto& each : readers_) {
    if (each.participant != m.participant) continue;
    each.load = m.unfinished.size();
    auto& all = unfinished_[each.source];
    all.insert(all.end(), m.unfinished.begin(), m.unfinished.end());
    auto& metrics = reader_metrics_[each.source];
    metrics.insert(metrics.end(), m.readers.begin(), m.readers.end());
  }
  if (tracker_.acknowledge(m.participant, m.number)) complete();
}

void query_actor::on_sink_done(const sink_done_message& m) {
  prepared_ = m.prepared;
  rows_out_ = m.rows;
  if (tracker_.acknowledge(launch_->graph->participants() - 1, m.number)) complete();
}

/// The moment of decision: everyone has done the epoch, so it will be committed.
void query_actor::complete() {
  time("addBatch");
  if (launch_->continuous()) {
    send(planner_, position_message{injected_, unfinished_});
  } else {
    commit(end_positions_);
  }
}

epoch_marks query_actor::marks_after_epoch() {
  const auto stages = launch_->graph->stage_count();
  epoch_marks after;
  if (!launch_->continuous()) {
    for (const auto& report : reports_) {
      if (!report) continue;
      for (const auto& [node, greatest] : report->observed) {
        marks_.observe(node, greatest);
        if (!progress_.greatest_event_time || greatest > *progress_.greatest_event_time)
          progress_.greatest_event_time = greatest;
      }
    }
    marks_.advance();
    after = {marks_.nodes(), marks_.global(), std::vector<watermark>(stages, plan_.passed)};
    return after;
  }
  for (std::size_t stage = 0; stage < stages; ++stage) {
    watermark least, greatest;
    least = reports_[launch_->graph->participant(stage, 0)]->passed;
    for (std::uint32_t i = 0; i < launch_->graph->instances(stage); ++i) {
      const auto who = launch_->graph->participant(stage, i);
      for (const auto& news : reports_[who]->nodes) merged_.update(who, news);
      const auto& passed = reports_[who]->passed;
      if (!passed || (least && *passed < *least)) least = passed;
      if (passed && (!greatest || *passed > *greatest)) greatest = passed;
    }
    after.stages.push_back(told_by_all(launch_->plan.stages[stage]) ? greatest : least);
  }
  for (std::size_t i = 0; i < launch_->plan.watermarks.size(); ++i) after.nodes.push_back(merged_.node(static_cast<int>(i)));
  after.global = merged_.combined();
  plan_.passed = after.global;
  return after;
}

void query_actor::commit(std::vector<nlohmann::json> positions) {
  end_positions_ = std::move(positions);
  auto record = std::make_shared<epoch_record>();
  record->number = tracker_.current();
  record->sources = end_positions_;
  record->watermarks = to_json(marks_after_epoch());
  record->late_watermark = plan_.passed;
  record->sinks = prepared_;
  record->info = {{"mode", launch_->continuous() ? "continuous" : "micro-batch"}, {"rowsOut", rows_out_}};
  if (!launch_->continuous()) record->info["plan"] = to_json(plan_);
  record->committed_at = launch_->clock();
  send(checkpoint_, commit_message{std::move(record)});
}

void query_actor::on_committed() {
  time("walCommit");
  tracker_.committed();
  send(sink_, publish_message{tracker_.current(), prepared_});
}

void query_actor::on_published() {
  time("commitOffsets");
  tracker_.published();
  last_passed_ = plan_.passed;
  send(checkpoint_, published_message{tracker_.last()});
  send(planner_, settle_message{tracker_.last(), end_positions_});
  report_progress();
  positions_ = end_positions_;
  if (ending_) return;
  launch_->continuous() ? after_barrier() : after_epoch();
}

void query_actor::on_settled(epoch number) {
  settled_epoch_ = number;
  release_settled();
  if (finishing_) finish_when_settled();
}

void query_actor::time(const char* what) {
  const auto now = std::chrono::steady_clock::now();
  progress_.durations[what] += std::chrono::duration_cast<std::chrono::milliseconds>(now - std::exchange(step_started_, now));
}

void query_actor::report_progress() {
  progress_.id = launch_->id;
  progress_.run_id = launch_->run_id;
  progress_.name = launch_->settings.name;
  progress_.number = tracker_.last();
  progress_.previous = std::exchange(previous_start_, progress_.started);
  progress_.durations["triggerExecution"] =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - trigger_started_);
  progress_.event_time_watermark = plan_.passed;
  progress_.next_watermark = launch_->continuous() ? merged_.combined() : marks_.global();
  progress_.sink = launch_->sink->description();
  progress_.rows_out = rows_out_;
  for (std::size_t i = 0; i < launch_->sources.size(); ++i) {
    epoch_progress::source_progress source{launch_->plan.sources[i].provider->description(),
                                           positions_[i],
                                           end_positions_[i],
                                           launch_->sources[i]->latest(),
                                           0,
                                           std::move(reader_metrics_[i])};
    for (const auto& each : readers_) {
      if (each.source == i) source.rows += reports_[each.participant]->rows_in;
    }
    progress_.sources.push_back(std::move(source));
  }
  for (const auto& stage : launch_->plan.stages) {
    for (const auto& op : stage.chain) {
      if (op.stateful) progress_.operators.push_back({op.uid, op.kind, {}});
    }
  }
  for (const auto& report : reports_) {
    if (!report) continue;
    for (const auto& op : report->operators) {
      for (auto& into : progress_.operators) {
        if (into.uid == op.uid) into.add(op.metrics);
      }
    }
  }
  progress_.restarts = launch_->restarts;
  launch_->board->add_progress(to_json(progress_));
  progress_ = {};
}

// ---- waiting for all that is there
// -----------------------------------------------------------------------------------------------

void query_actor::on_drain_request(const drain_request_message& m) {
  drains_.push_back({m.call});
  launch_->continuous() ? discover_more() : look_for_data();
}

void query_actor::release_drains(const std::function<bool(const drain&)>& which) {
  std::erase_if(drains_, [&](const drain& each) {
    if (!which(each)) return false;
    each.call->fulfil();
    return true;
  });
}

/// Those whose rows are committed, and whose sources know it: they may have made room for more.
void query_actor::release_settled() {
  release_drains([this](const drain& each) { return each.where == drain::phase::committing && each.until <= settled_epoch_; });
}

std::chrono::microseconds query_actor::poll_interval() const {
  std::int64_t least = 0;
  for (const auto& each : launch_->sources) {
    const auto wanted = each->poll_interval().microseconds;
    if (wanted > 0 && (least == 0 || wanted < least)) least = wanted;
  }
  return std::chrono::microseconds(least);
}

void query_actor::tick_after(std::chrono::microseconds delay) { delayed_send(this, delay, tick_message{++generation_}); }

}  // namespace flow
