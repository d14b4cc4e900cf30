#include "actors/query_board.hpp"

namespace flow {

void query_board::set_status(query_status now) {
  const std::lock_guard lock(mutex_);
  status_ = std::move(now);
}

void query_board::add_progress(nlohmann::json progress) {
  const std::lock_guard lock(mutex_);
  progress_.push_back(std::move(progress));
  if (progress_.size() > kept_progress) progress_.pop_front();
}

void query_board::set_run_id(std::string id) {
  const std::lock_guard lock(mutex_);
  run_id_ = std::move(id);
}

void query_board::end(std::optional<error> failure) {
  {
    const std::lock_guard lock(mutex_);
    status_ = {failure ? "Terminated with exception: " + std::string(failure->what()) : "Stopped", false, false};
    failure_ = std::move(failure);
    ended_ = true;
  }
  changed_.notify_all();
}

query_status query_board::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

std::string query_board::run_id() const {
  const std::lock_guard lock(mutex_);
  return run_id_;
}

bool query_board::ended() const {
  const std::lock_guard lock(mutex_);
  return ended_;
}

nlohmann::json query_board::last_progress() const {
  const std::lock_guard lock(mutex_);
  return progress_.empty() ? nlohmann::json() : progress_.back();
}

std::vector<nlohmann::json> query_board::recent_progress() const {
  const std::lock_guard lock(mutex_);
  return {progress_.begin(), progress_.end()};
}

std::optional<error> query_board::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

void query_board::wait() const {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return ended_; });
}

bool query_board::wait(std::chrono::milliseconds at_most) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, at_most, [this] { return ended_; });
}

}  // namespace flow
