#include <arrow/api.h>

#include "flow/error.hpp"
#include "flow/format_writer.hpp"
#include "format/format_option.hpp"

namespace flow {

namespace {

class text_format_writer final : public format_writer {
 public:
  text_format_writer(const options& settings, const arrow::Schema& schema) : line_end_(read_line_separator(settings)) {
    if (line_end_.empty()) line_end_ = "\n";
    if (schema.num_fields() == 1 && schema.field(0)->type()->id() == arrow::Type::STRING) return;
    throw error(errc::type_mismatch, "the text format writes exactly one STRING column, but the result is " + to_ddl(schema) +
                                         "; select one text, such as to_json(struct(*)) AS value");
  }

  void append_rows(const arrow::RecordBatch& rows, std::string& out) const override {
    const auto& lines = static_cast<const arrow::StringArray&>(*rows.column(0));
    out.reserve(out.size() + static_cast<std::size_t>(lines.total_values_length() + lines.length()));
    for (std::int64_t row = 0; row < lines.length(); ++row) {
      if (!lines.IsNull(row)) out += lines.GetView(row);
      out += line_end_;
    }
  }
  std::string_view extension() const override { return "txt"; }

 private:
  std::string line_end_;
};

}  // namespace

format_writer_ptr text_writer(const options& settings, schema_ptr schema) {
  return std::make_shared<text_format_writer>(settings, *schema);
}

format_writer_ptr find_format_writer(std::string_view name, const options& settings, schema_ptr schema) {
  if (name == "json") return json_writer(settings, std::move(schema));
  if (name == "csv") return csv_writer(settings, std::move(schema));
  if (name == "text") return text_writer(settings, std::move(schema));
  return nullptr;
}

}  // namespace flow
