#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "checkpoint/lmdb_environment.hpp"
#include "flow/checkpoint.hpp"
#include "state/merge_cursor.hpp"
#include "state/run.hpp"

namespace flow {

/// Where the checkpoint's thread leaves news for an operator's state: the newest committed runs.
class state_mailbox {
 public:
  explicit state_mailbox(std::shared_ptr<lmdb_environment> environment) : reader_(std::move(environment)) {}

  /// From the checkpoint's thread, after epoch `number` is durable. Lets go of the reader's snapshot if it is not in use, so
  /// that an operator that reads seldom does not keep old pages from being used again.
  void publish(epoch number, std::shared_ptr<const run_list> runs);
  struct news {
    epoch number;
    std::shared_ptr<const run_list> runs;
  };
  std::optional<news> take();

  lmdb_reader& reader() { return reader_; }

 private:
  lmdb_reader reader_;
  std::mutex mutex_;
  std::optional<news> news_;
};

/// operator_state over segments in an LMDB environment.
class segment_state final : public operator_state {
 public:
  segment_state(std::string uid, group_range groups, state_store_kind kind, std::shared_ptr<state_mailbox> mailbox, epoch at,
                std::shared_ptr<const run_list> runs);

  void scan(std::string_view from, std::string_view to,
            const std::function<bool(std::string_view key, std::string_view value)>& visit) const override;
  bool get(std::uint64_t hash, std::string_view key, std::string& value) const override;
  std::uint64_t approximate_size() const override;
  void add(epoch number, std::shared_ptr<const state_delta> delta) override;
  std::size_t in_flight() const override { return deltas_.size(); }

 private:
  struct delta_in_flight {
    epoch number;
    std::shared_ptr<const state_delta> delta;
    std::vector<std::uint32_t> order;

    ordered_delta ordered() const { return {delta.get(), order.empty() ? nullptr : &order}; }
  };
  struct loaded_run {
    run_ptr source;
    std::vector<lane> lanes;
    std::vector<std::unique_ptr<std::string>> copies;  ///< Of segments too small to lie still in LMDB's pages.
  };
  enum class finding { nothing, erased, value };
  class use;

  /// Brings transaction, runs and deltas up to date; before each use, with the reader's lock held.
  void refresh() const;
  loaded_run load(const run_ptr& source, const lmdb_transaction& transaction) const;
  void verify(segment_slot& slot) const;
  finding look_up(loaded_run& in, key_group group, std::string_view key, std::uint64_t bloom, std::string& value) const;

  std::string uid_;
  group_range groups_;
  state_store_kind kind_;
  std::shared_ptr<state_mailbox> mailbox_;
  // Reading is const to the operator, but loads, checks and replaces what is read.
  mutable epoch committed_;
  mutable std::shared_ptr<const run_list> list_;
  mutable std::vector<loaded_run> runs_;
  mutable std::vector<delta_in_flight> deltas_;  ///< Oldest first.
  mutable bool stale_ = true;                    ///< runs_ is not what list_ says.
  mutable std::uint64_t moves_ = 0;
  mutable int depth_ = 0;
};

/// Segment `i` of a run, with its values; `fetch` gives a stored segment's bytes by id.
template <class Fetch>
segment_view view_segment(const run& from, std::size_t i, const std::string& name, const Fetch& fetch) {
  const auto keys = from.keys_of(i);
  segment_view view(fetch(keys == 0 ? from.segments[i] : keys), name);
  if (keys != 0) view.take_values(fetch(from.segments[i]), keys, name);
  return view;
}

/// What messages call a segment.
std::string segment_name(std::string_view uid, std::uint64_t id, std::uint64_t first_epoch, std::uint64_t last_epoch,
                         const std::filesystem::path& file);

}  // namespace flow
