#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "actors/epoch_account.hpp"
#include "actors/epoch_tracker.hpp"
#include "actors/epoch_watermarks.hpp"
#include "actors/protocols.hpp"
#include "actors/query_launch.hpp"

namespace flow {

/// The coordinator of one run: spawns its actors, runs epochs, and ends them. An epoch is computed while the one before it is
/// committed and published. What is common to both
/// modes is in query_actor.cpp, micro-batch planning in micro_batch.cpp, barriers at intervals in continuous.cpp.
class query_actor : public query_handle::base {
 public:
  query_actor(caf::actor_config& config, std::shared_ptr<query_launch> launch, supervisor_handle supervisor);

  const char* name() const override { return "flow.query"; }
  void on_exit() override;

 protected:
  behavior_type make_behavior() override;

 private:
  struct reader {
    source_handle handle;
    std::size_t participant = 0;
    std::size_t source = 0;
    std::size_t load = 0;  ///< Continuous: splits not finished, as far as known.
  };
  /// A process_all_available() that waits.
  struct drain {
    enum class phase { discovering, reading, settling, committing };
    std::shared_ptr<waiting_call> call;
    phase where = phase::discovering;
    bool armed = false;       ///< A look for data has begun after the call.
    std::uint64_t token = 0;  ///< Continuous: of its drain_message.
    std::size_t awaited = 0;  ///< Continuous: readers that have not answered.
    epoch until{};            ///< Continuous: the epoch that commits it.
  };

  // Life.
  void spawn_all();
  template <class Actor, class... Arguments>
  auto spawn_child(bool own_thread, Arguments&&... arguments);
  template <class Work>
  void guard(const Work& work);
  void fail(error cause);
  void finish();
  void finish_when_through();
  void on_child_down();
  void end();
  void stop();

  // An epoch, in either mode.
  epoch_account new_account() const;
  /// Of an epoch under way.
  epoch_account& account_of(epoch n);
  epoch begin_epoch(epoch_account account);
  void on_stage_done(stage_done_message& m);
  void on_sink_done(const sink_done_message& m);
  void complete();
  void commit_next();
  epoch_marks marks_after(epoch_account& account);
  void on_committed(epoch n);
  void on_published(epoch n);
  void on_settled(epoch n);
  void report_progress(epoch n);

  // Micro-batch.
  void look_for_data();
  void on_discovered_batch(const discovered_message& m);
  bool no_data_epoch_due() const;
  void plan_epoch(const discovered_message& m);
  void run_interrupted();
  void run_epoch();
  void on_planned(epoch n);
  void nothing_new();
  void wait_for_servers();
  void wait_for_data();
  void after_epoch();

  // Continuous.
  void discover_more();
  void on_discovered_splits(const discovered_message& m);
  void on_active();
  void inject();
  void inject_soon();
  void on_positions(const positions_message& m);
  void on_quiet(const quiet_message& m);
  void ask_readers(drain& which, drain::phase what);
  void all_quiet(drain& which);
  void after_barrier();
  bool may_inject() const;

  void on_drain_request(const drain_request_message& m);
  void release_drains(const std::function<bool(const drain&)>& which);
  void release_settled();
  std::chrono::microseconds poll_interval() const;  ///< 0: no source needs it.
  void tick_after(std::chrono::microseconds delay);
  void look_again_soon();
  bool one_shot() const;

  std::shared_ptr<query_launch> launch_;
  supervisor_handle supervisor_;
  std::vector<reader> readers_;
  std::vector<operator_handle> operators_;
  sink_handle sink_;
  publisher_handle publisher_;  ///< Null for a sink that commits itself.
  planner_handle planner_;
  checkpoint_handle checkpoint_;
  std::vector<caf::strong_actor_ptr> children_;
  std::size_t alive_ = 0;

  epoch_tracker tracker_;
  epoch_watermarks marks_;
  watermark_tracker merged_;               ///< Continuous: what the instances report, per participant.
  std::deque<epoch_account> under_way_;    ///< Of the epochs after tracker_.last().
  epoch_account next_;                     ///< Micro-batch: of the epoch that the look for data may lead to.
  epoch settled_epoch_;                    ///< The newest that the sources know is published.
  watermark last_passed_;                  ///< The watermark of the newest complete epoch.
  std::vector<nlohmann::json> positions_;  ///< As of the last published epoch.
  std::optional<timestamp> previous_start_;

  bool discovering_ = false;
  bool again_ = false;        ///< Something became discoverable meanwhile, or it was time to look.
  bool active_ = false;       ///< Continuous: rows since the last barrier.
  bool barrier_due_ = false;  ///< Continuous: another barrier as soon as one may begin.
  bool barrier_timer_ = false;
  bool settle_ = false;   ///< Continuous: the next barrier says that all there was has been read.
  bool settled_ = false;  ///< Continuous: the last one did, and no rows have come since.
  bool stopping_ = false;
  bool finishing_ = false;  ///< To end as soon as the sources know of the last epoch.
  bool ending_ = false;
  bool orphaned_ = false;         ///< An actor ended without saying why.
  std::uint64_t generation_ = 0;  ///< Of the pending tick.
  std::uint64_t tokens_ = 0;
  std::uint64_t seen_ = 0;  ///< Continuous: last discover answer handed to readers.
  epoch stopped_at_{};      ///< Continuous: the barrier after which nothing is read.
  std::chrono::steady_clock::time_point last_barrier_;
  timestamp first_look_{};
  std::vector<drain> drains_;
  std::optional<error> failure_;
};

}  // namespace flow
