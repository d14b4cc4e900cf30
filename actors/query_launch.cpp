#include "actors/query_launch.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <random>

#include <unistd.h>

#include "actors/actor_layout.hpp"
#include "actors/failure_report.hpp"
#include "actors/source_log.hpp"
#include "flow/error.hpp"

namespace flow {

namespace {

std::string random_uuid() {
  std::random_device entropy;
  std::array<unsigned, 4> words{entropy(), entropy(), entropy(), entropy()};
  char text[40];
  std::snprintf(text, sizeof text, "%08x-%04x-4%03x-%04x-%04x%08x", words[0], words[1] >> 16, words[1] & 0xfff,
                0x8000u | (words[2] >> 18), words[2] & 0xffff, words[3]);
  return text;
}

/// Opens the query's checkpoint, or a temporary one.
std::shared_ptr<checkpoint_store> open_store(const query_settings& settings) {
  checkpoint_settings how;
  how.epochs_retained = std::max(settings.epochs_retained, 2);
  how.take_over = settings.take_over;
  std::filesystem::path dir = settings.checkpoint_dir;
  if (settings.checkpoint_dir.empty()) {
    how.temporary = true;
    dir = std::filesystem::temp_directory_path() / ("libflow-" + std::to_string(::getpid()) + "-" + random_uuid());
  }
  return checkpoint_store::open(dir, how);
}

/// Refuses a checkpoint that another plan wrote; signs a new one.
void compare_plans(checkpoint_store& store, const query_launch& launch) {
  const auto current = plan_signature(launch.plan, launch.settings.mode);
  const auto stored = store.plan_signature();
  if (!stored.is_null()) {
    const auto differences = plan_differences(stored, current);
    if (!differences.empty()) {
      std::string message = "the checkpoint in " + launch.settings.checkpoint_dir + " was written by another query:";
      for (const auto& each : differences) message += "\n  - " + each;
      throw error(errc::checkpoint_mismatch, message);
    }
  }
  if (stored != current) store.set_plan_signature(current);
}

void make_sources(query_launch& launch) {
  for (const auto& each : launch.plan.sources) {
    std::shared_ptr<source> made = each.provider->make(true);
    made->set_continuous(launch.continuous());
    made->project(each.columns);
    made->want(each.wanted);
    launch.sources.push_back(std::move(made));
  }
}

/// Goes back to the epoch whose rows the sink shows.
void recover_sink(query_launch& launch) {
  const auto newest = launch.store->newest();
  const auto visible = launch.sink->recover(newest ? newest->number : epoch{}, newest ? newest->sinks : nlohmann::json());
  if (newest && visible < newest->number) {
    // The epoch after it must run again with the rows it had: the sink may have seen some of them.
    const auto undone = launch.store->find(visible.next());
    const bool planned = undone && undone->info.contains("plan");
    if (planned) launch.store->put_plan(visible.next(), undone->info["plan"]);
    launch.store->roll_back_to(visible, planned);
  }
  if (newest && visible > newest->number) {
    throw error(errc::checkpoint_mismatch, "the sink " + launch.sink->description() + " shows epoch " +
                                               std::to_string(visible.value) + ", but the checkpoint ends at epoch " +
                                               std::to_string(newest->number.value) +
                                               ": the checkpoint is older than the output; restore the newer checkpoint");
  }
}

/// Where the sources began, if the query has been started before and ended without an epoch.
std::vector<nlohmann::json> first_positions(const query_launch& launch) {
  std::vector<nlohmann::json> positions(launch.sources.size());
  const auto stored = launch.store->first_positions();
  for (std::size_t i = 0; i < std::min(stored.size(), positions.size()); ++i) positions[i] = stored[i];
  return positions;
}

void keep_first_positions(query_launch& launch) {
  bool any = false;
  for (std::size_t i = 0; i < launch.sources.size(); ++i) {
    if (!launch.sources[i]->keeps_first_position()) continue;
    launch.positions[i] = launch.sources[i]->position({});
    any = true;
  }
  if (any && launch.store->first_positions() != launch.positions) launch.store->set_first_positions(launch.positions);
}

/// Epochs that a crash or restart interrupted run again exactly as they were planned.
void adopt_plans(query_launch& launch) {
  auto number = launch.last.next();
  for (auto plan = launch.store->plan(number); plan; plan = launch.store->plan(number = number.next())) {
    auto& again = launch.interrupted.emplace_back();
    again.plan = parse_epoch_plan(*plan);
    for (std::size_t i = 0; i < launch.sources.size(); ++i) {
      launch.sources[i]->adopt(again.plan.splits.at(i));
      take_log_changes(*launch.sources[i], i, {}, again.logs);
      again.end_positions.push_back(launch.sources[i]->position({}));
    }
  }
}

/// Continuous mode reads their rows without a plan: a later run in micro-batches must not find one that is out of date.
void forget_plans(query_launch& launch) {
  if (launch.store->plan(launch.last.next())) launch.store->roll_back_to(launch.last);
}

void restore_sources(query_launch& launch) {
  const auto record = launch.store->newest();
  launch.positions.resize(launch.sources.size());
  if (record) {
    launch.last = record->number;
    launch.marks = parse_epoch_marks(record->watermarks);
    launch.last_passed = record->late_watermark;
    for (std::size_t i = 0; i < launch.sources.size(); ++i) launch.positions[i] = record->sources.at(i);
  }
  if (!record) launch.positions = first_positions(launch);
  for (std::size_t i = 0; i < launch.sources.size(); ++i) {
    if (record) restore_log(*launch.sources[i], i, *launch.store, launch.last);
    launch.sources[i]->restore(launch.positions[i]);
  }
  if (!record) keep_first_positions(launch);
  launch.continuous() ? forget_plans(launch) : adopt_plans(launch);
}

void restore_operators(stage_parts& parts, const physical_stage& stage, const query_launch& launch) {
  const auto& settings = launch.settings;
  parts.chain = std::make_unique<operator_chain>(
      stage.chain,
      operator_context{parts.instance, parts.parallelism, settings.state, settings.state_cache_bytes, parts.continuous});
  parts.chain->restore([&](const std::string& uid) -> const state_view& {
    parts.states.push_back(launch.store->open_state(uid, parts.instance, parts.parallelism, launch.last, settings.state));
    parts.state_uids.push_back(uid);
    return *parts.states.back();
  });
  if (!parts.watermarks.empty()) parts.chain->restore_watermark(parts.restored_watermark.value_or(first_watermark));
}

std::shared_ptr<stage_parts> make_stage(std::size_t at, std::uint32_t instance, const query_launch& launch) {
  const auto& stage = launch.plan.stages[at];
  auto parts = std::make_shared<stage_parts>();
  parts->stage = static_cast<std::uint32_t>(at);
  parts->instance = instance;
  parts->parallelism = launch.graph->instances(at);
  parts->participant = launch.graph->participant(at, instance);
  parts->place = launch.graph->at(at, instance);
  parts->output = stage.output;
  parts->window = launch.window;
  parts->continuous = launch.continuous();
  parts->views_read_on = launch.settings.state == state_store_kind::lmdb;
  parts->last = launch.last;
  parts->policy = launch.settings.policy;
  parts->watermarks = launch.plan.watermarks;
  parts->own_nodes = own_watermark_nodes(stage);
  for (const auto& input : parts->place.inputs) parts->input_nodes.push_back(launch.graph->watermark_nodes(input.stage));
  parts->restored_nodes = launch.marks.nodes;
  parts->restored_watermark = at < launch.marks.stages.size() ? launch.marks.stages[at] : launch.last_passed;
  parts->clock = launch.clock;
  restore_operators(*parts, stage, launch);
  return parts;
}

/// Why the launch failed says more than what its sink then throws.
void close_after_failure(sink& output) noexcept {
  try {
    output.close();
  } catch (...) {
  }
}

/// From sources made to a query ready to run.
void recover(query_launch& launch) {
  std::vector<int> readers;
  for (const auto& each : launch.sources) readers.push_back(each->reader_count());
  launch.graph = std::make_shared<stage_graph>(launch.plan, readers, launch.settings.parallelism);
  if (launch.continuous()) join_halves(launch.plan, *launch.graph);
  launch.window = credit_window_size(launch.settings.memory_limit_bytes, launch.graph->edge_count());
  launch.sink = launch.provider->make();
  launch.sink->open({launch.settings.name, launch.id, launch.settings.checkpoint_dir, launch.settings.mode, launch.plan.output,
                     launch.continuous(), launch.store->fencing_epoch(), launch.settings.trigger.interval});
  try {
    recover_sink(launch);
    restore_sources(launch);
    for (std::size_t stage = 0; stage < launch.graph->stage_count(); ++stage) {
      for (std::uint32_t i = 0; i < launch.graph->instances(stage); ++i) {
        launch.stages.push_back(make_stage(stage, i, launch));
      }
    }
  } catch (...) {
    const auto cause = root_cause(*launch.store, as_error(std::current_exception()));
    close_after_failure(*launch.sink);
    throw cause;
  }
}

}  // namespace

error root_cause(const checkpoint_store& store, error seen) {
  try {
    store.check_owner();
  } catch (const error& replaced) {
    return replaced;
  }
  return seen;
}

std::shared_ptr<query_launch> prepare_launch(physical_plan plan, sink_provider_ptr sink, query_settings settings,
                                             std::function<timestamp()> clock) {
  sink->check(*plan.output, settings.mode);
  auto launch = std::make_shared<query_launch>();
  launch->plan = std::move(plan);
  launch->provider = std::move(sink);
  launch->settings = std::move(settings);
  launch->clock = std::move(clock);
  launch->board = std::make_shared<query_board>();
  launch->run_id = random_uuid();
  launch->board->set_run_id(launch->run_id);
  launch->store = open_store(launch->settings);
  launch->id = launch->store->query_id();
  compare_plans(*launch->store, *launch);
  make_sources(*launch);
  try {
    recover(*launch);
  } catch (const error& e) {
    // There is no run yet that could begin again: the caller of start() decides.
    if (e.code() == errc::restart_required) throw error(errc::query_failed, e.what());
    throw;
  }
  return launch;
}

std::shared_ptr<query_launch> prepare_relaunch(query_launch& before) {
  auto launch = std::make_shared<query_launch>();
  launch->plan = before.plan;
  launch->provider = before.provider;
  launch->settings = before.settings;
  launch->clock = before.clock;
  launch->board = before.board;
  launch->own_threads = before.own_threads;
  launch->restarts = before.restarts;
  launch->run_id = random_uuid();
  launch->store = before.store;
  launch->id = before.id;
  before.stages.clear();
  before.sink.reset();
  make_sources(*launch);
  // The old sources go only now that the new ones are there: rows pushed and not committed live as long as someone needs them.
  before.sources = launch->sources;
  recover(*launch);
  return launch;
}

}  // namespace flow
