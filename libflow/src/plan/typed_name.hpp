#pragma once

#include "plan/resolved_plan.hpp"

namespace flow::plan {

/// The expression as written, for generated_name(): where Spark's name of a part depends on types (`d + 3` is date_add(d, 3))
/// or on the columns (`count(DISTINCT *)`), that part says so. Only names are to be taken from it.
expression_ptr with_typed_names(const expression_ptr& e, const resolved_columns& columns);

}  // namespace flow::plan
