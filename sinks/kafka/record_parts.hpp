#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <arrow/api.h>

#include "flow/batch.hpp"

namespace flow {

/// Where a record's parts are among a result's columns; -1 where there is none.
struct record_parts {
  int key = -1, value = -1, topic = -1, partition = -1, headers = -1;
};

/// @param topic_given  by the option, which then decides for every row.
/// @throws error{type_mismatch} in Spark's words, for a missing value or topic and for types that no record can have.
record_parts find_record_parts(const arrow::Schema& schema, bool topic_given);

/// The rows of one batch as records. Holds views into the batch, which must outlive it.
class record_rows {
 public:
  record_rows(const record_parts& columns, const arrow::RecordBatch& rows);

  std::int64_t count() const { return count_; }
  /// Nothing for null.
  std::optional<std::string_view> key(std::int64_t row) const { return bytes(key_, row); }
  std::optional<std::string_view> value(std::int64_t row) const { return bytes(value_, row); }
  std::optional<std::string_view> topic(std::int64_t row) const { return bytes(topic_, row); }
  /// @throws error{malformed_data} in Spark's words where the row has none.
  std::string_view required_topic(std::int64_t row) const;
  std::optional<std::int32_t> partition(std::int64_t row) const {
    if (partition_ == nullptr || partition_->IsNull(row)) return std::nullopt;
    return partition_->Value(row);
  }

  bool has_headers(std::int64_t row) const { return headers_ != nullptr && headers_->IsValid(row); }
  /// Calls take(name, value) for each header of a row; the value is nothing for null.
  template <class Take>
  void each_header(std::int64_t row, const Take& take) const {
    for (auto i = headers_->value_offset(row); i < headers_->value_offset(row + 1); ++i) {
      take(bytes(header_keys_, i).value_or(std::string_view{}), bytes(header_values_, i));
    }
  }

 private:
  static std::optional<std::string_view> bytes(const arrow::BinaryArray* from, std::int64_t row) {
    if (from == nullptr || from->IsNull(row)) return std::nullopt;
    return from->GetView(row);
  }

  std::int64_t count_;
  const arrow::BinaryArray* key_;
  const arrow::BinaryArray* value_;
  const arrow::BinaryArray* topic_;
  const arrow::Int32Array* partition_;
  const arrow::ListArray* headers_;
  const arrow::BinaryArray* header_keys_ = nullptr;
  const arrow::BinaryArray* header_values_ = nullptr;
};

}  // namespace flow
