#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "flow/epoch.hpp"
#include "flow/state.hpp"
#include "flow/time.hpp"

/// A query's durable memory: which epochs are done, where its sources stood, and what its operators held. One LMDB environment,
/// `DIR/state.lmdb`, beside a lock and a `metadata.json` for people. docs/architecture.md says what lies in it.
namespace flow {

/// Everything about one epoch that a restart needs, besides the operators' state. The JSON parts are the engine's own.
struct epoch_record {
  epoch number;
  nlohmann::json sources;     ///< Array: position of each source of the plan.
  nlohmann::json watermarks;  ///< By watermark node and stage.
  watermark late_watermark;   ///< What rows of the next epoch are compared with.
  nlohmann::json sinks;       ///< What sink::prepare() returned.
  nlohmann::json info;        ///< Anything else the engine wants back or `checkpoint show` to print.
  timestamp committed_at;     ///< Given by the caller; for people.
};

/// What one operator instance changed in an epoch.
struct instance_delta {
  std::string uid;
  std::uint32_t instance = 0;
  std::uint32_t parallelism = 1;
  /// Not changed any more. Sorted or not: an unsorted one is ordered during commit(), at the same price as state_delta::sort().
  std::shared_ptr<const state_delta> delta;
};

/// A source's log (source::take_log_changes) is kept as the state of an operator of this name and the source's number in the
/// plan. No operator may be called so.
inline constexpr std::string_view source_log_prefix = "log of source-";

struct checkpoint_settings {
  int epochs_retained = 2;               ///< Epochs that stay restorable; at least 2.
  std::size_t map_bytes = 1ull << 30;    ///< Address space at first; raised before it is full.
  std::size_t segment_bytes = 2u << 20;  ///< Greatest piece of state written at once; also a background transaction's size.
  /// Replace an owner that is alive but does not answer (frozen, cut off): it is refused from then on, before it commits or
  /// publishes anything. Costs a copy of the state.
  bool take_over = false;
  /// For a checkpoint that no one will restart from: nothing is flushed, and the directory is removed at the end.
  bool temporary = false;
  /// Test seam: called with the name of each operation that reaches the disk ("commit", "grow", "open"); a value other than 0
  /// is taken as the errno it failed with.
  std::function<int(std::string_view operation)> fault;
};

/// Counters for progress reports.
struct checkpoint_statistics {
  std::uint64_t segments = 0;       ///< Referenced by the newest epoch.
  std::uint64_t runs = 0;           ///< Sorted runs of all operators: what a read may have to look at.
  std::uint64_t state_entries = 0;  ///< In those segments, tombstones and overwritten values included.
  std::uint64_t state_bytes = 0;    ///< Of those segments.
  std::uint64_t file_bytes = 0;     ///< Of the environment, free pages included.
  std::uint64_t free_bytes = 0;     ///< Of these, waiting to be used again.
  std::uint64_t map_bytes = 0;
  std::uint64_t commits = 0;        ///< Since open.
  std::uint64_t compactions = 0;    ///< Finished since open.
  std::uint64_t bytes_written = 0;  ///< Segments written since open, by commits and compactions.
};

/// One operator instance's state: what was restored, plus what it handed over since. For the operator's thread, while the store
/// is used from another. Outlives the store safely.
class operator_state : public state_view {
 public:
  using state_view::scan;
  /// Makes the delta of `number` visible, before it is durable; once the store has committed that epoch the delta is let go.
  /// Only needed where the operator reads its view after restore() (state_store_kind::lmdb). Sort it before: an unsorted delta
  /// is ordered here, on the caller's thread.
  virtual void add(epoch number, std::shared_ptr<const state_delta> delta) = 0;
  /// Deltas added and not yet durable.
  virtual std::size_t in_flight() const = 0;
};

/// The checkpoint of one query, owned by this process from open to destruction. Thread-safe; calls wait for each other.
///
/// Every failure is error{storage_failed} or error{checkpoint_corrupt} that names the operation, the file and the cause; what
/// was committed before stays readable.
class checkpoint_store {
 public:
  /// Opens or makes the checkpoint in `dir`, becomes its only owner, and clears away what a crash left.
  /// @throws error{checkpoint_locked} naming the owner's pid, unless settings.take_over; error{storage_failed};
  /// error{checkpoint_corrupt}.
  static std::unique_ptr<checkpoint_store> open(const std::filesystem::path& dir, checkpoint_settings settings = {});
  virtual ~checkpoint_store() = default;

  /// Made at the first start and the same ever after.
  virtual std::string query_id() const = 0;
  /// Raised by each owner, so that what it leaves outside the checkpoint can be told from what others leave.
  virtual std::uint64_t fencing_epoch() const = 0;
  /// To be called before anything is shown to the outside. Every write does by itself.
  /// @throws error{checkpoint_taken_over} if another owner has replaced this one.
  virtual void check_owner() const = 0;
  /// What set_plan_signature() stored; null at the first start.
  virtual nlohmann::json plan_signature() const = 0;
  virtual void set_plan_signature(const nlohmann::json& signature) = 0;
  /// What set_first_positions() stored: where the sources began, for a query that has no epoch yet. Null if nothing was.
  virtual nlohmann::json first_positions() const = 0;
  virtual void set_first_positions(const nlohmann::json& positions) = 0;

  /// The newest committed epoch. @throws error{checkpoint_corrupt} if its record is damaged: an older epoch is used only by
  /// roll_back_to(), so that nobody loses or repeats output unasked.
  virtual std::optional<epoch_record> newest() const = 0;
  virtual std::optional<epoch_record> find(epoch number) const = 0;
  /// Retained epochs, ascending; damaged ones too.
  virtual std::vector<epoch> epochs() const = 0;

  /// Makes the plan of an epoch durable before it runs. Replaces a plan of the same epoch.
  virtual void put_plan(epoch number, const nlohmann::json& plan) = 0;
  virtual std::optional<nlohmann::json> plan(epoch number) const = 0;

  /// Makes an epoch durable, whole or not at all: its state, its record, the end of its plan. Epochs must ascend.
  /// Each instance hands over its delta; instances without changes may be left out.
  virtual void commit(const epoch_record& record, const std::vector<instance_delta>& deltas) = 0;
  /// The sink has made `number` visible: older epochs need not be kept for it. Durable with the next write.
  virtual void sink_committed(epoch number) = 0;
  /// What sink_committed() last said; nothing if never.
  virtual std::optional<epoch> last_sink_committed() const = 0;
  /// Forgets everything after `number` (0: everything), plans included, except the plan of `number` + 1 if `keep_next_plan`.
  /// Open states must have been destroyed.
  /// @throws error{checkpoint_mismatch} if `number` is not retained.
  virtual void roll_back_to(epoch number, bool keep_next_plan = false) = 0;

  /// The state of an operator instance as of epoch `at` (0: empty), restorable at any parallelism.
  virtual std::unique_ptr<operator_state> open_state(const std::string& uid, std::uint32_t instance, std::uint32_t parallelism,
                                                     epoch at, state_store_kind kind = state_store_kind::memory) = 0;

  /// Does about `budget` bytes of merging, or returns false if there is nothing to merge or clear away. For the time between
  /// commits; 1 MiB takes a few milliseconds. The result takes effect with the next commit.
  virtual bool compact(std::size_t budget = 1u << 20) = 0;

  virtual checkpoint_statistics statistics() const = 0;

  /// As describe_checkpoint, verify_checkpoint and copy_checkpoint, from within the owner.
  virtual nlohmann::json describe() const = 0;
  virtual nlohmann::json verify() const = 0;
  virtual void copy_to(const std::filesystem::path& to) const = 0;
};

/// Everything in a checkpoint as JSON: records, plans, state per operator. Reads beside a running owner without its lock.
/// @throws error{unreadable_input} if there is no checkpoint in `dir`.
nlohmann::json describe_checkpoint(const std::filesystem::path& dir);
/// Reads and checks every record and every byte of state: {"ok": true, "problems": []}.
nlohmann::json verify_checkpoint(const std::filesystem::path& dir);
/// A consistent copy (savepoint), also while the query runs. `to` must not hold a checkpoint.
void copy_checkpoint(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace flow
