#pragma once

#include <functional>

#include "flow/batch.hpp"

namespace flow {

/// A whole column to a whole column. May be called by several threads.
using column_kernel = std::function<array(const array&)>;

}  // namespace flow
