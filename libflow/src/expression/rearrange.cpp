#include "expression/rearrange.hpp"

#include <arrow/api.h>
#include <arrow/compute/api_vector.h>
#include <arrow/util/bit_util.h>

#include "batch/arrow_status.hpp"
#include "batch/column_buffer.hpp"

namespace flow {

namespace {

array take(const array& values, const array& indices) {
  initialize_compute();
  const auto taken =
      arrow::compute::Take(arrow::Datum(values), arrow::Datum(indices), arrow::compute::TakeOptions::NoBoundsCheck());
  return check(taken).make_array();
}

template <class Word>
array gather_words(const array& values, std::span<const std::int32_t> rows) {
  const auto n = static_cast<std::int64_t>(rows.size());
  auto out = allocate(n * static_cast<std::int64_t>(sizeof(Word)));
  auto* to = reinterpret_cast<Word*>(out->mutable_data());
  const auto* from = values->data()->GetValues<Word>(1);
  for (std::size_t i = 0; i < rows.size(); ++i) to[i] = from[rows[i]];
  return arrow::MakeArray(arrow::ArrayData::Make(values->type(), n, {nullptr, std::move(out)}, 0));
}

array gather_text(const array& values, std::span<const std::int32_t> rows) {
  const auto n = static_cast<std::int64_t>(rows.size());
  const auto* offsets = values->data()->GetValues<std::int32_t>(1);
  auto new_offsets = allocate((n + 1) * 4);
  auto* to = reinterpret_cast<std::int32_t*>(new_offsets->mutable_data());
  to[0] = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) to[i + 1] = to[i] + offsets[rows[i] + 1] - offsets[rows[i]];
  auto bytes = allocate(to[n]);
  if (values->data()->buffers[2]) {
    const auto* from = values->data()->buffers[2]->data();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::memcpy(bytes->mutable_data() + to[i], from + offsets[rows[i]], static_cast<std::size_t>(to[i + 1] - to[i]));
    }
  }
  return arrow::MakeArray(arrow::ArrayData::Make(values->type(), n, {nullptr, std::move(new_offsets), std::move(bytes)}, 0));
}

}  // namespace

array gather(const array& values, std::span<const std::int64_t> rows) {
  const auto n = static_cast<std::int64_t>(rows.size());
  if (values->type_id() == arrow::Type::NA || values->length() == 0) return check(arrow::MakeArrayOfNull(values->type(), n));
  std::int64_t nulls = 0;
  for (const auto r : rows) nulls += r < 0 ? 1 : 0;
  std::shared_ptr<arrow::Buffer> bits;
  auto indices = arrow::Buffer::Wrap(rows.data(), rows.size());
  std::vector<std::int64_t> safe;
  if (nulls != 0) {
    bits = check(arrow::AllocateBitmap(n));
    safe.assign(rows.begin(), rows.end());
    for (std::int64_t i = 0; i < n; ++i) {
      auto& row = safe[static_cast<std::size_t>(i)];
      arrow::bit_util::SetBitTo(bits->mutable_data(), i, row >= 0);
      row = std::max<std::int64_t>(row, 0);
    }
    indices = arrow::Buffer::Wrap(safe.data(), safe.size());
  }
  return take(values, arrow::MakeArray(arrow::ArrayData::Make(arrow::int64(), n, {bits, indices}, nulls)));
}

array gather(const array& values, std::span<const std::int32_t> rows) {
  const auto n = static_cast<std::int64_t>(rows.size());
  if (values->null_count() == 0 && values->length() != 0) {
    switch (values->type_id()) {
      case arrow::Type::INT32:
      case arrow::Type::DATE32:
      case arrow::Type::FLOAT:
        return gather_words<std::uint32_t>(values, rows);
      case arrow::Type::INT64:
      case arrow::Type::TIMESTAMP:
      case arrow::Type::DOUBLE:
        return gather_words<std::uint64_t>(values, rows);
      case arrow::Type::STRING:
      case arrow::Type::BINARY:
        return gather_text(values, rows);
      default:
        break;
    }
  }
  const auto indices = arrow::Buffer::Wrap(rows.data(), rows.size());
  return take(values, arrow::MakeArray(arrow::ArrayData::Make(arrow::int32(), n, {nullptr, indices}, 0)));
}

}  // namespace flow
