#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "flow/options.hpp"
#include "function/date_pattern.hpp"

namespace flow {

/// How a text format writes dates and times: Spark's default forms, or the patterns of its options dateFormat, timestampFormat
/// and timestampNTZFormat.
class time_writer {
 public:
  explicit time_writer(const options& settings);

  void append_date(std::string& out, std::int32_t days) const;
  /// "2024-02-29T10:00:00.000Z".
  void append_timestamp(std::string& out, std::int64_t microseconds) const;
  /// "2024-02-29T10:00:00.000".
  void append_timestamp_ntz(std::string& out, std::int64_t microseconds) const;

 private:
  std::optional<date_pattern> date_, timestamp_, timestamp_ntz_;
};

}  // namespace flow
