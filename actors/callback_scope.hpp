#pragma once

#include <utility>

#include "actors/query_board.hpp"

namespace flow {

/// Marks its thread as running code that a query calls: a sink's, and through it the user's functions. What waits for the query
/// would wait for itself there.
class callback_scope {
 public:
  explicit callback_scope(const query_board* of) noexcept : outer_(std::exchange(current_, of)) {}
  ~callback_scope() { current_ = outer_; }
  callback_scope(const callback_scope&) = delete;
  callback_scope& operator=(const callback_scope&) = delete;

  /// Whether the calling thread runs code that this query calls.
  static bool within(const query_board& query) noexcept { return current_ == &query; }

 private:
  static inline thread_local const query_board* current_ = nullptr;

  const query_board* outer_;
};

}  // namespace flow
