#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "flow/options.hpp"
#include "format/format_option.hpp"
#include "format/time_reader.hpp"

namespace flow {

/// What becomes of a quoted field in which a quote neither ends it nor is escaped: "a"b".
enum class unescaped_quote {
  stop_at_delimiter,      ///< All of it, its first quote included, is plain text up to the next separator.
  stop_at_closing_quote,  ///< The quote is part of the value, which goes on to a quote before a separator.
  back_to_delimiter,      ///< The quote is left out; separators before it end fields.
  skip_value,             ///< The field is null.
  raise_error,
};

/// The CSV format's options.
struct csv_settings {
  std::string separator = ",";
  char quote = '"';
  char escape = '\\';
  char escape_escape = '\\';  ///< charToEscapeQuoteEscaping.
  char comment = '\0';
  bool header = false;
  bool trim_leading = false;
  bool trim_trailing = false;
  bool multi_line = false;
  bool infer = false;
  bool enforce_schema = true;
  bool prefer_date = true;
  std::string null_text, empty_text, nan = "NaN", positive_infinity = "Inf", negative_infinity = "-Inf";
  unescaped_quote stray_quote = unescaped_quote::stop_at_delimiter;
  std::int64_t max_columns = 20480;
  std::int64_t max_characters = -1;  ///< Of a field; -1 is any number.
  double sampling_ratio = 1.0;
  malformed_mode mode = malformed_mode::permissive;
  std::string corrupt_column = "_corrupt_record";
  std::string line_separator;
  time_reader times;

  static csv_settings read(const options& settings);
};

/// A field's text; null if it is what nullValue names.
struct csv_field {
  std::string_view text;
  bool is_null = false;
};

/// @throws error{malformed_data} if the field is longer than maxCharsPerColumn; counted are UTF-16's units, as in Java.
void check_length(const csv_settings& settings, const csv_field& field);

/// Splits records into fields, with the meaning of uniVocity's parser as Spark sets it up.
class csv_splitter {
 public:
  explicit csv_splitter(const csv_settings& settings) : settings_(settings) {}

  /// Splits the record that begins at `from` and returns where the next one begins. With multiLine a record ends at a line
  /// break outside quotes, else with the text. The fields stay valid until the next call, as long as `text` does.
  std::size_t split(std::string_view text, std::size_t from, std::vector<csv_field>& fields);

 private:
  std::size_t quoted_field(std::string_view text, std::size_t at, csv_field& out, std::vector<csv_field>& fields);
  std::size_t after_stray_quote(std::string_view text, std::size_t at, std::string& value, csv_field& out) const;
  void give_out_separated(std::string& value, std::vector<csv_field>& fields);
  std::size_t plain_field(std::string_view text, std::size_t at, csv_field& out) const;
  std::size_t rest_of_field(std::string_view text, std::size_t at) const;
  bool ends_record(std::string_view text, std::size_t at) const;
  bool at_separator(std::string_view text, std::size_t at) const;
  void finish(csv_field& field, bool quoted) const;

  const csv_settings& settings_;
  std::deque<std::string> unescaped_;  ///< Texts of fields that are not slices of the record.
};

}  // namespace flow
