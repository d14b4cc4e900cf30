#include <map>
#include <strings.h>

#include <arrow/api.h>

#include "flow/error.hpp"
#include "flow/format_reader.hpp"
#include "format/csv_column.hpp"
#include "format/csv_record.hpp"
#include "format/line_scanner.hpp"

namespace flow {
namespace {

/// The records of an input as texts: lines, or with multiLine whatever ends outside quotes. Blank lines and comments are left
/// out.
class csv_records {
 public:
  csv_records(line_scanner lines, const csv_settings& settings)
      : lines_(std::move(lines)), settings_(settings), splitter_(settings) {}

  /// The next record's text and fields; false at the end.
  bool next(std::string_view& text, std::vector<csv_field>& fields) {
    if (settings_.multi_line) return next_of_whole(text, fields);
    while (lines_.next(text)) {
      if (skipped(text)) continue;
      if (!lines_.checked() && !valid_utf8(text)) text = repaired_ = repaired_utf8(text);
      splitter_.split(text, 0, fields);
      return true;
    }
    return false;
  }
  std::int64_t position() const { return whole_ ? begin_ + static_cast<std::int64_t>(at_) : lines_.position(); }
  std::string name() const { return lines_.name(); }
  /// Where the record `text` begins, for a message that ends the reading.
  std::string place_for_message(std::string_view text) {
    if (!whole_) return lines_.place_for_message();
    line_scanner counted(memory_input(all_.substr(0, static_cast<std::size_t>(text.data() - all_.data()) + 1), lines_.name()),
                         {}, "", true);
    for (std::string_view line; counted.next(line);) {
    }
    return counted.place_for_message();
  }

 private:
  static bool is_blank_line(std::string_view line) { return line.find_first_not_of(" \t\r\n\f\v") == std::string_view::npos; }
  bool is_comment(std::string_view line) const { return settings_.comment != '\0' && line.starts_with(settings_.comment); }
  bool skipped(std::string_view line) const { return is_blank_line(line) || is_comment(line); }

  bool next_of_whole(std::string_view& text, std::vector<csv_field>& fields) {
    if (!whole_) {
      std::string_view all;
      if (!lines_.whole(all)) return false;
      begin_ = lines_.position() - static_cast<std::int64_t>(all.size());
      if (!valid_utf8(all))
        throw error(errc::malformed_data, "\"" + lines_.name() + "\" is no UTF-8; read it without multiLine to keep what is");
      all_ = all;
      whole_ = true;
    }
    while (at_ < all_.size()) {
      const auto line = all_.substr(at_, all_.find_first_of("\r\n", at_) - at_);
      if (line.empty() || is_comment(line) || (settings_.trim_leading && is_blank_line(line))) {
        at_ += line.size();
        while (at_ < all_.size() && (all_[at_] == '\n' || all_[at_] == '\r')) ++at_;
        continue;
      }
      const auto end = splitter_.split(all_, at_, fields);
      text = all_.substr(at_, end - at_);
      while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
      at_ = end;
      return true;
    }
    return false;
  }

  line_scanner lines_;
  const csv_settings& settings_;
  csv_splitter splitter_;
  std::string repaired_;
  std::string_view all_;
  bool whole_ = false;
  std::int64_t begin_ = 0;
  std::size_t at_ = 0;
};

class csv_reader final : public format_reader {
 public:
  csv_reader(std::shared_ptr<const csv_settings> settings, line_scanner lines, const schema_ptr& schema,
             const std::vector<int>& columns, bool skip_header)
      : settings_(std::move(settings)), records_(std::move(lines), *settings_), skip_header_(skip_header) {
    arrow::FieldVector fields;
    std::vector<int> places;
    for (const auto& field : schema->fields()) {
      places.push_back(field->name() == settings_->corrupt_column ? -1 : width_++);
      if (places.back() >= 0) names_.push_back(field->name());
    }
    int read = 0;
    for (const int i : columns) {
      fields.push_back(schema->field(i));
      places_.push_back(places[static_cast<std::size_t>(i)]);
      columns_.emplace_back(*settings_, fields.back()->name(), fields.back()->type());
      read += places_.back() >= 0 ? 1 : 0;
      if (places_.back() < 0 && fields.back()->type()->id() != arrow::Type::STRING) {
        throw error(errc::invalid_argument, "the column \"" + fields.back()->name() +
                                                "\" takes the text of rows that cannot be read: it must be STRING");
      }
    }
    if (columns.size() == 1 && read == 0) refuse_corrupt_column_alone("CSV", settings_->corrupt_column);
    whole_rows_ = read == width_;
    schema_ = arrow::schema(std::move(fields));
  }

  bool read(const read_budget& budget, batch& out) override {
    out = nullptr;
    std::string_view text;
    if (skip_header_ && records_.next(text, fields_)) check_header();
    skip_header_ = false;
    auto begin = records_.position();
    for (auto& column : columns_) column.reserve(std::min(budget.rows, last_rows_ + last_rows_ / 8 + 64));
    std::int64_t rows = 0;
    while (rows < budget.rows && (rows == 0 || records_.position() - begin < budget.bytes) && records_.next(text, fields_)) {
      rows += add(text) ? 1 : 0;
    }
    last_rows_ = rows;
    if (rows == 0) return false;
    arrow::ArrayVector arrays;
    for (auto& column : columns_) arrays.push_back(column.finish());
    out = arrow::RecordBatch::Make(schema_, rows, std::move(arrays));
    return true;
  }

  std::int64_t position() const override { return records_.position(); }
  std::int64_t malformed_rows() const override { return malformed_; }

 private:
  static constexpr csv_field absent{{}, true};

  const csv_field& field_of(std::size_t column) const {
    const auto place = static_cast<std::size_t>(places_[column]);
    return place < fields_.size() ? fields_[place] : absent;
  }

  bool add(std::string_view text) {
    check_lengths();
    const bool ragged = whole_rows_ && static_cast<int>(fields_.size()) != width_;
    if (settings_->mode != malformed_mode::permissive && !acceptable(text, ragged)) return false;
    bool good = !ragged;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (places_[i] >= 0) good = columns_[i].add(field_of(i)) && good;
    }
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (places_[i] >= 0) continue;
      if (good)
        columns_[i].add_null();
      else
        columns_[i].add_text(text);
    }
    malformed_ += good ? 0 : 1;
    return true;
  }

  /// A field that is not read may be of any length.
  void check_lengths() const {
    if (settings_->max_characters < 0) return;
    if (whole_rows_) {
      for (const auto& field : fields_) check_length(*settings_, field);
      return;
    }
    for (std::size_t i = 0; i < places_.size(); ++i) {
      if (places_[i] >= 0) check_length(*settings_, field_of(i));
    }
  }

  bool acceptable(std::string_view text, bool ragged) {
    std::string why =
        ragged ? std::to_string(fields_.size()) + " fields where " + std::to_string(width_) + " are expected" : "";
    for (std::size_t i = 0; i < columns_.size() && why.empty(); ++i) {
      if (places_[i] < 0 || columns_[i].fits(field_of(i))) continue;
      why = "the value \"" + std::string(field_of(i).text) + "\" of \"" + columns_[i].name() + "\" is no " +
            to_ddl(*columns_[i].type());
    }
    if (why.empty()) return true;
    ++malformed_;
    if (settings_->mode == malformed_mode::drop) return false;
    throw error(errc::malformed_data, records_.place_for_message(text) + ": " + why + ": " + std::string(text.substr(0, 200)) +
                                          " (mode FAILFAST; PERMISSIVE keeps such rows, DROPMALFORMED drops them)");
  }

  void check_header() const {
    if (settings_->enforce_schema) return;
    for (std::size_t i = 0; i < names_.size() || i < fields_.size(); ++i) {
      const auto wanted = i < names_.size() ? names_[i] : "";
      const auto found = i < fields_.size() ? std::string(fields_[i].text) : "";
      if (::strcasecmp(wanted.c_str(), found.c_str()) == 0) continue;
      throw error(errc::malformed_data, "the header of \"" + records_.name() + "\" has \"" + found +
                                            "\" where the schema has \"" + wanted +
                                            "\"; correct the schema, or set enforceSchema=true to go by position");
    }
  }

  std::shared_ptr<const csv_settings> settings_;
  csv_records records_;
  bool skip_header_;
  schema_ptr schema_;
  std::vector<csv_column> columns_;
  std::vector<int> places_;  ///< Per column: its field, or -1 for the corrupt-record column.
  std::vector<std::string> names_;
  int width_ = 0;
  bool whole_rows_ = false;
  std::vector<csv_field> fields_;
  std::int64_t malformed_ = 0;
  std::int64_t last_rows_ = 0;
};

/// Names from a header: empty ones by position, repeated ones with their position.
std::vector<std::string> safe_names(const std::vector<csv_field>& header) {
  std::map<std::string, int, ignore_case_less> uses;
  for (const auto& field : header) ++uses[std::string(field.text)];
  std::vector<std::string> names;
  for (std::size_t i = 0; i < header.size(); ++i) {
    const std::string text(header[i].text);
    const auto place = std::to_string(i);
    names.push_back(header[i].is_null || text.empty() ? "_c" + place : uses[text] > 1 ? text + place : text);
  }
  return names;
}

class csv final : public file_format {
 public:
  csv(std::shared_ptr<const csv_settings> settings, schema_ptr schema)
      : settings_(std::move(settings)), schema_(std::move(schema)) {}

  std::string_view name() const override { return "csv"; }
  schema_ptr schema() const override { return schema_; }
  std::shared_ptr<const file_format> with_schema(schema_ptr schema) const override {
    return std::make_shared<csv>(settings_, std::move(schema));
  }
  bool divisible() const override { return !settings_->multi_line && settings_->line_separator.size() <= 1; }

  schema_ptr infer(const std::vector<input_opener>& inputs) const override {
    std::vector<std::string> names;
    std::vector<csv_column_inference> columns;
    std::string header;
    double due = 1.0;
    bool started = false;
    for (const auto& opener : inputs) {
      csv_records records(line_scanner(opener(), {}, settings_->line_separator, true), *settings_);
      std::string_view text;
      std::vector<csv_field> fields;
      while (records.next(text, fields)) {
        if (!started || settings_->infer) {
          for (const auto& field : fields) check_length(*settings_, field);
        }
        if (!started) {
          started = true;
          header = text;
          columns.resize(fields.size());
          if (settings_->header) names = safe_names(fields);
          for (std::size_t i = names.size(); i < fields.size(); ++i) names.push_back("_c" + std::to_string(i));
          if (settings_->header) continue;
        }
        if (!settings_->infer) return made(names, columns);
        if (settings_->header && text == header) continue;
        if (due >= 1.0) {
          for (std::size_t i = 0; i < std::min(columns.size(), fields.size()); ++i) columns[i].add(*settings_, fields[i]);
          due -= 1.0;
        }
        due += settings_->sampling_ratio;
      }
    }
    return made(names, columns);
  }

  std::unique_ptr<format_reader> open(std::unique_ptr<byte_input> input, byte_range range,
                                      const std::vector<int>& columns) const override {
    return std::make_unique<csv_reader>(settings_,
                                        line_scanner(std::move(input), range, settings_->line_separator, range.begin == 0),
                                        schema_, columns, settings_->header && range.begin == 0);
  }
  std::unique_ptr<format_reader> resume(std::unique_ptr<byte_input> input, std::int64_t position, std::int64_t end,
                                        const std::vector<int>& columns) const override {
    return std::make_unique<csv_reader>(settings_,
                                        line_scanner(std::move(input), {position, end}, settings_->line_separator, true),
                                        schema_, columns, settings_->header && position == 0);
  }

 private:
  static schema_ptr made(const std::vector<std::string>& names, const std::vector<csv_column_inference>& columns) {
    arrow::FieldVector fields;
    for (std::size_t i = 0; i < names.size(); ++i) fields.push_back(arrow::field(names[i], columns[i].type()));
    return arrow::schema(std::move(fields));
  }

  std::shared_ptr<const csv_settings> settings_;
  schema_ptr schema_;
};

}  // namespace

file_format_ptr csv_format(const options& settings, schema_ptr schema) {
  return std::make_shared<csv>(std::make_shared<csv_settings>(csv_settings::read(settings)), std::move(schema));
}

}  // namespace flow
