#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <arrow/result.h>
#include <arrow/status.h>

#include "flow/error.hpp"

namespace flow {

/// @throws error{evaluation_failed} saying what could not be done, unless Arrow is content.
inline void expect_ok(const arrow::Status& status, std::string_view what) {
  if (!status.ok()) throw error(errc::evaluation_failed, std::string(what) + ": " + status.ToString());
}

/// The value of an Arrow result. @throws as expect_ok.
template <class T>
T expect_value(arrow::Result<T> result, std::string_view what) {
  expect_ok(result.status(), what);
  return std::move(result).ValueUnsafe();
}

}  // namespace flow
