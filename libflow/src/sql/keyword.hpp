#pragma once

#include <string_view>

namespace flow::sql {

/// Whether the word must stand in backticks to be a name everywhere.
bool is_keyword(std::string_view word);

}  // namespace flow::sql
