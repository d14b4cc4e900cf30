#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "flow/batch.hpp"
#include "flow/options.hpp"
#include "flow/source.hpp"
#include "flow/types.hpp"

namespace flow {

/// Bytes in order: an open file, a buffer. Formats read these and know nothing of where they come from.
class byte_input {
 public:
  virtual ~byte_input() = default;

  /// Up to `capacity` bytes at the cursor; 0 at the end. @throws error{unreadable_input}.
  virtual std::size_t read(char* to, std::size_t capacity) = 0;
  /// Moves the cursor to an absolute offset.
  virtual void seek(std::int64_t offset) = 0;
  /// For messages: a path.
  virtual std::string name() const = 0;
};

/// Bytes that the caller keeps alive.
std::unique_ptr<byte_input> memory_input(std::string_view bytes, std::string name = "memory");

/// Which rows of an input a reader gives: those whose first byte lies in [begin, end). A `begin` inside a row starts at the
/// next one, so that adjacent ranges give every row once.
struct byte_range {
  std::int64_t begin = 0;
  std::int64_t end = std::numeric_limits<std::int64_t>::max();
};

/// Decodes one input (or a range of it) into batches. Single-threaded.
class format_reader {
 public:
  virtual ~format_reader() = default;

  /// The next rows, none of them if all that were read are left out; false at the end, and then `out` is null. @throws
  /// error{malformed_data} in FAILFAST mode.
  virtual bool read(const read_budget& budget, batch& out) = 0;
  /// Offset of the first byte after the last row given out: where file_format::resume() goes on.
  virtual std::int64_t position() const = 0;
  /// Rows so far that could not be decoded in full.
  virtual std::int64_t malformed_rows() const { return 0; }
  /// Rows so far that nobody wants (file_format::wanting).
  virtual std::int64_t rows_left_out() const { return 0; }
};

/// Opens one of the inputs a schema is inferred from.
using input_opener = std::function<std::unique_ptr<byte_input>()>;

/// A format with its options, checked. Immutable and shared; each open() makes an independent reader.
class file_format {
 public:
  virtual ~file_format() = default;

  virtual std::string_view name() const = 0;
  /// Columns of a row; null until the format knows them (see infer).
  virtual schema_ptr schema() const = 0;
  /// The schema that these inputs' rows have in common, by Spark's rules, over all rows.
  /// @throws error{malformed_data} in FAILFAST mode, error{unreadable_input} when there is no input.
  virtual schema_ptr infer(const std::vector<input_opener>& inputs) const = 0;
  /// This format reading rows of `schema`.
  virtual std::shared_ptr<const file_format> with_schema(schema_ptr schema) const = 0;
  /// This format leaving out rows for which one of these does not hold (columns are this schema's), maybe without reading them
  /// to their ends; null if it does no such thing.
  virtual std::shared_ptr<const file_format> wanting(const std::vector<wanted_texts>& all) const {
    (void)all;
    return nullptr;
  }
  /// Whether open() can start anywhere; if not, only whole inputs can be read (multiLine, wholetext).
  virtual bool divisible() const = 0;
  /// A reader of the rows in `range`; batches hold `columns` of the schema (ascending), in that order.
  virtual std::unique_ptr<format_reader> open(std::unique_ptr<byte_input> input, byte_range range,
                                              const std::vector<int>& columns) const = 0;
  /// A reader that goes on at `position` (as position() gave it) up to `end`.
  virtual std::unique_ptr<format_reader> resume(std::unique_ptr<byte_input> input, std::int64_t position, std::int64_t end,
                                                const std::vector<int>& columns) const = 0;
};

using file_format_ptr = std::shared_ptr<const file_format>;

/// The text format. Options: wholetext, lineSep, encoding.
file_format_ptr text_format(const options& settings);
/// The JSON format: an object a line, or with multiLine an input. `schema` may be null: then infer().
/// Options are Spark's (docs/formats.md).
file_format_ptr json_format(const options& settings, schema_ptr schema);
/// The CSV format. `schema` may be null: then infer().
file_format_ptr csv_format(const options& settings, schema_ptr schema);
/// The format of that name, or null.
file_format_ptr find_file_format(std::string_view name, const options& settings, schema_ptr schema);

/// The type Spark gives to a directory column `k=v` with these texts: INT, BIGINT, DECIMAL, DOUBLE, DATE, TIMESTAMP or STRING.
data_type infer_partition_type(const std::vector<std::string>& texts);
/// The column's value for one of them; null for "__HIVE_DEFAULT_PARTITION__" or what does not convert.
std::shared_ptr<arrow::Scalar> partition_value(std::string_view text, const data_type& type);

}  // namespace flow
