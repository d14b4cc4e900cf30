#pragma once

#include <string>

#include "flow/expression.hpp"

namespace flow {

/// The name of a result column that is given none: generated_name(), but a column under one cast keeps its own, as in Spark.
std::string result_name(const expression& e);

}  // namespace flow
