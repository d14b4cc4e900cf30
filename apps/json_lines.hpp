#pragma once

#include <iosfwd>
#include <string>

#include <flow/flow.hpp>

namespace apps {

/// Writes the rows of a bounded dataset as JSON lines.
void write_json_lines(std::ostream& out, const flow::dataset& rows);
/// The same to the file `path`, so that a reader sees the old content or the new, never a part: a temporary file beside it,
/// fsync, rename. @throws flow::error{unwritable_output}.
void replace_with_json_lines(const std::string& path, const flow::dataset& rows);

}  // namespace apps
