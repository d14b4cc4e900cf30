#pragma once

#include <cstddef>
#include <cstdint>

namespace flow {

/// The sender's side of one edge: how many batches the receiver will still take. Source: credit-based flow control, as in
/// Flink.
class credit_window {
 public:
  explicit credit_window(std::uint32_t granted) : available_(granted) {}

  bool open() const noexcept { return available_ > 0; }
  std::uint32_t available() const noexcept { return available_; }
  /// One batch leaves. @throws error{illegal_state} without credit.
  void spend();
  /// The receiver has room for `batches` more.
  void grant(std::uint32_t batches) noexcept { available_ += batches; }

 private:
  std::uint32_t available_;
};

/// The receiver's side of one edge: collects the room that becomes free and hands it back in halves of the window, so that a
/// batch does not cost two messages.
class credit_return {
 public:
  explicit credit_return(std::uint32_t window) : step_(window < 4 ? 1 : window / 2) {}

  /// One batch has been taken off the queue. What to grant the sender now; maybe 0.
  std::uint32_t taken() noexcept;

 private:
  std::uint32_t step_;
  std::uint32_t owed_ = 0;
};

/// The window of each of `edges` edges such that all of them together hold at most `limit_bytes`, counting a batch as 1 MiB;
/// at least 2 (one under way, one being worked on), at most 16.
std::uint32_t credit_window_size(std::size_t limit_bytes, std::size_t edges) noexcept;

}  // namespace flow
