#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "actors/epoch_json.hpp"
#include "actors/progress.hpp"
#include "actors/query_board.hpp"
#include "actors/stage_graph.hpp"
#include "actors/stage_worker.hpp"
#include "flow/checkpoint.hpp"
#include "flow/engine.hpp"

namespace flow {

/// A query ready to run: checkpoint open, sink recovered, sources and operators restored. Made on the thread that calls
/// start(), so that whatever does not fit is thrown there, before any row is read.
struct query_launch {
  physical_plan plan;
  sink_provider_ptr provider;
  query_settings settings;
  std::shared_ptr<stage_graph> graph;
  std::shared_ptr<checkpoint_store> store;
  std::vector<std::shared_ptr<source>> sources;
  std::shared_ptr<flow::sink> sink;
  std::vector<std::shared_ptr<stage_parts>> stages;  ///< By participant, without the sink.
  std::uint32_t window = 2;

  std::string id, run_id;
  epoch last;                             ///< Restored to.
  epoch_marks marks;                      ///< As of `last`.
  watermark last_passed;                  ///< The watermark epoch `last` used.
  std::vector<nlohmann::json> positions;  ///< Per source, as of `last`.
  /// An epoch planned and perhaps begun before a crash or restart, to be run again as planned.
  struct planned_epoch {
    epoch_plan plan;
    std::vector<nlohmann::json> end_positions;  ///< Per source.
    std::vector<instance_delta> logs;
  };
  std::deque<planned_epoch> interrupted;  ///< Micro-batch: those after `last`, at most two.

  restart_record restarts;  ///< Earlier runs of the query.
  std::shared_ptr<query_board> board;
  std::function<timestamp()> clock;  ///< Processing time.
  bool own_threads = true;           ///< False in simulations: blocking actors run in the pool too.

  bool continuous() const { return settings.trigger.what == trigger::kind::continuous; }
};

/// Opens, compares, recovers and restores. `clock` gives processing time.
/// @throws error for a checkpoint that does not fit, is locked or broken; whatever sink and sources throw.
std::shared_ptr<query_launch> prepare_launch(physical_plan plan, sink_provider_ptr sink, query_settings settings,
                                             std::function<timestamp()> clock);

/// The same query's next run, from the same open checkpoint with new sources and a new sink. No actor of the run `before` may
/// be left. If it throws, it may be tried again.
std::shared_ptr<query_launch> prepare_relaunch(query_launch& before);

/// Why the query ends: if another process has taken the checkpoint over, that, and not what its doings made fail here.
error root_cause(const checkpoint_store& store, error seen);

}  // namespace flow
