#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <arrow/builder.h>

#include "flow/batch.hpp"
#include "kafka/rdkafka_handles.hpp"

namespace flow {

/// Builds batches from the messages of one partition, straight from their bytes, only the columns that the query reads.
class record_columns {
 public:
  /// @param columns  positions in kafka_schema(), ascending.
  record_columns(std::string topic, int partition, schema_ptr projected, const std::vector<int>& columns);

  void append(const rd_kafka_message_t& message);
  std::int64_t rows() const noexcept { return rows_; }
  /// Of keys, values and headers as they came.
  std::int64_t bytes() const noexcept { return bytes_; }
  /// What was appended since the last call.
  batch finish();

 private:
  enum column : std::size_t { key, value, topic, partition, offset, timestamp, timestamp_type, headers, column_count };

  void append_headers(const rd_kafka_message_t& message);

  std::string topic_;
  int partition_;
  schema_ptr schema_;
  std::vector<std::size_t> columns_;
  std::int64_t rows_ = 0, bytes_ = 0;
  std::unique_ptr<arrow::BinaryBuilder> keys_, values_;
  std::unique_ptr<arrow::Int64Builder> offsets_;
  std::unique_ptr<arrow::TimestampBuilder> timestamps_;
  std::unique_ptr<arrow::Int32Builder> timestamp_types_;
  std::shared_ptr<arrow::StringBuilder> header_keys_;
  std::shared_ptr<arrow::BinaryBuilder> header_values_;
  std::shared_ptr<arrow::StructBuilder> header_rows_;
  std::unique_ptr<arrow::ListBuilder> headers_;
};

}  // namespace flow
