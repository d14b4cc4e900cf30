#pragma once

#include "plan/resolved_plan.hpp"

namespace flow::plan {

/// Applies the rules until none changes anything: the same rows and watermarks, for less work.
resolved_ptr optimize(const resolved_ptr& root);

}  // namespace flow::plan
