#pragma once

#include <string>

#include "flow/logical_plan.hpp"

namespace flow::plan {

/// The tree as written, one node a line, children indented.
std::string text_of(const logical_plan& node);
/// "INNER", "LEFT OUTER", ...
std::string_view text_of(join_type how);
/// `+- ` before a child's first line, depth by depth.
std::string indented(const std::string& line, int depth);

}  // namespace flow::plan
