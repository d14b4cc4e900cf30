#include "flow/batch.hpp"

#include <arrow/api.h>
#include <arrow/compute/initialize.h>
#include <arrow/util/byte_size.h>

#include "batch/arrow_status.hpp"

namespace flow {

void initialize_compute() {
  static const arrow::Status done = arrow::compute::Initialize();
  check(done);
}

batch empty_batch(const schema_ptr& schema) { return check(arrow::RecordBatch::MakeEmpty(schema)); }

std::int64_t batch_bytes(const arrow::RecordBatch& rows) {
  const auto bytes = arrow::util::ReferencedBufferSize(rows);
  return bytes.ok() ? *bytes : arrow::util::TotalBufferSize(rows);
}

}  // namespace flow
