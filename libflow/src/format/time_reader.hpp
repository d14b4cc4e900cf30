#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "flow/options.hpp"
#include "format/time_pattern.hpp"

namespace flow {

/// Dates and times in text columns: by dateFormat, timestampFormat and timestampNTZFormat where set, else as CAST reads them;
/// with enableDateTimeParsingFallback dates and TIMESTAMPs also as CAST reads them if they do not fit the pattern.
class time_reader {
 public:
  /// @throws error{invalid_option} for a pattern with letters that cannot be read.
  /// `strict_date`: the pattern of dates where dateFormat is not set and the fallback is off; may be null.
  static time_reader make(const options& settings, const char* strict_date = nullptr);

  std::optional<std::int32_t> date(std::string_view text) const;
  /// `zoned` false: TIMESTAMP_NTZ.
  std::optional<std::int64_t> timestamp(std::string_view text, bool zoned) const;
  /// Whether text looks like a date (a time) to schema inference.
  bool is_date(std::string_view text) const;
  bool is_timestamp(std::string_view text) const;
  bool has_timestamp_pattern() const { return timestamp_.has_value(); }

 private:
  std::optional<time_pattern> date_, timestamp_, local_;
  bool falls_back_ = false;
};

}  // namespace flow
