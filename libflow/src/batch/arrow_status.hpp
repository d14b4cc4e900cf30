#pragma once

#include <utility>

#include <arrow/result.h>
#include <arrow/status.h>

#include "flow/error.hpp"

namespace flow {

/// Arrow's failures as flow::error. What fails in here is memory or an internal mistake, never a user's data.
inline void check(const arrow::Status& status) {
  if (!status.ok()) throw error(errc::evaluation_failed, status.ToString());
}

template <class T>
T check(arrow::Result<T> result) {
  check(result.status());
  return std::move(result).ValueUnsafe();
}

/// Makes Arrow's compute functions known; called before the first use of any.
void initialize_compute();

}  // namespace flow
