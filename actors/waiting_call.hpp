#pragma once

#include <atomic>
#include <future>

namespace flow {

/// A call on a query's handle that waits. Several actors may know of it, since runs of the query come and go: the first that
/// has the answer gives it.
class waiting_call {
 public:
  void fulfil() {
    if (!fulfilled_.exchange(true)) promise_.set_value();
  }
  bool fulfilled() const noexcept { return fulfilled_; }
  /// Once.
  std::future<void> answer() { return promise_.get_future(); }

 private:
  std::atomic<bool> fulfilled_{false};
  std::promise<void> promise_;
};

}  // namespace flow
