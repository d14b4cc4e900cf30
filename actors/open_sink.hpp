#pragma once

#include <memory>
#include <mutex>

#include "flow/sink.hpp"

namespace flow {

/// A sink that two actors use: one writes and prepares, the other commits. Sees to it that close() comes last and alone.
class open_sink {
 public:
  explicit open_sink(std::shared_ptr<sink> open) : sink_(std::move(open)) {}

  /// For the thread that writes.
  sink& writer() const { return *sink_; }
  /// From any thread, one epoch after the other. False if the sink has been closed.
  bool commit(epoch n, const nlohmann::json& prepared) {
    const std::lock_guard lock(mutex_);
    if (closed_) return false;
    sink_->commit(n, prepared);
    return true;
  }
  /// Waits for a commit under way. Once.
  void close() {
    const std::lock_guard lock(mutex_);
    if (std::exchange(closed_, true)) return;
    sink_->close();
  }

 private:
  std::shared_ptr<sink> sink_;
  std::mutex mutex_;
  bool closed_ = false;
};

}  // namespace flow
