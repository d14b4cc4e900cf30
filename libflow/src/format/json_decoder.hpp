#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <arrow/api.h>

#include "flow/options.hpp"
#include "flow/types.hpp"
#include "format/format_option.hpp"
#include "format/json_scanner.hpp"
#include "format/time_reader.hpp"

namespace flow {

/// The JSON format's options.
struct json_settings {
  json_syntax syntax;
  malformed_mode mode = malformed_mode::permissive;
  std::string corrupt_column = "_corrupt_record";
  time_reader times;
  bool multi_line = false;
  bool primitives_as_string = false;
  bool prefers_decimal = false;
  bool infer_timestamp = false;
  bool drop_all_null = false;
  /// Whether what becomes a STRING without being one is written again (from_json, multiLine), or stays as it stands (lines).
  bool rewrites_values = false;
  double sampling_ratio = 1.0;
  std::string separator;

  static json_settings read(const options& settings);
};

/// What one text holds.
enum class json_root {
  rows,    ///< An object, or an array of objects: a row each.
  object,  ///< One object.
  value,   ///< The value of the only column, an array or a map.
};

/// Decodes objects into builders of some columns of a schema, without allocation per row. Single-threaded.
///
/// A text is checked as a whole before anything of it is added, so that a broken one leaves no half row. Keys are looked for in
/// the order of the last object first: rows written by one program have their keys in one order.
class json_decoder {
 public:
  /// `columns` ascending. The corrupt-record column, if it is among the schema's, takes no value from the text.
  json_decoder(const json_settings& settings, const schema_ptr& schema, const std::vector<int>& columns, json_root holds);
  json_decoder(json_decoder&&) noexcept;
  ~json_decoder();

  enum class outcome {
    added,      ///< One row, or the rows of an array.
    partial,    ///< The same, with fields null that do not fit their types.
    malformed,  ///< Nothing was added: no JSON, or no object.
    blank,      ///< Nothing there.
    unwanted,   ///< Nothing was added: want_only() says so. What follows in the text was not looked at.
  };

  /// Rows in which the STRING column `output` (of those asked for) is none of `values` may be left out.
  void want_only(std::size_t output, std::vector<std::string> values);

  /// Decodes one text. In DROPMALFORMED and FAILFAST modes nothing is added unless the outcome is `added`.
  outcome decode(std::string_view text);
  /// Whether rows may be read where their lines' ends are not known yet: nothing in them goes over a line's end, and their
  /// texts are not asked for afterwards.
  bool reads_ahead() const;
  /// Decodes the object that the first of these lines begins with, and says how far it looked. Malformed: the line has to be
  /// cut out and decoded by itself. @pre reads_ahead().
  outcome decode_first(std::string_view lines, const char*& reached);
  /// A row of nulls with this corrupt record.
  void add_corrupt(std::string_view text);
  /// A null row.
  void add_null();
  std::int64_t rows() const { return rows_; }
  void reserve(std::int64_t rows);
  arrow::ArrayVector finish();
  /// What did not fit in the last text, for FAILFAST's message.
  std::string complaint() const;

 private:
  struct node;
  struct member_memo;
  struct wanted_text;
  enum class key_found { key, end, malformed };
  /// Members of one object whose places are remembered.
  static constexpr std::size_t most_places = 256;
  enum class fit { good, partial, bad };

  std::unique_ptr<node> make_node(const std::string& name, const data_type& type) const;
  void add_members(node& parent, const arrow::FieldVector& fields, const std::vector<int>& columns);
  template <bool stops_early = false>
  bool read_members(json_scanner& scanner, node& object);
  bool is_wanted(const node& column, const json_token& token);
  key_found read_key(json_scanner& scanner, node& object, std::size_t place, int& member);
  bool read_value(json_scanner& scanner, member_memo* memo, json_token& token);
  void keep_token(node& object, int member, const json_token& token);
  outcome decode_array(json_scanner& scanner, std::string_view text);
  outcome decode_object(json_scanner& scanner, std::string_view text);
  outcome decode_value(json_scanner& scanner);
  fit add_only_element(node& target, const json_token& token);
  outcome add_object(node& object, std::string_view text);
  fit add_members_of(node& object);
  fit add(node& target, const json_token& token);
  fit add_scalar(node& target, const json_token& token);
  fit add_struct(node& target, const json_token& token);
  fit add_list(node& target, const json_token& token);
  fit add_map(node& target, const json_token& token);
  std::vector<std::pair<json_token, json_token>> read_entries(const json_token& object) const;
  fit check(node& target, const json_token& token);
  fit check_members(node& object);
  void add_text(node& target, const json_token& token);
  std::string_view plain(const json_token& token);
  json_scanner inside(const json_token& token) const;

  const json_settings& settings_;
  json_root holds_;
  std::unique_ptr<node> root_;
  std::vector<node*> outputs_;  ///< Per column asked for.
  int corrupt_ = -1;            ///< Among outputs_, or -1.
  bool selective_ = false;      ///< want_only() was called.
  bool unwanted_ = false;       ///< Of the last row: why reading it ended.
  std::string scratch_;
  std::int64_t rows_ = 0;
  std::string complaint_;
};

/// Infers what JSON texts have in common.
class json_inference {
 public:
  explicit json_inference(const json_settings& settings);
  ~json_inference();
  /// @throws error{malformed_data} in FAILFAST mode.
  void add(std::string_view text);
  schema_ptr finish() const;

  /// The type of one value, of any kind. Null if the text is malformed.
  static data_type type_of_value(std::string_view text, const json_settings& settings);

  struct shape;

 private:
  const json_settings& settings_;
  std::unique_ptr<shape> root_;
  bool corrupt_ = false;
};

}  // namespace flow
