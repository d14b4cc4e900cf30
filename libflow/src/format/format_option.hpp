#pragma once

#include <string>
#include <string_view>

#include "flow/options.hpp"

namespace flow {

/// What a text format does with a row it cannot decode.
enum class malformed_mode {
  permissive,  ///< Nulls, and the row's text in the corrupt-record column if there is one.
  drop,
  fail,
};

malformed_mode read_malformed_mode(const options& settings);
/// Says that the corrupt-record column cannot be read without another: only what is decoded can turn out to be broken.
[[noreturn]] void refuse_corrupt_column_alone(std::string_view format, std::string_view column);
/// Checks `encoding` (or `charset`): formats read UTF-8.
void check_encoding(const options& settings);
/// Spark's escapes in an option of separators: "\t", "\u0001", "\\".
std::string unescaped(std::string_view key, std::string_view text);
/// `lineSep`; "" when it is not set.
std::string read_line_separator(const options& settings);
/// An option of one character; `fallback` if it is not set; '\0' if it is set to "".
char read_character(const options& settings, std::string_view key, char fallback);
/// An option of 0 to 1, such as samplingRatio.
double read_ratio(const options& settings, std::string_view key);

}  // namespace flow
