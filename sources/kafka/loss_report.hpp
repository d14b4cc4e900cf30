#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "flow/error.hpp"

namespace flow {

/// What failOnDataLoss says about records that can no longer be read: the query's end, or a line in its progress.
class loss_report {
 public:
  explicit loss_report(bool fail) : fail_(fail) {}

  /// @throws error{unreadable_input} if the query is to fail.
  void add(const std::string& what) {
    if (fail_) {
      throw error(
          errc::unreadable_input,
          what +
              "; some records may have been missed. They are no longer in Kafka: they expired, or the topic was deleted "
              "before they were read. Set the option \"failOnDataLoss\" to false to report such losses and go on");
    }
    const std::lock_guard lock(mutex_);
    ++count_;
    last_ = what;
  }
  std::int64_t count() const {
    const std::lock_guard lock(mutex_);
    return count_;
  }
  std::string last() const {
    const std::lock_guard lock(mutex_);
    return last_;
  }

 private:
  const bool fail_;
  mutable std::mutex mutex_;
  std::int64_t count_ = 0;
  std::string last_;
};

}  // namespace flow
