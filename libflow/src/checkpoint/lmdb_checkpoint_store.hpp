#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "checkpoint/checkpoint_lock.hpp"
#include "checkpoint/compaction.hpp"
#include "checkpoint/delta_writer.hpp"
#include "checkpoint/lmdb_environment.hpp"
#include "checkpoint/record_codec.hpp"
#include "flow/checkpoint.hpp"
#include "state/operator_state.hpp"

namespace flow {

/// Removes a temporary checkpoint's directory, after everything in it is closed.
struct directory_remover {
  std::filesystem::path dir;

  explicit directory_remover(std::filesystem::path d) : dir(std::move(d)) {}
  directory_remover(const directory_remover&) = delete;
  directory_remover& operator=(const directory_remover&) = delete;
  ~directory_remover() {
    std::error_code ignored;
    if (!dir.empty()) std::filesystem::remove_all(dir, ignored);
  }
};

/// checkpoint_store (flow/checkpoint.hpp) in an LMDB environment: epochs' records, and operators' state as runs of segments
/// that records refer to. Opening and small records are in lmdb_checkpoint_store.cpp, epochs in epoch_commits.cpp, merges of
/// runs in state_merges.cpp. Thread-safe.
class lmdb_checkpoint_store final : public checkpoint_store {
 public:
  lmdb_checkpoint_store(const std::filesystem::path& dir, checkpoint_settings settings);

  std::string query_id() const override { return query_id_; }
  std::uint64_t fencing_epoch() const override { return fencing_epoch_; }
  void check_owner() const override;
  nlohmann::json plan_signature() const override;
  void set_plan_signature(const nlohmann::json& signature) override;
  nlohmann::json first_positions() const override;
  void set_first_positions(const nlohmann::json& positions) override;
  std::optional<epoch_record> newest() const override;
  std::optional<epoch_record> find(epoch number) const override;
  std::vector<epoch> epochs() const override;
  void put_plan(epoch number, const nlohmann::json& plan) override;
  std::optional<nlohmann::json> plan(epoch number) const override;
  void commit(const epoch_record& record, const std::vector<instance_delta>& deltas) override;
  void sink_committed(epoch number) override;
  std::optional<epoch> last_sink_committed() const override;
  void roll_back_to(epoch number, bool keep_next_plan) override;
  std::unique_ptr<operator_state> open_state(const std::string& uid, std::uint32_t instance, std::uint32_t parallelism,
                                             epoch at, state_store_kind kind) override;
  bool compact(std::size_t budget) override;
  checkpoint_statistics statistics() const override;
  nlohmann::json describe() const override;
  nlohmann::json verify() const override;
  void copy_to(const std::filesystem::path& to) const override;

 private:
  /// A retained epoch; without lists if its record is damaged.
  struct retained_epoch {
    std::optional<state_lists> state;
    std::string damage;
  };
  struct unsaved_segment {
    std::uint64_t id;
    std::string bytes;
  };
  struct watcher {
    std::string uid;
    std::weak_ptr<state_mailbox> mailbox;
  };

  /// Segments cleared away in one transaction: bounds what a commit does besides its own work.
  static constexpr std::size_t cleared_at_once = 64;

  template <class Body>
  auto read(Body body) const {
    const std::scoped_lock guard(reader_);
    struct ending {
      lmdb_reader& reader;
      ~ending() { reader.end(); }
    } const end{reader_};
    return body(reader_.transaction());
  }
  void write(std::string_view operation, std::size_t bytes, const std::function<void(const lmdb_transaction&)>& body);
  void write_as_owner(std::string_view operation, std::size_t bytes, const std::function<void(const lmdb_transaction&)>& body);

  std::shared_ptr<lmdb_environment> open_environment();
  void refuse_lost_state() const;
  void take_ownership();
  void check_small_records(const lmdb_transaction& t) const;
  void write_metadata() const;
  void load_epochs();
  void clear_orphans();
  std::string epoch_name(epoch number) const;
  void refuse_damaged(epoch number) const;
  epoch newest_number() const { return retained_.empty() ? epoch{} : epoch{retained_.rbegin()->first}; }

  state_lists add_runs(const lmdb_transaction& t, const epoch_record& record, const std::vector<instance_delta>& deltas,
                       std::uint64_t& next_id, key_registry& known) const;
  std::vector<std::uint64_t> epochs_to_drop(std::uint64_t newest) const;
  void erase_plans(const lmdb_transaction& t, const std::function<bool(std::uint64_t)>& which) const;
  void collect_garbage(const std::vector<std::uint64_t>& dropped);
  void discard_unreferenced(const std::vector<run_ptr>& candidates);
  void discard_keys(const std::vector<std::uint64_t>& candidates, const std::unordered_set<const run*>& referenced);
  void abandon_merges();
  std::unordered_set<const run*> referenced_runs() const;
  void publish(epoch number);

  bool start_merge();
  void step_merge(std::size_t& budget);
  void store_merged(compaction_job& job);
  void finish_merge();
  bool is_busy(const std::string& uid, const run_ptr& r) const;
  std::uint64_t unsaved_bytes() const;

  mutable std::mutex mutex_;
  std::filesystem::path dir_;
  checkpoint_settings settings_;
  directory_remover remover_;
  checkpoint_lock lock_;
  std::shared_ptr<lmdb_environment> environment_;
  mutable lmdb_reader reader_;

  std::string query_id_;
  std::uint64_t fencing_epoch_ = 0;
  std::map<std::uint64_t, retained_epoch> retained_;
  state_lists current_;  ///< Of the newest epoch, with merges that the next commit will record.
  std::uint64_t next_segment_ = 1;
  key_registry known_keys_;
  std::deque<std::uint64_t> garbage_;  ///< Segments no epoch refers to.
  std::vector<unsaved_segment>
      unsaved_;  ///< Small merges' segments, saved by the next commit instead of a transaction of their own.
  std::vector<compaction_job> jobs_;  ///< Largest first; the last one is worked on.
  std::optional<epoch> sink_committed_;
  bool sink_record_due_ = false;
  std::vector<watcher> watchers_;
  checkpoint_statistics counters_;
};

}  // namespace flow
