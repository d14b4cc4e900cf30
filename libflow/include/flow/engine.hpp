#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "flow/batch.hpp"
#include "flow/clock.hpp"
#include "flow/physical_plan.hpp"
#include "flow/sink.hpp"
#include "flow/state.hpp"
#include "flow/streaming_query.hpp"
#include "flow/trigger.hpp"

namespace flow {

/// Settings of a session.
struct session_options {
  std::string name = {};
  int threads = 0;      ///< Worker threads for operators; 0: as many as the machine has.
  int parallelism = 0;  ///< Instances of each keyed operator unless the query says otherwise; 0: `threads`.
  /// Workers spin instead of sleeping: single-digit microseconds from push to callback, at the price of full cores.
  bool busy_polling = false;
  std::vector<std::pair<std::string, std::string>> conf = {};  ///< "spark.sql.streaming.multipleWatermarkPolicy" and the like.
  /// Processing time: what current_timestamp() says, what triggers go by, which day "10:30" is on. Tests and
  /// replays set their own.
  clock_function clock = system_now;
};

/// Everything about one query's run besides the plan and the sink.
struct query_settings {
  std::string name = {};
  output_mode mode = output_mode::append;
  flow::trigger trigger;
  std::string checkpoint_dir;  ///< "": a temporary one, removed at the end.
  bool take_over = false;      ///< Replace a process that owns the checkpoint and does not answer.
  int parallelism = 1;
  state_store_kind state = state_store_kind::memory;
  std::size_t state_cache_bytes = 64u << 20;
  std::size_t memory_limit_bytes = 256u << 20;  ///< Bound of batches in flight over all edges: sizes the credit windows.
  int epochs_retained = 2;                      ///< Spark's minBatchesToRetain; at least 2.
  duration idle_timeout = seconds(5);  ///< Continuous: a source partition silent for so long stops holding back the watermark.
  watermark_policy policy = watermark_policy::min;
  bool no_data_epochs = true;  ///< spark.sql.streaming.noDataMicroBatches.enabled
  /// How many times in a row, without an epoch published in between, the query begins again at its checkpoint when a sink or
  /// source asks for it (errc::restart_required). 0: never.
  int restarts = 10;
  duration restart_pause = milliseconds(100);  ///< Before the second restart in a row; doubles with each, up to 10 s.
};

/// Runs physical plans as actors. Declared here, defined by the actors room, so that the language needs no CAF.
class engine {
 public:
  virtual ~engine() = default;

  /// Starts a query. @throws error for a checkpoint that does not fit, is locked or broken; a sink that cannot be opened.
  virtual query_ptr start(physical_plan plan, sink_provider_ptr sink, query_settings settings) = 0;
  /// Stops every query and waits.
  virtual void shut_down() = 0;
};

std::unique_ptr<engine> make_engine(const session_options& options);

/// Runs a plan over bounded sources to its end on the calling thread and returns its rows (operators room).
std::vector<batch> run_local(const physical_plan& plan, const evaluation_context& context);

}  // namespace flow
