#include <algorithm>

#include <arrow/api.h>

#include "flow/error.hpp"
#include "flow/format_reader.hpp"
#include "format/json_decoder.hpp"
#include "format/line_scanner.hpp"

namespace flow {
namespace {

schema_ptr chosen(const schema_ptr& schema, const std::vector<int>& columns) {
  arrow::FieldVector fields;
  for (const int i : columns) fields.push_back(schema->field(i));
  return arrow::schema(std::move(fields));
}

std::string excerpt(std::string_view text) { return std::string(text.substr(0, 200)) + (text.size() > 200 ? "..." : ""); }

/// What both readers do with one text.
class row_decoding {
 public:
  row_decoding(std::shared_ptr<const json_settings> settings, const schema_ptr& schema, const std::vector<int>& columns,
               const std::vector<wanted_texts>& wanted)
      : settings_(std::move(settings)),
        schema_(chosen(schema, columns)),
        decoder_(*settings_, schema, columns, json_root::rows) {
    if (columns.size() == 1 && schema_->field(0)->name() == settings_->corrupt_column)
      refuse_corrupt_column_alone("JSON", settings_->corrupt_column);
    for (const auto& one : wanted) {
      const auto at = std::find(columns.begin(), columns.end(), one.column);
      if (at != columns.end()) decoder_.want_only(static_cast<std::size_t>(at - columns.begin()), one.values);
    }
  }

  json_decoder& decoder() { return decoder_; }
  std::int64_t malformed() const { return malformed_; }
  std::int64_t left_out() const { return left_out_; }

  /// `place` says where the text stands, for a message.
  template <class Place>
  void add(std::string_view text, bool checked, Place place) {
    const bool valid = checked || valid_utf8(text);
    const auto outcome = valid ? decoder_.decode(text) : json_decoder::outcome::malformed;
    if (outcome == json_decoder::outcome::added || outcome == json_decoder::outcome::blank) return;
    if (outcome == json_decoder::outcome::unwanted) {
      ++left_out_;
      return;
    }
    ++malformed_;
    if (settings_->mode == malformed_mode::fail) {
      const auto why = outcome == json_decoder::outcome::partial ? decoder_.complaint() : "no JSON object";
      throw error(errc::malformed_data, place() + ": " + why + ": " + (valid ? excerpt(text) : repaired_utf8(excerpt(text))) +
                                            " (mode FAILFAST; PERMISSIVE keeps such rows, DROPMALFORMED drops them)");
    }
    if (settings_->mode == malformed_mode::drop || outcome == json_decoder::outcome::partial) return;
    decoder_.add_corrupt(valid ? std::string(text) : repaired_utf8(text));
  }

  /// The next row, if it can be read without being cut out as a line first.
  bool add_first_of(line_scanner& lines) {
    const auto rest = decoder_.reads_ahead() ? lines.whole_lines() : std::string_view();
    if (rest.empty()) return false;
    const char* reached = nullptr;
    const auto outcome = decoder_.decode_first(rest, reached);
    if (outcome == json_decoder::outcome::malformed) return false;
    if (outcome == json_decoder::outcome::unwanted) ++left_out_;
    if (outcome == json_decoder::outcome::partial) ++malformed_;
    lines.end_line(reached);
    return true;
  }

  batch take() {
    const auto rows = decoder_.rows();
    return arrow::RecordBatch::Make(schema_, rows, decoder_.finish());
  }

 private:
  std::shared_ptr<const json_settings> settings_;
  schema_ptr schema_;
  json_decoder decoder_;
  std::int64_t malformed_ = 0;
  std::int64_t left_out_ = 0;
};

class json_line_reader final : public format_reader {
 public:
  json_line_reader(line_scanner lines, row_decoding rows) : lines_(std::move(lines)), rows_(std::move(rows)) {}

  bool read(const read_budget& budget, batch& out) override {
    out = nullptr;
    const auto begin = lines_.position();
    std::string_view line;
    rows_.decoder().reserve(std::min(budget.rows, last_rows_ + last_rows_ / 8 + 64));
    while (rows_.decoder().rows() < budget.rows && lines_.position() - begin < budget.bytes) {
      if (rows_.add_first_of(lines_)) continue;
      if (!lines_.next(line)) break;
      rows_.add(line, lines_.checked(), [this] { return lines_.place_for_message(); });
    }
    last_rows_ = rows_.decoder().rows();
    if (last_rows_ == 0 && lines_.position() == begin) return false;
    out = rows_.take();
    return true;
  }

  std::int64_t position() const override { return lines_.position(); }
  std::int64_t malformed_rows() const override { return rows_.malformed(); }
  std::int64_t rows_left_out() const override { return rows_.left_out(); }

 private:
  line_scanner lines_;
  row_decoding rows_;
  std::int64_t last_rows_ = 0;
};

/// multiLine: one text. Its position counts rows.
class json_whole_reader final : public format_reader {
 public:
  json_whole_reader(line_scanner input, row_decoding rows, std::int64_t skip)
      : input_(std::move(input)), rows_(std::move(rows)), given_(skip) {}

  bool read(const read_budget& budget, batch& out) override {
    out = nullptr;
    if (decoded_ == nullptr) {
      std::string_view text;
      if (input_.whole(text)) rows_.add(text, false, [this] { return "\"" + input_.name() + "\""; });
      decoded_ = rows_.take();
    }
    const auto left = decoded_->num_rows() - given_;
    if (left <= 0) return false;
    out = decoded_->Slice(given_, std::min(left, budget.rows));
    given_ += out->num_rows();
    return true;
  }

  std::int64_t position() const override { return given_; }
  std::int64_t malformed_rows() const override { return rows_.malformed(); }

 private:
  line_scanner input_;
  row_decoding rows_;
  batch decoded_;
  std::int64_t given_;
};

class json final : public file_format {
 public:
  json(std::shared_ptr<const json_settings> settings, schema_ptr schema, std::vector<wanted_texts> wanted = {})
      : settings_(std::move(settings)), schema_(std::move(schema)), wanted_(std::move(wanted)) {}

  std::string_view name() const override { return "json"; }
  schema_ptr schema() const override { return schema_; }
  std::shared_ptr<const file_format> with_schema(schema_ptr schema) const override {
    return std::make_shared<json>(settings_, std::move(schema));
  }
  std::shared_ptr<const file_format> wanting(const std::vector<wanted_texts>& all) const override {
    // FAILFAST promises to look at every row.
    if (settings_->mode == malformed_mode::fail || settings_->multi_line) return nullptr;
    return std::make_shared<json>(settings_, schema_, all);
  }
  bool divisible() const override { return !settings_->multi_line && settings_->separator.size() <= 1; }

  schema_ptr infer(const std::vector<input_opener>& inputs) const override {
    json_inference inference(*settings_);
    const auto every = settings_->sampling_ratio;
    double due = 1.0;
    for (const auto& opener : inputs) {
      auto lines = line_scanner(opener(), {}, settings_->separator, true);
      std::string_view text;
      while (settings_->multi_line ? lines.whole(text) : lines.next(text)) {
        if (due >= 1.0) {
          inference.add(text);
          due -= 1.0;
        }
        due += every;
      }
    }
    return inference.finish();
  }

  std::unique_ptr<format_reader> open(std::unique_ptr<byte_input> input, byte_range range,
                                      const std::vector<int>& columns) const override {
    return make(std::move(input), range, 0, range.begin == 0, columns);
  }
  std::unique_ptr<format_reader> resume(std::unique_ptr<byte_input> input, std::int64_t position, std::int64_t end,
                                        const std::vector<int>& columns) const override {
    if (settings_->multi_line) return make(std::move(input), {}, position, true, columns);
    return make(std::move(input), {position, end}, 0, true, columns);
  }

 private:
  std::unique_ptr<format_reader> make(std::unique_ptr<byte_input> input, byte_range range, std::int64_t skip, bool exact,
                                      const std::vector<int>& columns) const {
    line_scanner lines(std::move(input), range, settings_->separator, exact);
    row_decoding rows(settings_, schema_, columns, wanted_);
    if (settings_->multi_line) return std::make_unique<json_whole_reader>(std::move(lines), std::move(rows), skip);
    return std::make_unique<json_line_reader>(std::move(lines), std::move(rows));
  }

  std::shared_ptr<const json_settings> settings_;
  schema_ptr schema_;
  std::vector<wanted_texts> wanted_;
};

}  // namespace

file_format_ptr json_format(const options& settings, schema_ptr schema) {
  return std::make_shared<json>(std::make_shared<json_settings>(json_settings::read(settings)), std::move(schema));
}

}  // namespace flow
