#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "flow/batch.hpp"
#include "flow/epoch.hpp"
#include "flow/time.hpp"

namespace flow {

class state_delta;
class state_view;

/// Something one reader reads in order: a file, a Kafka partition or a range of it, a range of rate values. Bounded splits
/// end; unbounded ones (continuous mode) go on. `description` is the source's own, complete: from it alone, in another
/// process, the same rows are read again.
struct source_split {
  std::string id;              ///< Unique within the source while the split is not finished: a path, "topic-3".
  nlohmann::json description;  ///< {"path":..., "begin":..., "end":...}
  bool bounded = true;
};

/// How far a split that is not finished has been read.
struct split_position {
  source_split what;
  nlohmann::json position;  ///< As split_reader::position() gave it.
};

enum class read_status {
  rows,  ///< `out` holds what was read.
  idle,  ///< Nothing now; on_available's callback will say when to ask again.
  end,   ///< A bounded split is exhausted. `out` is empty.
};

/// Bounds of one read: whatever comes first.
struct read_budget {
  std::int64_t rows = 4096;
  std::int64_t bytes = 1 << 20;
};

/// Reads one split. Used by one thread at a time.
class split_reader {
 public:
  virtual ~split_reader() = default;

  /// The next rows; none of them if all that were read may be left out (source::want). A source that says blocking() may wait
  /// here a little (its poll timeout), others return at once.
  /// @throws error{unreadable_input, malformed_data}.
  virtual read_status read(const read_budget& budget, batch& out) = 0;
  /// How many rows were read since the last call and left out: they count as read.
  virtual std::int64_t take_left_out() { return 0; }
  /// Where the next read() goes on; JSON of the source's own. Called at barriers.
  virtual nlohmann::json position() const = 0;
  /// Sets what to call, from any thread, when a reader that was idle may have rows.
  virtual void on_available(std::function<void()> callback) { (void)callback; }
  /// Whether everything that could be read at `since` has been given out. Asked when read() has said idle; if false,
  /// on_available's callback comes when to ask again. Rows that lie with a server may be on their way.
  virtual bool caught_up(std::chrono::steady_clock::time_point since) const {
    (void)since;
    return true;
  }
  /// What progress reports say of this reader (lag, bytes, corrupt rows), or null.
  virtual nlohmann::json metrics() const { return nullptr; }
};

/// What a query asks of a STRING column before it does anything with a row: rows in which it is none of `values`, or null, go
/// no further.
struct wanted_texts {
  int column = 0;  ///< Of the full schema; one that the query reads.
  std::vector<std::string> values;
};

/// How much one epoch may take: options such as maxFilesPerTrigger are the source's own and known to it; this is what the
/// trigger says.
struct read_limit {
  bool ignore_rate_limits = false;  ///< Trigger once: all there is.
  timestamp now{};                  ///< Processing time, for sources that make rows from it (rate).
  bool until_first_look = false;    ///< Trigger available-now: only what there was at the first call.
};

/// A streaming or batch source that can be replayed by position. Source of the split/reader separation: Flink FLIP-27;
/// of discover/position/commit: Spark's MicroBatchStream.
///
/// The planning methods are called by one thread (they may block on directories and brokers); open() by any.
///
/// Micro-batch: discover() gives the bounded splits of the next epoch; their list is made durable, read whole, then
/// position({}) is recorded. After a crash between the two the same list is adopt()ed and read again.
/// Continuous: discover() gives splits as they appear; at each barrier position(unfinished) is recorded.
/// A position recorded in one mode can be restored in the other.
///
/// Any call, of readers too, may throw error{restart_required}: the query then begins again at its checkpoint, anew.
class source {
 public:
  virtual ~source() = default;

  /// Columns that readers make, after projection.
  virtual schema_ptr schema() const = 0;
  /// Takes up from a recorded position; null at the first start.
  virtual void restore(const nlohmann::json& position) = 0;
  /// What a source has to remember and what grows without end (files seen) is no part of its position, which each epoch
  /// records as a whole. It is the source's log: keys and JSON texts, of which an epoch records what has changed. The
  /// checkpoint keeps it like an operator's state: an older epoch has the older log.
  ///
  /// The log as of the position with which restore() is called next. Not called at the first start. Valid during the call.
  virtual void restore_log(const state_view& log) { (void)log; }
  /// What has changed in the log since the last call, as seen by position(unfinished), which is called next; null: nothing.
  /// Called once for each epoch that reads something, in their order.
  virtual std::shared_ptr<const state_delta> take_log_changes(const std::vector<split_position>& unfinished) {
    (void)unfinished;
    return nullptr;
  }
  /// What has become readable since the last call and has not been given out. In continuous mode (set_continuous) splits may
  /// be unbounded. Also gives out again what restore()'s position says is unfinished.
  virtual std::vector<source_split> discover(const read_limit& limit) = 0;
  /// Marks splits of a durable plan as given out, as if discover() had just returned them.
  virtual void adopt(const std::vector<source_split>& planned) = 0;
  /// The position after everything given out, except that `unfinished` are only as far as they say.
  virtual nlohmann::json position(const std::vector<split_position>& unfinished) const = 0;
  /// The epoch with this position is durable and shown by the sink: what lies before may be forgotten (or archived:
  /// cleanSource). The next epoch's discover() may have been called before.
  virtual void commit(const nlohmann::json& position) { (void)position; }

  /// A reader of a split, from the split's begin, or from `position` if not null.
  virtual std::unique_ptr<split_reader> open(const source_split& what, const nlohmann::json& position) const = 0;

  /// Before restore(): whether splits may be unbounded.
  virtual void set_continuous(bool continuous) { (void)continuous; }
  /// Columns of the full schema that the query reads, ascending; the source then decodes only these. Before restore().
  virtual void project(const std::vector<int>& columns) = 0;
  /// Rows for which one of these does not hold need not be given out, for the query drops them. Before restore().
  virtual void want(const std::vector<wanted_texts>& all) { (void)all; }
  /// Readers wanted by the source: 0 for "as many as the query's parallelism", else exactly so many (Kafka partitions, push 1).
  virtual int reader_count() const { return 0; }
  /// True if read() may wait: the reader then gets a thread of its own.
  virtual bool blocking() const { return false; }
  /// False if rows cannot be read again after a crash (socket): the query runs, and says so.
  virtual bool replayable() const { return true; }
  /// How long the engine waits before it asks discover() again when nothing is new and nobody called on_discoverable's
  /// callback.
  virtual duration poll_interval() const { return milliseconds(10); }
  /// Sets what to call, from any thread, when discover() would give something (push). Optional.
  virtual void on_discoverable(std::function<void()> callback) { (void)callback; }
  /// True if where a first start begins depends on the moment (Kafka's latest): position({}) as it is after restore(null) is
  /// then kept, and restored if the query ends before its first epoch.
  virtual bool keeps_first_position() const { return false; }
  /// Called from any thread: position of the newest data as of now, for progress reports; null if unknown.
  virtual nlohmann::json latest() const { return nullptr; }
  /// Called from any thread: what progress reports say of the source once it has been read up to `position`, or null.
  virtual nlohmann::json metrics(const nlohmann::json& position) const {
    (void)position;
    return nullptr;
  }
};

/// What `read_stream()...load()` and `read()...load()` make: checked options and a schema, from which each query makes its own
/// source.
class source_provider {
 public:
  virtual ~source_provider() = default;

  /// "FileSource[json, /data/in]": for explain and progress.
  virtual std::string description() const = 0;
  /// What must be equal for a checkpoint to fit: format, path...
  virtual nlohmann::json signature() const = 0;
  virtual schema_ptr schema() const = 0;
  /// A new source over all columns. With streaming = false, discover() gives everything there is, once, as bounded splits.
  virtual std::unique_ptr<source> make(bool streaming) const = 0;
};

using source_provider_ptr = std::shared_ptr<const source_provider>;

}  // namespace flow
