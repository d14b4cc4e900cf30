#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "actors/stage_peers.hpp"
#include "flow/source.hpp"

namespace flow {

/// One reader instance of a source with the operators fused to it, and the instances that share its actor. Reads only while all
/// it has made is sent.
class source_actor : public source_handle::base {
 public:
  source_actor(caf::actor_config& config, line_parts parts, stage_peers peers, std::shared_ptr<const source> input,
               duration idle_timeout);

  const char* name() const override { return "flow.source"; }
  void on_exit() override;
  /// What else the coordinator is to know of an epoch done.
  void complete(stage_done_message& answer) const;

 protected:
  behavior_type make_behavior() override;

 private:
  struct reading {
    source_split what;
    std::uint64_t ticket = 0;
    std::unique_ptr<split_reader> reader;  ///< Null until the first read.
    bool idle = false;
  };

  void add(const std::vector<source_split>& splits);
  void schedule();
  void step();
  /// Position in splits_ of the next split to read: the first bounded one and all unbounded ones take turns.
  std::optional<std::size_t> next_split();
  /// How many rows came.
  std::int64_t read(std::size_t at);
  void open(reading& from);
  void went_idle(reading& from, std::chrono::steady_clock::time_point began);
  void took(const batch& rows);
  void nothing_to_read();
  void answer_drains();
  void finish(const barrier& mark);
  void make_available(std::uint64_t ticket);
  void check_idle();
  void stop_holding_back();
  bool has_unread_splits() const;
  void arm_idle_check(std::chrono::microseconds after);

  stage_peers peers_;
  std::optional<stage_line> line_;  ///< Until the end.
  std::shared_ptr<const source> input_;
  std::deque<reading> splits_;  ///< Unbounded ones, then bounded ones, of which there may be very many, in their order.
  std::size_t next_ = 0;
  std::uint64_t tickets_ = 0;
  std::optional<barrier> owed_;  ///< Micro-batch: to be sent once every split has been read.
  struct asked_drain {
    drain_message what;
    std::chrono::steady_clock::time_point since;
  };
  std::vector<asked_drain> drains_;  ///< To be answered when all has been read.
  bool scheduled_ = false;           ///< A read_message is on its way.
  bool active_ = false;              ///< Rows since the last barrier, and the coordinator knows.
  bool stopped_ = false;
  std::chrono::microseconds idle_timeout_;
  caf::actor_clock::time_point last_rows_{};
  bool idle_check_armed_ = false;
};

}  // namespace flow
