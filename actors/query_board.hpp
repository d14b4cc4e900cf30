#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "flow/error.hpp"
#include "flow/streaming_query.hpp"

namespace flow {

/// What a query shows of itself to other threads: written by its coordinator, read through its handle.
class query_board {
 public:
  void set_status(query_status now);
  void add_progress(nlohmann::json progress);
  /// The query begins, or begins again.
  void set_run_id(std::string id);
  /// The query is over and has let go of everything. Wakes all waiters.
  void end(std::optional<error> failure);

  query_status status() const;
  std::string run_id() const;
  bool ended() const;
  nlohmann::json last_progress() const;
  std::vector<nlohmann::json> recent_progress() const;
  std::optional<error> failure() const;
  void wait() const;
  bool wait(std::chrono::milliseconds at_most) const;

 private:
  static constexpr std::size_t kept_progress = 100;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  query_status status_{"Initializing", false, false};
  std::string run_id_;
  std::deque<nlohmann::json> progress_;
  std::optional<error> failure_;
  bool ended_ = false;
};

}  // namespace flow
