#pragma once

#include <memory>

#include <arrow/type_fwd.h>
#include <nlohmann/json_fwd.hpp>

#include "flow/types.hpp"

namespace flow {

/// Rows in columns: an Arrow record batch, immutable and shared. Between the actors of a process it is never copied.
/// A batch may have no columns and still have rows (`select()` of nothing, `count(*)`).
using batch = std::shared_ptr<arrow::RecordBatch>;

/// One column of values.
using array = std::shared_ptr<arrow::Array>;

/// A batch of `schema` without rows.
batch empty_batch(const schema_ptr& schema);

/// The batch with libflow's types (types.hpp): large_utf8, dictionaries, other time units etc. are converted.
/// No copy where the types already fit. @throws error{type_mismatch} for types that have no counterpart.
batch from_arrow(const batch& foreign);

/// A batch of literal rows for tests and examples: `rows` is a JSON array of arrays in the schema's order, values
/// written as the conformance corpus does (decimal as string, timestamp as "YYYY-MM-DD HH:MM:SS", struct and list as
/// array, map as array of pairs, binary as hex). @throws error{invalid_argument} naming row and column.
batch batch_from_json(const schema_ptr& schema, const nlohmann::json& rows);
/// The rows of a batch in the same notation.
nlohmann::json batch_to_json(const arrow::RecordBatch& rows);

/// Bytes held by the batch's buffers, shared buffers counted by the slice in use.
std::int64_t batch_bytes(const arrow::RecordBatch& rows);

}  // namespace flow
