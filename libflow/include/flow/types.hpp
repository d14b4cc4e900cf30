#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/type_fwd.h>

namespace flow {

/// A column's type. Arrow's type objects stand for Spark's types, one to one:
///
/// | Spark | Arrow | | Spark | Arrow |
/// |---|---|---|---|---|
/// | BOOLEAN | bool | | STRING | utf8 |
/// | TINYINT, SMALLINT, INT, BIGINT | int8, int16, int32, int64 | | BINARY | binary |
/// | FLOAT, DOUBLE | float, double | | DATE | date32 |
/// | DECIMAL(p,s) | decimal128(p, s) | | TIMESTAMP | timestamp[us, UTC] |
/// | STRUCT<a: T> | struct | | TIMESTAMP_NTZ | timestamp[us] |
/// | ARRAY<T> | list | | MAP<K, V> | map |
/// | VOID | null | | INTERVAL | month_day_nano (expressions only) |
///
/// No other Arrow type occurs inside libflow; `from_arrow` (batch.hpp) brings foreign batches to these.
using data_type = std::shared_ptr<arrow::DataType>;

/// Names and types of a table's columns. Names are compared without regard to case, as Spark does by default.
using schema_ptr = std::shared_ptr<arrow::Schema>;

namespace types {
const data_type& boolean();
const data_type& tinyint();
const data_type& smallint();
const data_type& integer();
const data_type& bigint();
const data_type& float32();
const data_type& float64();
const data_type& string();
const data_type& binary();
const data_type& date();
const data_type& timestamp();      ///< TIMESTAMP: microseconds, UTC.
const data_type& timestamp_ntz();  ///< TIMESTAMP_NTZ: microseconds without a zone.
const data_type& null();           ///< VOID.
const data_type& interval();       ///< Calendar interval, inside expressions only.
/// @throws error{invalid_argument} unless 1 <= precision <= 38 and 0 <= scale <= precision.
data_type decimal(int precision, int scale);
data_type list(const data_type& element);
data_type map(const data_type& key, const data_type& value);
data_type structure(const std::vector<std::pair<std::string, data_type>>& members);
/// The type of window(): STRUCT<start: TIMESTAMP, end: TIMESTAMP>.
const data_type& window();
}  // namespace types

/// Spark's DDL text of a type: `STRUCT<a: INT, b: ARRAY<STRING>>`. Names that are no plain identifiers stand in backticks.
std::string to_ddl(const arrow::DataType& type);
/// Spark's DDL text of a schema: `id BIGINT, w STRUCT<start: TIMESTAMP, end: TIMESTAMP>`.
std::string to_ddl(const arrow::Schema& schema);
/// Spark's short name of a type as in `printSchema` and messages: `bigint`, `struct`, `decimal(10,2)`.
std::string simple_name(const arrow::DataType& type);

/// Reads a DDL type. @throws error{syntax_error} with the position and what was expected.
data_type parse_type(std::string_view ddl);
/// Reads a DDL schema: "id BIGINT, name STRING NOT NULL" (NOT NULL and COMMENT 'x' are read; nullability is not enforced).
/// @throws error{syntax_error}.
schema_ptr parse_schema(std::string_view ddl);

/// The schema as the tree that Spark's printSchema prints, ending in a newline.
std::string tree_string(const arrow::Schema& schema);

/// Builds a schema step by step: `schema_builder{}.add("id", types::bigint()).add("v", "DOUBLE").build()`.
class schema_builder {
 public:
  schema_builder& add(std::string name, data_type type);
  schema_builder& add(std::string name, std::string_view ddl_type);
  schema_ptr build() const;

 private:
  std::vector<std::pair<std::string, data_type>> fields_;
};

/// The type both sides of a comparison, CASE, UNION or array() are brought to, by Spark's rules (ANSI off);
/// null when there is none.
data_type common_type(const data_type& a, const data_type& b);

}  // namespace flow
