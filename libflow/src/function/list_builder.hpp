#pragma once

#include <vector>

#include <arrow/api.h>

#include "expression/rearrange.hpp"
#include "function/row_kernels.hpp"

/// Arrays made from rows of other arrays: a function says which element goes where, whatever its type.
namespace flow {

/// A column of arrays being written as positions in `values` (negative: null).
class list_writer {
 public:
  explicit list_writer(std::int64_t rows) : rows_(rows) {
    offsets_.reserve(static_cast<std::size_t>(rows) + 1);
    offsets_.push_back(0);
  }

  void add(std::int64_t position) { positions_.push_back(position); }
  void add_null() { positions_.push_back(-1); }
  /// Ends the current row.
  void next() { offsets_.push_back(static_cast<std::int32_t>(positions_.size())); }
  /// Positions of the row being written.
  std::span<std::int64_t> current() { return std::span(positions_).subspan(static_cast<std::size_t>(offsets_.back())); }
  const std::vector<std::int64_t>& positions() const { return positions_; }

  std::shared_ptr<arrow::Array> finish(const data_type& type, const std::shared_ptr<arrow::Array>& values,
                                       row_validity validity) {
    return finish_with(type, gather(values, std::span<const std::int64_t>(positions_)), std::move(validity));
  }
  /// With children already gathered.
  std::shared_ptr<arrow::Array> finish_with(const data_type& type, const std::shared_ptr<arrow::Array>& children,
                                            row_validity validity) {
    auto offsets = allocate(static_cast<std::int64_t>(offsets_.size() * sizeof(std::int32_t)));
    std::memcpy(offsets->mutable_data(), offsets_.data(), offsets_.size() * sizeof(std::int32_t));
    return arrow::MakeArray(arrow::ArrayData::Make(type, rows_, {std::move(validity.bits), std::move(offsets)},
                                                   {children->data()}, validity.null_count));
  }

 private:
  std::int64_t rows_;
  std::vector<std::int32_t> offsets_;
  std::vector<std::int64_t> positions_;
};

/// One argument's arrays row by row, a constant repeated without being copied.
class list_reader {
 public:
  explicit list_reader(const arrow::Datum& datum)
      : constant_(datum.is_scalar()), array_(datum.is_array() ? datum.make_array() : as_array(datum, 1)) {}
  const arrow::ListArray& lists() const { return static_cast<const arrow::ListArray&>(*array_); }
  const std::shared_ptr<arrow::Array>& values() const { return lists().values(); }
  std::int64_t begin(std::int64_t row) const { return lists().value_offset(constant_ ? 0 : row); }
  std::int64_t end(std::int64_t row) const { return lists().value_offset((constant_ ? 0 : row) + 1); }
  std::int64_t size(std::int64_t row) const { return end(row) - begin(row); }

 private:
  bool constant_;
  std::shared_ptr<arrow::Array> array_;
};

}  // namespace flow
