#pragma once

#include <string>
#include <string_view>

#include "format/json_scanner.hpp"

/// JSON as it is written.
namespace flow {

/// The text in quotes, with the escapes that JSON asks for; what is no UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);

/// A value, known to be well formed, written again as Jackson's generator writes what its parser reads: no blanks, texts
/// escaped where they must be, numbers with a point by their shortest digits.
void append_json_again(std::string& out, const json_token& value, const json_syntax& syntax);

}  // namespace flow
