#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "plan/resolved_plan.hpp"

namespace flow::plan {

/// What the state of an aggregation or deduplication is about, for a restart to compare: {"keys": [...], "aggregates": [...]}.
/// Each is told twice: "as" in terms of the columns it is given, and "of" in terms of where these come from, so that neither a
/// renamed column nor another projection below makes it look like something else.
nlohmann::json state_meaning(const resolved_plan& node);

/// What a node's column is in terms of where it comes from.
std::string column_origin(int id, const resolved_plan& node);

}  // namespace flow::plan
