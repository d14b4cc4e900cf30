#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>

#include "flow/batch.hpp"
#include "flow/time.hpp"

namespace flow {

/// The event times of a column, read in place: a TIMESTAMP itself, or the `end` of a window struct.
class event_times {
 public:
  explicit event_times(const array& column);

  bool is_null(std::int64_t row) const;
  /// Microseconds; undefined where null.
  std::int64_t operator[](std::int64_t row) const { return values_[row]; }
  std::int64_t size() const;
  /// The greatest, nulls aside; unset if there is none.
  watermark greatest() const;

 private:
  array column_;  ///< Nulls count here...
  array times_;   ///< ... and here: the same array, or the struct's `end`.
  const std::int64_t* values_ = nullptr;
  bool nulls_ = false;
};

}  // namespace flow
