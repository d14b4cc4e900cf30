#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "flow/sink.hpp"
#include "tests/actors/shelf_source.hpp"

namespace flow::test {

/// What a transactional sink shows: rows by epoch, visible from commit on. Outlives the queries that fill it.
class tray {
 public:
  /// Rows of committed epochs, in order of epochs.
  std::vector<event> rows() const;
  std::map<std::uint64_t, std::vector<event>> epochs() const;
  /// Rows written, committed or not.
  std::size_t written() const;
  void wait_for_written(std::size_t rows) const;
  int closed() const;

  /// Called in write(); may block or throw.
  std::function<void()> at_write;
  /// Steps that throw: "open", "recover", "write", "prepare", "commit", "close".
  std::set<std::string> fail_at;
  /// The step at which it says so many times that the query must start again.
  std::string restart_at;
  std::atomic<int> restarts{0};
  bool blocking = false;
  bool overlaps = false;
  /// Called in commit() with the epoch and its rows, before anything becomes visible; may block.
  std::function<void(std::uint64_t, std::size_t)> at_commit;
  /// Called in prepare() with the epoch's rows.
  std::function<void(std::size_t)> at_prepare;
  /// recover() says that this many of the newest epochs never became visible.
  std::uint64_t forgotten = 0;

 private:
  friend class tray_sink;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::map<std::uint64_t, std::vector<event>> open_, prepared_, visible_;
  std::size_t written_ = 0;
  int closed_ = 0;
};

sink_provider_ptr tray_provider(std::shared_ptr<tray> into);

}  // namespace flow::test
