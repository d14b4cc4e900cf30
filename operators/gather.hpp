#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "flow/batch.hpp"

namespace flow {

/// The row number that stands for a row of nulls.
inline constexpr std::int32_t no_row = -1;

/// Operators that may make many rows of one batch (explode, join, sort) give them out in pieces of about so many.
inline constexpr std::size_t rows_per_output = 16'384;

/// The values of `from` at `rows`, in that order, repeats allowed; null where a row is `no_row`.
/// @throws error{evaluation_failed} if the result would not fit one array (2 GiB of text).
array gather_rows(const array& from, std::span<const std::int32_t> rows);

/// All columns of `from` at `rows`.
batch gather_rows(const batch& from, std::span<const std::int32_t> rows);

/// `rows` nulls of a type.
array null_column(const data_type& type, std::int64_t rows);

/// One batch of all rows of `parts`, in order. @throws as gather_rows.
batch concatenate(const schema_ptr& schema, const std::vector<batch>& parts);

}  // namespace flow
