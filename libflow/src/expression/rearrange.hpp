#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "flow/batch.hpp"

namespace flow {

/// values[rows[0]], values[rows[1]], ...; a negative row gives null. Works for every type.
array gather(const array& values, std::span<const std::int64_t> rows);
/// The same without negative rows, for the rows of a selection.
array gather(const array& values, std::span<const std::int32_t> rows);

}  // namespace flow
