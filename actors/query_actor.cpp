#include "actors/query_actor.hpp"

#include <algorithm>
#include <iterator>

#include "actors/actor_layout.hpp"
#include "actors/checkpoint_actor.hpp"
#include "actors/failure_report.hpp"
#include "actors/operator_actor.hpp"
#include "actors/planner_actor.hpp"
#include "actors/publisher_actor.hpp"
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

/// Stages that observe event time behind an exchange keep their own actor, whose timer notices when rows stop coming. The sink
/// joins only where it neither waits nor makes others wait: in micro-batch mode its rows are held back until plans are durable.
actor_layout make_layout(const query_launch& launch) {
  std::vector<bool> joins;
  for (const auto& stage : launch.plan.stages) {
    joins.push_back(stage.source < 0 && (!launch.continuous() || own_watermark_nodes(stage).empty()));
  }
  joins.push_back(launch.continuous() && !launch.sink->blocking() && launch.sink->overlaps());
  return actor_layout(*launch.graph, joins);
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
  publisher_ = publisher_handle();
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
      [this](stage_done_message& m) { guard([&] { on_stage_done(m); }); },
      [this](const sink_done_message& m) { guard([&] { on_sink_done(m); }); },
      [this](const published_message& m) { guard([&] { on_published(m.number); }); },
      [this](const settled_message& m) { guard([&] { on_settled(m.number); }); },
      [this](const discovered_message& m) {
        guard([&] { launch_->continuous() ? on_discovered_splits(m) : on_discovered_batch(m); });
      },
      [this](const positions_message& m) { guard([&] { on_positions(m); }); },
      [this](const planned_message& m) { guard([&] { on_planned(m.number); }); },
      [this](const committed_message& m) { guard([&] { on_committed(m.number); }); },
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
  const auto layout = make_layout(*launch_);
  const auto sink_at = graph.participants() - 1;
  const auto output =
      std::make_shared<open_sink>(launch_->sink, [store = launch_->store] { store->check_owner(); }, launch_->board);
  const bool waits = launch_->sink->blocking();
  checkpoint_ = spawn_child<checkpoint_actor>(true, launch_->store, self);
  planner_ = spawn_child<planner_actor>(true, launch_->sources, launch_->continuous(), self);
  if (launch_->sink->overlaps()) publisher_ = spawn_child<publisher_actor>(waits, output, self);
  // Receivers first, so that each sender is born knowing them.
  std::vector<item_receiver> receivers(graph.participants());
  if (layout.host(sink_at) == sink_at) {
    sink_ = spawn_child<sink_actor>(waits, output, graph.sink().inputs.size(), launch_->window, launch_->last,
                                    !launch_->continuous(), self);
    receivers[sink_at] = sink_;
  }
  for (auto stage = graph.stage_count(); stage-- > 0;) {
    for (std::uint32_t i = 0; i < graph.instances(stage); ++i) {
      const auto who = graph.participant(stage, i);
      if (layout.host(who) != who) continue;
      line_parts line;
      stage_peers peers{self, checkpoint_, {}, {}};
      for (const auto each : layout.driven_by(who)) {
        if (each == sink_at) {
          line.sink = output;
          line.sink_stage = static_cast<std::uint32_t>(graph.stage_count());
          continue;
        }
        line.stages.push_back(std::move(launch_->stages[each]));
        for (const auto& out : line.stages.back()->place.outputs) {
          for (const auto& to : out.targets) {
            peers.receivers.push_back(receivers[graph.participant(to.stage, to.instance)]);
            peers.edges.push_back(to.edge);
          }
        }
      }
      if (const int from = launch_->plan.stages[stage].source; from >= 0) {
        const auto& input = launch_->sources[static_cast<std::size_t>(from)];
        readers_.push_back({spawn_child<source_actor>(input->blocking(), std::move(line), std::move(peers),
                                                      std::shared_ptr<const source>(input), launch_->settings.idle_timeout),
                            who, static_cast<std::size_t>(from), 0});
      } else {
        operators_.push_back(
            spawn_child<operator_actor>(false, std::move(line), std::move(peers), launch_->settings.idle_timeout));
        receivers[who] = operators_.back();
      }
    }
  }
}

void query_actor::fail(error cause) {
  if (!failure_) failure_ = launch_ ? root_cause(*launch_->store, std::move(cause)) : std::move(cause);
  finish();
}

void query_actor::finish() {
  if (std::exchange(ending_, true)) return;
  for (const auto& child : children_) caf::anon_send_exit(child, caf::exit_reason::user_shutdown);
  if (alive_ == 0) send(this, ended_message{});
}

/// An orderly end: publishing every epoch and cleaning up after it belong to it.
void query_actor::finish_when_through() {
  finishing_ = true;
  if (tracker_.quiet() && settled_epoch_ == tracker_.last()) finish();
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
    inject_soon();
  } else if (!discovering_ && !tracker_.running()) {
    finish_when_through();
  }
}

// ---- an epoch
// ------------------------------------------------------------------------------------------------------------------

epoch_account query_actor::new_account() const {
  epoch_account fresh(launch_->graph->participants(), launch_->sources.size());
  fresh.progress.started = launch_->clock();
  return fresh;
}

epoch_account& query_actor::account_of(epoch n) { return under_way_.at(n.value - tracker_.last().value - 1); }

epoch query_actor::begin_epoch(epoch_account account) {
  under_way_.push_back(std::move(account));
  return tracker_.begin();
}

void query_actor::on_stage_done(stage_done_message& m) {
  auto& account = account_of(m.number);
  account.reports[m.participant] = m.report;
  for (auto& each : readers_) {
    if (each.participant != m.participant) continue;
    each.load = m.unfinished.size();
    auto& all = account.unfinished[each.source];
    std::move(m.unfinished.begin(), m.unfinished.end(), std::back_inserter(all));
    auto& metrics = account.readers[each.source];
    metrics.insert(metrics.end(), m.readers.begin(), m.readers.end());
  }
  if (tracker_.acknowledge(m.participant, m.number)) complete();
}

void query_actor::on_sink_done(const sink_done_message& m) {
  auto& account = account_of(m.what.number);
  account.prepared = m.what.prepared;
  account.rows_out = m.what.rows;
  if (tracker_.acknowledge(launch_->graph->participants() - 1, m.what.number)) complete();
}

/// The moment of decision: everyone has done the newest epoch, so it will be committed, and the next one may begin.
void query_actor::complete() {
  auto& account = under_way_.back();
  account.time("addBatch");
  account.marks = marks_after(account);
  last_passed_ = account.plan.passed;
  if (launch_->continuous()) {
    send(planner_, position_message{tracker_.newest(), account.handed_out, std::move(account.unfinished)});
  } else {
    account.positions_known = true;
    commit_next();
  }
  launch_->continuous() ? after_barrier() : after_epoch();
}

epoch_marks query_actor::marks_after(epoch_account& account) {
  const auto stages = launch_->graph->stage_count();
  epoch_marks after;
  if (!launch_->continuous()) {
    auto& latest = account.progress.greatest_event_time;
    for (const auto& report : account.reports) {
      if (!report) continue;
      for (const auto& [node, greatest] : report->observed) {
        marks_.observe(node, greatest);
        if (!latest || greatest > *latest) latest = greatest;
      }
    }
    marks_.advance();
    account.next_watermark = marks_.global();
    return {marks_.nodes(), marks_.global(), std::vector<watermark>(stages, account.plan.passed)};
  }
  for (std::size_t stage = 0; stage < stages; ++stage) {
    watermark least, greatest;
    least = account.reports[launch_->graph->participant(stage, 0)]->passed;
    for (std::uint32_t i = 0; i < launch_->graph->instances(stage); ++i) {
      const auto who = launch_->graph->participant(stage, i);
      for (const auto& news : account.reports[who]->nodes) merged_.update(who, news);
      const auto& passed = account.reports[who]->passed;
      if (!passed || (least && *passed < *least)) least = passed;
      if (passed && (!greatest || *passed > *greatest)) greatest = passed;
    }
    after.stages.push_back(told_by_all(launch_->plan.stages[stage]) ? greatest : least);
  }
  for (std::size_t i = 0; i < launch_->plan.watermarks.size(); ++i) after.nodes.push_back(merged_.node(static_cast<int>(i)));
  after.global = merged_.combined();
  account.plan.passed = account.next_watermark = after.global;
  return after;
}

/// Hands the oldest epoch to the checkpoint, if it is complete and nothing before it is left to publish.
void query_actor::commit_next() {
  const auto n = tracker_.committable();
  if (!n || !under_way_.front().positions_known) return;
  auto& account = under_way_.front();
  tracker_.committing(*n);
  auto record = std::make_shared<epoch_record>();
  record->number = *n;
  record->sources = account.end_positions;
  record->watermarks = to_json(account.marks);
  record->late_watermark = account.plan.passed;
  record->sinks = account.prepared;
  record->info = {{"mode", launch_->continuous() ? "continuous" : "micro-batch"}, {"rowsOut", account.rows_out}};
  if (!launch_->continuous()) record->info["plan"] = to_json(account.plan);
  record->committed_at = launch_->clock();
  send(checkpoint_, commit_message{std::move(record), std::move(account.logs)});
}

void query_actor::on_committed(epoch n) {
  account_of(n).time("walCommit");
  tracker_.committed(n);
  const publish_message order{n, account_of(n).prepared};
  publisher_ ? send(publisher_, order) : send(sink_, order);
}

void query_actor::on_published(epoch n) {
  account_of(n).time("commitOffsets");
  send(checkpoint_, published_message{n});
  if (publisher_ && sink_) send(sink_, published_message{n});
  send(planner_, settle_message{n, account_of(n).end_positions});
  report_progress(n);
  tracker_.published(n);
  positions_ = std::move(under_way_.front().end_positions);
  under_way_.pop_front();
  if (ending_) return;
  commit_next();
  if (launch_->continuous()) {
    after_barrier();
  } else if (again_) {
    look_for_data();
  }
}

void query_actor::on_settled(epoch n) {
  settled_epoch_ = n;
  release_settled();
  if (finishing_) finish_when_through();
}

void query_actor::report_progress(epoch n) {
  auto& account = account_of(n);
  auto& progress = account.progress;
  progress.id = launch_->id;
  progress.run_id = launch_->run_id;
  progress.name = launch_->settings.name;
  progress.number = n;
  progress.previous = std::exchange(previous_start_, progress.started);
  progress.durations["triggerExecution"] =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - account.started);
  progress.event_time_watermark = account.plan.passed;
  progress.next_watermark = account.next_watermark;
  progress.sink = launch_->sink->description();
  progress.rows_out = account.rows_out;
  for (std::size_t i = 0; i < launch_->sources.size(); ++i) {
    epoch_progress::source_progress source{launch_->plan.sources[i].provider->description(),
                                           positions_[i],
                                           account.end_positions[i],
                                           launch_->sources[i]->latest(),
                                           0,
                                           std::move(account.readers[i]),
                                           launch_->sources[i]->metrics(account.end_positions[i])};
    for (const auto& each : readers_) {
      if (each.source == i) source.rows += account.reports[each.participant]->rows_in;
    }
    progress.sources.push_back(std::move(source));
  }
  for (const auto& stage : launch_->plan.stages) {
    for (const auto& op : stage.chain) {
      if (op.stateful) progress.operators.push_back({op.uid, op.kind, {}});
    }
  }
  for (const auto& report : account.reports) {
    if (!report) continue;
    for (const auto& op : report->operators) {
      for (auto& into : progress.operators) {
        if (into.uid == op.uid) into.add(op.metrics);
      }
    }
  }
  progress.restarts = launch_->restarts;
  launch_->board->add_progress(to_json(progress));
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

/// Also where sources call by themselves when there is something new: nobody calls when servers are back.
void query_actor::look_again_soon() {
  constexpr std::chrono::microseconds least = std::chrono::milliseconds(10);
  tick_after(std::max(poll_interval(), least));
}

}  // namespace flow
