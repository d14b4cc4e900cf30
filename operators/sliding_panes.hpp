#pragma once

#include <cstdint>
#include <numeric>

#include "flow/operator_factory.hpp"

namespace flow {

/// The arithmetic of windows cut into panes. Windows begin at `start` + k * `slide` and last `size`; panes begin at the same
/// origin and last gcd(size, slide), so that a window is a whole number of panes. Microseconds throughout.
class sliding_panes {
 public:
  explicit sliding_panes(const sliding_window& window)
      : size_(window.size.microseconds),
        slide_(window.slide.microseconds),
        start_(window.start.microseconds),
        pane_(std::gcd(size_, slide_)) {}

  std::int64_t size() const { return size_; }
  std::int64_t pane() const { return pane_; }
  /// The end of the last window that holds the pane beginning at `pane_start`: with it the pane can be forgotten.
  std::int64_t last_end(std::int64_t pane_start) const { return last_window(pane_start) + size_; }

  /// Calls visit(window_start, window_end) for every window that holds the pane, the latest first.
  template <class F>
  void for_each_window(std::int64_t pane_start, F visit) const {
    for (auto from = last_window(pane_start); from + size_ > pane_start; from -= slide_) visit(from, from + size_);
  }
  /// Calls visit(pane_start, pane_end) for every pane of the window.
  template <class F>
  void for_each_pane(std::int64_t window_start, F visit) const {
    for (auto from = window_start; from < window_start + size_; from += pane_) visit(from, from + pane_);
  }

 private:
  /// The start of the last window that begins at or before `time`.
  std::int64_t last_window(std::int64_t time) const {
    const auto since = time - start_;
    const auto into = since % slide_;
    return time - (into < 0 ? into + slide_ : into);
  }

  std::int64_t size_, slide_, start_, pane_;
};

}  // namespace flow
