#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "flow/batch.hpp"
#include "flow/options.hpp"

namespace flow {

/// Encodes rows as text in one file format, as Spark writes it. Immutable and shared.
class format_writer {
 public:
  virtual ~format_writer() = default;

  /// Appends what a file begins with (CSV's header), or nothing.
  virtual void append_header(std::string& out) const { (void)out; }
  virtual void append_rows(const arrow::RecordBatch& rows, std::string& out) const = 0;
  /// "json": the end of file names.
  virtual std::string_view extension() const = 0;
};

using format_writer_ptr = std::shared_ptr<const format_writer>;

/// JSON lines. Options: ignoreNullFields (true), timestampFormat, timestampNTZFormat, dateFormat, lineSep.
/// @throws error{invalid_option}, error{type_mismatch}.
format_writer_ptr json_writer(const options& settings, schema_ptr schema);
/// CSV. Options: header (false), sep (","), quote, escape, quoteAll, escapeQuotes, nullValue, emptyValue,
/// ignoreLeadingWhiteSpace, ignoreTrailingWhiteSpace, timestampFormat, timestampNTZFormat, dateFormat, lineSep.
/// @throws error{invalid_option}, error{type_mismatch} for nested and binary columns.
format_writer_ptr csv_writer(const options& settings, schema_ptr schema);
/// The only column, a STRING, a line a row. Options: lineSep. @throws error{type_mismatch} for other schemas.
format_writer_ptr text_writer(const options& settings, schema_ptr schema);
/// The writer of that format, or null.
format_writer_ptr find_format_writer(std::string_view name, const options& settings, schema_ptr schema);

}  // namespace flow
