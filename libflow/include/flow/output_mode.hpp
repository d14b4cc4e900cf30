#pragma once

#include <string_view>

namespace flow {

/// What of the result table reaches the sink. Source: Spark Structured Streaming, "Output Modes".
enum class output_mode {
  append,    ///< Rows that will not change any more.
  update,    ///< Rows changed since the last epoch.
  complete,  ///< The whole result, every epoch.
};

/// "append", "update", "complete".
std::string_view to_string(output_mode mode) noexcept;
/// @throws error{invalid_argument}.
output_mode parse_output_mode(std::string_view text);

}  // namespace flow
