#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "flow/options.hpp"
#include "format/time_pattern.hpp"

namespace flow {

/// Dates and times in text columns: by dateFormat, timestampFormat and timestampNTZFormat where set, else as CAST reads them.
class time_reader {
 public:
  /// @throws error{invalid_option} for a pattern with letters that cannot be read.
  static time_reader make(const options& settings);

  std::optional<std::int32_t> date(std::string_view text) const;
  /// `zoned` false: TIMESTAMP_NTZ.
  std::optional<std::int64_t> timestamp(std::string_view text, bool zoned) const;
  /// Whether text looks like a date (a time) to schema inference.
  bool is_date(std::string_view text) const;
  bool is_timestamp(std::string_view text) const;
  bool has_timestamp_pattern() const { return timestamp_.has_value(); }

 private:
  std::optional<time_pattern> date_, timestamp_, local_;
};

}  // namespace flow
