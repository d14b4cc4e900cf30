#include "format/csv_value.hpp"

#include <arrow/api.h>

#include "batch/arrow_status.hpp"
#include "flow/error.hpp"
#include "format/csv_column.hpp"
#include "format/csv_record.hpp"

namespace flow {
namespace {

csv_settings csv_settings_of(const options& settings) {
  auto read = csv_settings::read(settings);
  // A text is one record: it ends at a line break outside quotes.
  read.multi_line = true;
  if (read.mode == malformed_mode::drop) {
    throw error(errc::invalid_option,
                "option \"mode\" = \"DROPMALFORMED\": a value cannot be dropped; use PERMISSIVE or FAILFAST");
  }
  return read;
}

/// One column of texts being read.
class record_reader {
 public:
  record_reader(const csv_settings& settings, const data_type& type) : settings_(settings), type_(type), splitter_(settings) {
    for (const auto& field : type->fields()) {
      columns_.emplace_back(settings, field->name(), field->type());
      if (field->name() != settings.corrupt_column) {
        ++width_;
        continue;
      }
      corrupt_ = static_cast<int>(columns_.size()) - 1;
      if (field->type()->id() != arrow::Type::STRING)
        throw error(errc::invalid_argument,
                    "the column \"" + field->name() + "\" takes the text of bad records: it must be STRING");
    }
  }

  void add(std::string_view text) {
    fields_.clear();
    if (!text.empty()) splitter_.split(text, 0, fields_);
    bool good = fields_.size() == width_;
    std::size_t place = 0;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (static_cast<int>(i) == corrupt_) continue;
      const auto field = place < fields_.size() ? fields_[place] : csv_field{{}, true};
      ++place;
      good = columns_[i].add(field) && good;
    }
    if (!good && settings_.mode == malformed_mode::fail)
      throw error(errc::malformed_data, "from_csv: no record of " + to_ddl(*type_) + ": " + std::string(text.substr(0, 200)) +
                                            " (mode FAILFAST; PERMISSIVE gives nulls)");
    if (corrupt_ < 0) return;
    auto& corrupt = columns_[static_cast<std::size_t>(corrupt_)];
    good ? corrupt.add_null() : corrupt.add_text(text);
  }
  void add_null() {
    for (auto& column : columns_) column.add_null();
  }
  arrow::ArrayVector finish() {
    arrow::ArrayVector out;
    for (auto& column : columns_) out.push_back(column.finish());
    return out;
  }

 private:
  const csv_settings& settings_;
  data_type type_;
  csv_splitter splitter_;
  std::vector<csv_column> columns_;
  std::vector<csv_field> fields_;
  std::size_t width_ = 0;
  int corrupt_ = -1;
};

}  // namespace

column_kernel csv_value_reader(const options& settings, const data_type& type) {
  const auto read = std::make_shared<const csv_settings>(csv_settings_of(settings));
  static_cast<void>(record_reader(*read, type));  // Refuses what it cannot read.
  return [read, type](const array& column) -> array {
    const auto& texts = static_cast<const arrow::StringArray&>(*column);
    record_reader rows(*read, type);
    for (std::int64_t i = 0; i < texts.length(); ++i) texts.IsNull(i) ? rows.add_null() : rows.add(texts.GetView(i));
    std::shared_ptr<arrow::Buffer> present;
    if (texts.null_count() > 0)
      present = check(
          arrow::internal::CopyBitmap(arrow::default_memory_pool(), texts.null_bitmap_data(), texts.offset(), texts.length()));
    return std::make_shared<arrow::StructArray>(type, texts.length(), rows.finish(), std::move(present), texts.null_count());
  };
}

data_type csv_value_type(const options& settings, const std::string& text) {
  const auto read = csv_settings_of(settings);
  std::vector<csv_field> fields;
  csv_splitter splitter(read);
  if (!text.empty()) splitter.split(text, 0, fields);
  arrow::FieldVector columns;
  for (const auto& field : fields) {
    csv_column_inference column;
    column.add(read, field);
    columns.push_back(arrow::field("_c" + std::to_string(columns.size()), column.type()));
  }
  return arrow::struct_(columns);
}

}  // namespace flow
