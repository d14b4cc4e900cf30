#include "sinks/kafka/record_parts.hpp"

#include <algorithm>
#include <initializer_list>
#include <string>

#include "flow/error.hpp"
#include "flow/options.hpp"
#include "flow/types.hpp"

namespace flow {

namespace {

std::string name_of(const arrow::DataType& type) { return type.num_fields() == 0 ? simple_name(type) : to_ddl(type); }

/// The index of the column, or -1. Its type must be one of these.
int find_column(const arrow::Schema& schema, std::string_view name, std::initializer_list<std::string_view> allowed) {
  const ignore_case_less less;
  for (int i = 0; i < schema.num_fields(); ++i) {
    const auto& field = *schema.field(i);
    if (less(field.name(), name) || less(name, field.name())) continue;
    const auto type = name_of(*field.type());
    if (std::find(allowed.begin(), allowed.end(), type) != allowed.end()) return i;
    std::string expected;
    for (const auto each : allowed) expected += (expected.empty() ? "" : " or ") + std::string(each);
    throw error(errc::type_mismatch, std::string(name) + " attribute unsupported type " + type + ". " + std::string(name) +
                                         " must be a(n) " + expected);
  }
  return -1;
}

template <class Array>
const Array* column(const arrow::RecordBatch& rows, int index) {
  return index < 0 ? nullptr : static_cast<const Array*>(rows.column(index).get());
}

}  // namespace

record_parts find_record_parts(const arrow::Schema& schema, bool topic_given) {
  record_parts found;
  if (!topic_given) {
    found.topic = find_column(schema, "topic", {"string"});
    if (found.topic < 0) {
      throw error(errc::type_mismatch,
                  "topic option required when no 'topic' attribute is present. Use the topic option for setting a topic.");
    }
  }
  found.key = find_column(schema, "key", {"string", "binary"});
  found.value = find_column(schema, "value", {"string", "binary"});
  if (found.value < 0) {
    throw error(errc::type_mismatch,
                "Required attribute 'value' not found; name the column to be written value, as in "
                "select_expr(\"to_json(struct(*)) AS value\")");
  }
  found.headers = find_column(schema, "headers", {"ARRAY<STRUCT<key: STRING, value: BINARY>>"});
  found.partition = find_column(schema, "partition", {"int"});
  return found;
}

std::string_view record_rows::required_topic(std::int64_t row) const {
  if (const auto named = topic(row)) return *named;
  throw error(errc::malformed_data, "null topic present in the data. Use the topic option for setting a default topic.");
}

record_rows::record_rows(const record_parts& columns, const arrow::RecordBatch& rows)
    : count_(rows.num_rows()),
      key_(column<arrow::BinaryArray>(rows, columns.key)),
      value_(column<arrow::BinaryArray>(rows, columns.value)),
      topic_(column<arrow::BinaryArray>(rows, columns.topic)),
      partition_(column<arrow::Int32Array>(rows, columns.partition)),
      headers_(column<arrow::ListArray>(rows, columns.headers)) {
  if (headers_ == nullptr) return;
  const auto& members = static_cast<const arrow::StructArray&>(*headers_->values());
  header_keys_ = static_cast<const arrow::BinaryArray*>(members.field(0).get());
  header_values_ = static_cast<const arrow::BinaryArray*>(members.field(1).get());
}

}  // namespace flow
