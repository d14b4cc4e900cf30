#include "operators/gather.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>
#include <string>

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/bit_util.h>

#include "libflow/src/batch/column_buffer.hpp"
#include "operators/arrow_status.hpp"

namespace flow {

namespace {

using row_span = std::span<const std::int32_t>;
using buffer_ptr = std::shared_ptr<arrow::Buffer>;

struct validity {
  buffer_ptr bits;  ///< Null when every value is valid.
  std::int64_t nulls = 0;
};

buffer_ptr allocate_bits(std::size_t count) {
  auto bits = allocate(arrow::bit_util::BytesForBits(static_cast<std::int64_t>(count)));
  std::memset(bits->mutable_data(), 0, static_cast<std::size_t>(bits->size()));
  return bits;
}

bool any_missing(row_span rows) {
  return std::any_of(rows.begin(), rows.end(), [](std::int32_t row) { return row < 0; });
}

validity gather_validity(const arrow::Array& from, row_span rows, bool missing) {
  if (!missing && from.null_count() == 0) return {};
  auto bits = allocate_bits(rows.size());
  auto* out = bits->mutable_data();
  std::int64_t nulls = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] >= 0 && from.IsValid(rows[i])) {
      arrow::bit_util::SetBit(out, static_cast<std::int64_t>(i));
    } else {
      ++nulls;
    }
  }
  if (nulls == 0) return {};
  return {std::move(bits), nulls};
}

array make_array(const data_type& type, std::size_t rows, validity valid, std::vector<buffer_ptr> buffers,
                 std::vector<std::shared_ptr<arrow::ArrayData>> children = {}) {
  buffers.insert(buffers.begin(), std::move(valid.bits));
  return arrow::MakeArray(
      arrow::ArrayData::Make(type, static_cast<std::int64_t>(rows), std::move(buffers), std::move(children), valid.nulls));
}

struct wide {
  std::uint64_t low, high;
};

template <class Value>
array gather_fixed(const arrow::Array& from, row_span rows, bool missing) {
  const auto* values = from.data()->GetValues<Value>(1);
  auto buffer = allocate(static_cast<std::int64_t>(rows.size() * sizeof(Value)));
  auto* out = reinterpret_cast<Value*>(buffer->mutable_data());
  if (missing) {
    for (std::size_t i = 0; i < rows.size(); ++i) out[i] = rows[i] < 0 ? Value{} : values[rows[i]];
  } else {
    for (std::size_t i = 0; i < rows.size(); ++i) out[i] = values[rows[i]];
  }
  return make_array(from.type(), rows.size(), gather_validity(from, rows, missing), {std::move(buffer)});
}

array gather_bits(const arrow::Array& from, row_span rows, bool missing) {
  const auto* values = from.data()->buffers[1]->data();
  const auto offset = from.offset();
  auto buffer = allocate_bits(rows.size());
  auto* out = buffer->mutable_data();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] >= 0 && arrow::bit_util::GetBit(values, offset + rows[i])) {
      arrow::bit_util::SetBit(out, static_cast<std::int64_t>(i));
    }
  }
  return make_array(from.type(), rows.size(), gather_validity(from, rows, missing), {std::move(buffer)});
}

/// Offsets of the gathered values laid end to end. Nulls take no room.
buffer_ptr gather_offsets(const arrow::Array& from, const std::int32_t* offsets, row_span rows) {
  auto buffer = allocate(static_cast<std::int64_t>((rows.size() + 1) * sizeof(std::int32_t)));
  auto* out = reinterpret_cast<std::int32_t*>(buffer->mutable_data());
  const bool nulls = from.null_count() > 0;
  std::int64_t end = 0;
  out[0] = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto row = rows[i];
    if (row >= 0 && !(nulls && from.IsNull(row))) end += offsets[row + 1] - offsets[row];
    out[i + 1] = static_cast<std::int32_t>(end);
  }
  if (end > std::numeric_limits<std::int32_t>::max()) {
    throw error(errc::evaluation_failed, "a column of " + from.type()->ToString() + " with " + std::to_string(rows.size()) +
                                             " rows would hold " + std::to_string(end) +
                                             " bytes or elements; one batch can hold 2^31 - 1: use smaller batches or a limit");
  }
  return buffer;
}

array gather_text(const arrow::Array& from, row_span rows, bool missing) {
  const auto* offsets = from.data()->GetValues<std::int32_t>(1);
  const auto& bytes = from.data()->buffers[2];
  const auto* values = bytes ? bytes->data() : nullptr;
  auto offset_buffer = gather_offsets(from, offsets, rows);
  const auto* ends = reinterpret_cast<const std::int32_t*>(offset_buffer->data());
  auto buffer = allocate(ends[rows.size()]);
  auto* out = buffer->mutable_data();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto size = static_cast<std::size_t>(ends[i + 1] - ends[i]);
    if (size > 0) std::memcpy(out + ends[i], values + offsets[rows[i]], size);
  }
  return make_array(from.type(), rows.size(), gather_validity(from, rows, missing),
                    {std::move(offset_buffer), std::move(buffer)});
}

array gather_structure(const arrow::StructArray& from, row_span rows, bool missing) {
  std::vector<std::shared_ptr<arrow::ArrayData>> children;
  for (int i = 0; i < from.num_fields(); ++i) children.push_back(gather_rows(from.field(i), rows)->data());
  return make_array(from.type(), rows.size(), gather_validity(from, rows, missing), {}, std::move(children));
}

/// Lists and maps: both are offsets over one child.
array gather_elements(const arrow::Array& from, const array& elements, row_span rows, bool missing) {
  const auto* offsets = from.data()->GetValues<std::int32_t>(1);
  auto offset_buffer = gather_offsets(from, offsets, rows);
  const auto* ends = reinterpret_cast<const std::int32_t*>(offset_buffer->data());
  std::vector<std::int32_t> element_rows(static_cast<std::size_t>(ends[rows.size()]));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (ends[i + 1] == ends[i]) continue;
    std::iota(element_rows.begin() + ends[i], element_rows.begin() + ends[i + 1], offsets[rows[i]]);
  }
  return make_array(from.type(), rows.size(), gather_validity(from, rows, missing), {std::move(offset_buffer)},
                    {gather_rows(elements, element_rows)->data()});
}

}  // namespace

array null_column(const data_type& type, std::int64_t rows) {
  return expect_value(arrow::MakeArrayOfNull(type, rows), "cannot allocate a column");
}

array gather_rows(const array& from, row_span rows) {
  const bool missing = any_missing(rows);
  switch (from->type_id()) {
    case arrow::Type::NA:
      return null_column(from->type(), static_cast<std::int64_t>(rows.size()));
    case arrow::Type::BOOL:
      return gather_bits(*from, rows, missing);
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return gather_text(*from, rows, missing);
    case arrow::Type::STRUCT:
      return gather_structure(static_cast<const arrow::StructArray&>(*from), rows, missing);
    case arrow::Type::LIST:
    case arrow::Type::MAP:
      return gather_elements(*from, static_cast<const arrow::ListArray&>(*from).values(), rows, missing);
    default:
      break;
  }
  switch (from->type()->byte_width()) {
    case 1:
      return gather_fixed<std::uint8_t>(*from, rows, missing);
    case 2:
      return gather_fixed<std::uint16_t>(*from, rows, missing);
    case 4:
      return gather_fixed<std::uint32_t>(*from, rows, missing);
    case 8:
      return gather_fixed<std::uint64_t>(*from, rows, missing);
    case 16:
      return gather_fixed<wide>(*from, rows, missing);
    default:
      throw error(errc::type_mismatch, "a column of " + from->type()->ToString() + " has no place in a batch");
  }
}

batch gather_rows(const batch& from, row_span rows) {
  std::vector<array> columns;
  columns.reserve(static_cast<std::size_t>(from->num_columns()));
  for (const auto& column : from->columns()) columns.push_back(gather_rows(column, rows));
  return arrow::RecordBatch::Make(from->schema(), static_cast<std::int64_t>(rows.size()), std::move(columns));
}

batch concatenate(const schema_ptr& schema, const std::vector<batch>& parts) {
  if (parts.size() == 1) return parts.front();
  std::int64_t rows = 0;
  for (const auto& part : parts) rows += part->num_rows();
  std::vector<array> columns;
  for (int i = 0; i < schema->num_fields(); ++i) {
    arrow::ArrayVector pieces;
    for (const auto& part : parts) pieces.push_back(part->column(i));
    columns.push_back(pieces.empty() ? null_column(schema->field(i)->type(), 0)
                                     : expect_value(arrow::Concatenate(pieces), "cannot put batches together"));
  }
  return arrow::RecordBatch::Make(schema, rows, std::move(columns));
}

}  // namespace flow
