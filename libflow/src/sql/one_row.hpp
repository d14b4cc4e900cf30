#pragma once

#include "flow/source.hpp"

namespace flow::sql {

/// A bounded table of one row without columns: what SELECT without FROM and VALUES read.
source_provider_ptr one_row_table();

}  // namespace flow::sql
