#include "sources/kafka/record_columns.hpp"

#include <cstring>

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include "flow/error.hpp"

namespace flow {

namespace {

void check(const arrow::Status& status) {
  if (!status.ok()) throw error(errc::query_failed, "format \"kafka\": " + status.ToString());
}

template <class T>
std::shared_ptr<arrow::Array> finished(T& builder) {
  std::shared_ptr<arrow::Array> array;
  check(builder.Finish(&array));
  return array;
}

void append_bytes(arrow::BinaryBuilder& to, const void* bytes, std::size_t size) {
  // A record may be as large as the broker allows: far below what a column of 2 GiB holds.
  check(bytes ? to.Append(static_cast<const std::uint8_t*>(bytes), static_cast<std::int32_t>(size)) : to.AppendNull());
}

std::shared_ptr<arrow::Array> repeated(const std::string& text, std::int64_t rows) {
  arrow::StringBuilder builder;
  check(builder.Reserve(rows));
  check(builder.ReserveData(rows * static_cast<std::int64_t>(text.size())));
  for (std::int64_t i = 0; i < rows; ++i) builder.UnsafeAppend(text);
  return finished(builder);
}

std::shared_ptr<arrow::Array> repeated(std::int32_t number, std::int64_t rows) {
  arrow::Int32Builder builder;
  check(builder.Reserve(rows));
  for (std::int64_t i = 0; i < rows; ++i) builder.UnsafeAppend(number);
  return finished(builder);
}

}  // namespace

record_columns::record_columns(std::string topic_name, int partition_number, schema_ptr projected,
                               const std::vector<int>& columns)
    : topic_(std::move(topic_name)), partition_(partition_number), schema_(std::move(projected)) {
  auto* pool = arrow::default_memory_pool();
  for (const int at : columns) {
    columns_.push_back(static_cast<std::size_t>(at));
    switch (at) {
      case key:
        keys_ = std::make_unique<arrow::BinaryBuilder>();
        break;
      case value:
        values_ = std::make_unique<arrow::BinaryBuilder>();
        break;
      case offset:
        offsets_ = std::make_unique<arrow::Int64Builder>();
        break;
      case timestamp:
        timestamps_ = std::make_unique<arrow::TimestampBuilder>(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), pool);
        break;
      case timestamp_type:
        timestamp_types_ = std::make_unique<arrow::Int32Builder>();
        break;
      case headers: {
        header_keys_ = std::make_shared<arrow::StringBuilder>();
        header_values_ = std::make_shared<arrow::BinaryBuilder>();
        const auto& list = static_cast<const arrow::ListType&>(*schema_->field(static_cast<int>(columns_.size()) - 1)->type());
        header_rows_ = std::make_shared<arrow::StructBuilder>(
            list.value_type(), pool, std::vector<std::shared_ptr<arrow::ArrayBuilder>>{header_keys_, header_values_});
        headers_ = std::make_unique<arrow::ListBuilder>(pool, header_rows_,
                                                        schema_->field(static_cast<int>(columns_.size()) - 1)->type());
        break;
      }
      default:
        break;
    }
  }
}

void record_columns::append(const rd_kafka_message_t& message) {
  ++rows_;
  bytes_ += static_cast<std::int64_t>(message.key_len + message.len);
  if (keys_) append_bytes(*keys_, message.key, message.key_len);
  if (values_) append_bytes(*values_, message.payload, message.len);
  if (offsets_) check(offsets_->Append(message.offset));
  if (timestamps_ || timestamp_types_) {
    rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
    const auto milliseconds = rd_kafka_message_timestamp(&message, &type);
    if (timestamps_) check(timestamps_->Append(milliseconds * 1000));
    // The Java client's numbers, which Spark shows: -1 none, 0 set by the producer, 1 set by the broker.
    if (timestamp_types_) check(timestamp_types_->Append(static_cast<std::int32_t>(type) - 1));
  }
  if (headers_) append_headers(message);
}

void record_columns::append_headers(const rd_kafka_message_t& message) {
  rd_kafka_headers_t* given = nullptr;
  if (rd_kafka_message_headers(&message, &given) != RD_KAFKA_RESP_ERR_NO_ERROR || rd_kafka_header_cnt(given) == 0) {
    return check(headers_->AppendNull());
  }
  check(headers_->Append());
  const char* name = nullptr;
  const void* bytes = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0; rd_kafka_header_get_all(given, i, &name, &bytes, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
    check(header_rows_->Append());
    check(header_keys_->Append(name, static_cast<std::int32_t>(std::strlen(name))));
    append_bytes(*header_values_, bytes, size);
    bytes_ += static_cast<std::int64_t>(size);
  }
}

batch record_columns::finish() {
  arrow::ArrayVector arrays;
  for (const auto at : columns_) {
    switch (at) {
      case key:
        arrays.push_back(finished(*keys_));
        break;
      case value:
        arrays.push_back(finished(*values_));
        break;
      case topic:
        arrays.push_back(repeated(topic_, rows_));
        break;
      case partition:
        arrays.push_back(repeated(partition_, rows_));
        break;
      case offset:
        arrays.push_back(finished(*offsets_));
        break;
      case timestamp:
        arrays.push_back(finished(*timestamps_));
        break;
      case timestamp_type:
        arrays.push_back(finished(*timestamp_types_));
        break;
      default:
        arrays.push_back(finished(*headers_));
        break;
    }
  }
  auto rows = arrow::RecordBatch::Make(schema_, rows_, std::move(arrays));
  rows_ = bytes_ = 0;
  return rows;
}

}  // namespace flow
