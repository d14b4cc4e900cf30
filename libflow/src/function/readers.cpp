#include "function/readers.hpp"

#include "batch/arrow_status.hpp"

namespace flow {

null_reader::null_reader(const arrow::Datum& datum) {
  if (datum.is_scalar()) {
    all_ = !datum.scalar()->is_valid;
    return;
  }
  const auto& data = *datum.array();
  if (data.type->id() == arrow::Type::NA) {
    all_ = true;
  } else if (data.buffers[0] && data.GetNullCount() != 0) {
    bits_ = data.buffers[0]->data();
    offset_ = data.offset;
  }
}

std::shared_ptr<arrow::Array> as_array(const arrow::Datum& datum, std::int64_t rows) {
  if (datum.is_array()) return datum.make_array();
  return check(arrow::MakeArrayFromScalar(*datum.scalar(), rows));
}

std::optional<std::string> constant_text(const arrow::Datum& datum) {
  if (!datum.is_scalar() || !datum.scalar()->is_valid) return std::nullopt;
  return std::string(reader<std::string_view>(datum)[0]);
}

}  // namespace flow
