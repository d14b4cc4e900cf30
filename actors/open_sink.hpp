#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include "actors/callback_scope.hpp"
#include "flow/sink.hpp"

namespace flow {

/// A sink that two actors use: one writes and prepares, the other commits. Sees to it that close() comes last and alone.
class open_sink {
 public:
  /// `check_owner` throws if another process has taken the query over: then nothing more may be shown. `board` is the query's.
  open_sink(std::shared_ptr<sink> open, std::function<void()> check_owner, std::shared_ptr<const query_board> board)
      : sink_(std::move(open)), check_owner_(std::move(check_owner)), board_(std::move(board)) {}

  /// Whether an epoch may be written while the one before it is committed.
  bool overlaps() const { return sink_->overlaps(); }
  /// For the thread that writes: rows of epoch `n`.
  void write(epoch n, const batch& rows) const {
    const callback_scope scope(board_.get());
    sink_->write(n, rows);
  }
  /// For the thread that writes: the epoch's rows are complete.
  nlohmann::json prepare(epoch n) const {
    const callback_scope scope(board_.get());
    check_owner_();
    return sink_->prepare(n);
  }
  /// From any thread, one epoch after the other. False if the sink has been closed.
  bool commit(epoch n, const nlohmann::json& prepared) {
    const std::lock_guard lock(mutex_);
    if (closed_) return false;
    const callback_scope scope(board_.get());
    check_owner_();
    sink_->commit(n, prepared);
    return true;
  }
  /// Waits for a commit under way. Once.
  void close() {
    const std::lock_guard lock(mutex_);
    if (std::exchange(closed_, true)) return;
    const callback_scope scope(board_.get());
    sink_->close();
  }

 private:
  std::shared_ptr<sink> sink_;
  std::function<void()> check_owner_;
  std::shared_ptr<const query_board> board_;
  std::mutex mutex_;
  bool closed_ = false;
};

}  // namespace flow
