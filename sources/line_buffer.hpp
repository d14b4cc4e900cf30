#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "flow/time.hpp"

namespace flow {

/// Lines received and not yet forgotten, numbered from a first one on. Bounded: the receiving thread waits while it is full.
/// Thread-safe.
class line_buffer {
 public:
  struct line {
    std::string text;
    timestamp received;
  };

  line_buffer(std::int64_t first, std::size_t capacity_bytes) : first_(first), capacity_(capacity_bytes) {}

  /// Cuts bytes into lines; what follows the last line break waits for more. False when stopped.
  bool receive(std::string_view bytes, timestamp now, std::stop_token stop);
  /// No more will come; `why` is "" for a regular end.
  void close(const std::string& why);

  /// One behind the newest line.
  std::int64_t end() const;
  /// Lines [from, to), as far as they are there, at most `count`; waits up to `patience` for the first.
  std::vector<line> take(std::int64_t from, std::int64_t to, std::size_t count, std::chrono::milliseconds patience) const;
  /// Numbers lines from `first` on, if it is higher. Before any has been taken.
  void renumber(std::int64_t first);
  /// Lines before `index` are not needed any more.
  void forget(std::int64_t index);
  bool closed() const;
  std::string failure() const;
  void on_lines(std::function<void()> callback);

 private:
  void add(std::string text, timestamp now);

  mutable std::mutex guard_;
  mutable std::condition_variable_any arrived_;
  std::condition_variable_any freed_;
  std::deque<line> lines_;
  std::int64_t first_;
  std::size_t capacity_;
  std::size_t bytes_ = 0;
  std::string partial_;
  bool closed_ = false;
  std::string failure_;
  std::function<void()> callback_;
};

}  // namespace flow
