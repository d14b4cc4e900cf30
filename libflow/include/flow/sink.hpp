#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "flow/batch.hpp"
#include "flow/epoch.hpp"
#include "flow/output_mode.hpp"
#include "flow/time.hpp"

namespace flow {

/// What a sink is told when its query starts.
struct sink_context {
  std::string query_name;      ///< "" if unnamed.
  std::string query_id;        ///< Stable over restarts from one checkpoint.
  std::string checkpoint_dir;  ///< "" without one.
  output_mode mode = output_mode::append;
  schema_ptr schema;
  bool continuous = false;
  /// Greater than that of every process that has run this query before, some of which may still be alive (frozen): hidden files
  /// and the like should carry it.
  std::uint64_t fencing_epoch = 0;
  duration interval{};  ///< Of the trigger, or of checkpoints in continuous mode; 0 if there is none.
};

/// Where results go. Driven by one thread at a time, in this order:
///
///     open recover (write* prepare -- LMDB commits the epoch -- commit)*  close
///
/// so that an epoch's rows become visible whole or not at all, exactly once where the sink can do it (docs/guarantees.md). The
/// order of calls for a sink that overlaps() is looser: see there.
///
/// Any call may throw. error{restart_required} makes the query begin again at its checkpoint, with a new sink opened and
/// recovered; every other error ends the query. Either way close() follows, and nothing else.
class sink {
 public:
  virtual ~sink() = default;

  virtual void open(const sink_context& context) = 0;
  /// At a start: `newest` is the newest epoch in the checkpoint (0 at first start), `prepared` what prepare() returned for it
  /// (null at first start). Completes or undoes what a crash left, and returns the epoch whose rows are the last ones visible:
  /// `newest`, or an older one to which the query must then go back. Sinks that cannot know return `newest`.
  virtual epoch recover(epoch newest, const nlohmann::json& prepared) {
    (void)prepared;
    return newest;
  }
  /// Rows of an epoch; in complete mode all rows between two barriers are the whole result.
  virtual void write(epoch e, const batch& rows) = 0;
  /// All rows of `e` have come. Makes them safe but not visible; what it returns is stored with the epoch. Called for epochs
  /// without rows too. Sinks with no second step (console, foreach_batch) act here.
  virtual nlohmann::json prepare(epoch e) = 0;
  /// Epoch `e` is durable in the checkpoint: make its rows visible. Idempotent.
  virtual void commit(epoch e, const nlohmann::json& prepared) {
    (void)e;
    (void)prepared;
  }
  /// After the last epoch, or when the query fails or starts again. Throws away rows of an epoch not prepared. Never while
  /// another call is under way.
  virtual void close() {}

  /// True if commit(n) may be called from another thread, and may take its time, while write(n + 1) and prepare(n + 1) are
  /// called: epoch n + 1 is then written while n becomes durable and visible. Commits still come one by one and in order, and
  /// neither write(n + 2) nor commit(n + 1) comes before commit(n) has returned; except that a sink that is not blocking()
  /// either is written as rows come, however late commits are. False: rows of n + 1 wait for commit(n), and all calls come from
  /// one thread.
  virtual bool overlaps() const { return false; }

  /// True if calls may wait on I/O: the sink then gets a thread of its own.
  virtual bool blocking() const { return true; }
  /// For progress: "ConsoleSink[numRows=20, truncate=true]".
  virtual std::string description() const = 0;
};

/// What `write_stream()` makes of format and options: checked, and from it each start makes its own sink.
class sink_provider {
 public:
  virtual ~sink_provider() = default;
  virtual std::string description() const = 0;
  virtual nlohmann::json signature() const = 0;
  /// @throws error{unsupported_plan} if the sink cannot take this mode, error{type_mismatch} for columns it cannot write.
  virtual void check(const arrow::Schema& schema, output_mode mode) const = 0;
  virtual std::unique_ptr<sink> make() const = 0;
};

using sink_provider_ptr = std::shared_ptr<const sink_provider>;

}  // namespace flow
