#include "function/row_kernels.hpp"

#include <arrow/util/bitmap_ops.h>

namespace flow {

std::shared_ptr<arrow::Array> all_null(const data_type& type, std::int64_t rows) {
  return check(arrow::MakeArrayOfNull(type, rows));
}

row_validity combine_validity(std::span<const arrow::Datum> arguments, std::int64_t rows) {
  row_validity out;
  for (const auto& argument : arguments) {
    if (argument.is_scalar()) {
      if (!argument.scalar()->is_valid) out.all_null = true;
      continue;
    }
    const auto& data = *argument.array();
    if (data.type->id() == arrow::Type::NA) out.all_null = true;
    if (out.all_null || !data.buffers[0] || data.GetNullCount() == 0) continue;
    const auto* bits = data.buffers[0]->data();
    auto* pool = arrow::default_memory_pool();
    if (out.bits) {
      out.bits = check(arrow::internal::BitmapAnd(pool, out.bits->data(), 0, bits, data.offset, rows, 0));
      out.null_count = arrow::kUnknownNullCount;
    } else {
      out.bits = data.offset == 0 ? data.buffers[0] : check(arrow::internal::CopyBitmap(pool, bits, data.offset, rows));
      out.null_count = data.GetNullCount();
    }
  }
  return out;
}

std::shared_ptr<arrow::ArrayData> fixed_data(const data_type& type, std::int64_t rows, std::shared_ptr<arrow::Buffer> values,
                                             row_validity validity) {
  return arrow::ArrayData::Make(type, rows, {std::move(validity.bits), std::move(values)}, validity.null_count);
}

void validity_writer::set_null(std::int64_t row) {
  if (!owned_) {
    // The bitmap may be an argument's: write to a copy.
    auto own = allocate(arrow::bit_util::BytesForBits(rows_));
    if (state_.bits) {
      std::memcpy(own->mutable_data(), state_.bits->data(), static_cast<std::size_t>(own->size()));
    } else {
      std::memset(own->mutable_data(), 0xff, static_cast<std::size_t>(own->size()));
    }
    state_.bits = std::move(own);
    owned_ = true;
  }
  arrow::bit_util::ClearBit(state_.bits->mutable_data(), row);
}

string_sink::string_sink(std::int64_t rows, std::int64_t bytes)
    : buffer_(check(arrow::AllocateResizableBuffer(bytes))),
      offsets_buffer_(allocate((rows + 1) * static_cast<std::int64_t>(sizeof(std::int32_t)))),
      bytes_(reinterpret_cast<char*>(buffer_->mutable_data())),
      offsets_(reinterpret_cast<std::int32_t*>(offsets_buffer_->mutable_data())),
      capacity_(bytes) {
  offsets_[0] = 0;
}

void string_sink::grow(std::int64_t more) {
  capacity_ = std::max(capacity_ * 2, size_ + more + 64);
  check(buffer_->Resize(capacity_, false));
  bytes_ = reinterpret_cast<char*>(buffer_->mutable_data());
}

void string_sink::refuse_size() {
  throw error(errc::evaluation_failed, "a batch's text column would exceed 2 GiB: use smaller batches");
}

std::shared_ptr<arrow::Array> string_sink::finish(const data_type& type, row_validity validity) {
  check(buffer_->Resize(size_, false));
  return arrow::MakeArray(
      arrow::ArrayData::Make(type, row_, {std::move(validity.bits), offsets_buffer_, buffer_}, validity.null_count));
}

}  // namespace flow
