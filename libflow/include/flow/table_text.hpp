#pragma once

#include <string>
#include <vector>

#include "flow/batch.hpp"
#include "flow/types.hpp"

namespace flow {

/// Rows as the table that Spark's show() prints, its last newline included:
///
///     +----+-----+
///     |word|count|
///     +----+-----+
///     |flow|    2|
///     +----+-----+
///
/// Cells longer than `truncate_width` characters are cut ("abc...") and right-aligned; with 0 nothing is cut and cells are
/// left-aligned. Behind `max_rows` rows stands "only showing top N rows" if there are more. East Asian wide characters count
/// twice.
std::string table_text(const arrow::Schema& schema, const std::vector<batch>& rows, int max_rows, int truncate_width);

}  // namespace flow
