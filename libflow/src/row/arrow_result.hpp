#pragma once

#include <string>
#include <utility>

#include <arrow/result.h>
#include <arrow/status.h>

#include "flow/error.hpp"

/// Arrow's results as values or flow::error.
namespace flow::arrow_result {

inline void check(const arrow::Status& status) {
  if (!status.ok()) throw error(errc::evaluation_failed, "Arrow refused: " + status.ToString());
}

template <class T>
T value(arrow::Result<T> result) {
  check(result.status());
  return std::move(result).ValueUnsafe();
}

}  // namespace flow::arrow_result
