#pragma once

#include <cstdint>
#include <memory>

#include <arrow/buffer.h>

namespace flow {

/// Memory for a column, not set to anything. `slack`: bytes behind it that may be written too. Few bytes come as one small
/// piece, since for rows that come alone Arrow's pool, which aligns and counts, is a good part of what a column costs.
/// @throws error{evaluation_failed} if there is no memory.
std::shared_ptr<arrow::Buffer> allocate(std::int64_t bytes, std::int64_t slack = 0);

}  // namespace flow
