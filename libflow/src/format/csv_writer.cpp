#include <arrow/api.h>

#include "batch/arrow_status.hpp"
#include "flow/error.hpp"
#include "flow/format_writer.hpp"
#include "format/csv_value.hpp"
#include "format/format_option.hpp"
#include "format/text_column.hpp"
#include "format/time_writer.hpp"
#include "function/value_text.hpp"
#include "types/ascii.hpp"

namespace flow {

namespace {

struct csv_style {
  explicit csv_style(const options& settings)
      : separator(unescaped("sep", settings.find("sep") ? settings.text("sep", ",") : settings.text("delimiter", ","))),
        quote(read_character(settings, "quote", '"')),
        escape(read_character(settings, "escape", '\\')),
        escape_escape(read_character(settings, "charToEscapeQuoteEscaping", escape == quote ? '\0' : escape)),
        quote_all(settings.boolean("quoteAll", false)),
        escape_quotes(settings.boolean("escapeQuotes", true)),
        null_text(settings.text("nullValue", "")),
        empty_text(settings.text("emptyValue", std::string(2, quote))),
        trim_front(settings.boolean("ignoreLeadingWhiteSpace", true)),
        trim_back(settings.boolean("ignoreTrailingWhiteSpace", true)),
        line_end(read_line_separator(settings)) {
    if (separator.empty())
      throw error(errc::invalid_option, "option \"sep\" is empty; expected the text between two values, such as \",\"");
    if (line_end.empty()) line_end = "\n";
  }

  std::string separator;
  char quote, escape, escape_escape;
  bool quote_all, escape_quotes;
  std::string null_text, empty_text;
  bool trim_front, trim_back;
  std::string line_end;
};

void append_field(std::string& out, std::string_view text, const csv_style& style) {
  while (style.trim_front && !text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (style.trim_back && !text.empty() && is_blank(text.back())) text.remove_suffix(1);
  if (text.empty()) {
    out += style.empty_text;
    return;
  }
  const bool has_quote = style.escape_quotes && style.quote != '\0' && text.find(style.quote) != std::string_view::npos;
  const bool quoted =
      style.quote != '\0' && (style.quote_all || has_quote || text.find(style.separator) != std::string_view::npos ||
                              text.find_first_of("\r\n") != std::string_view::npos || text.front() == style.quote);
  if (!quoted) {
    out += text;
    return;
  }
  out += style.quote;
  for (const char c : text) {
    if (c == style.quote) {
      out += style.escape;
    } else if (c == style.escape && style.escape_escape != '\0') {
      out += style.escape_escape;
    }
    out += c;
  }
  out += style.quote;
}

void check_column(const arrow::Field& field) {
  switch (field.type()->id()) {
    case arrow::Type::LIST:
    case arrow::Type::MAP:
    case arrow::Type::STRUCT:
    case arrow::Type::BINARY:
    case arrow::Type::INTERVAL_MONTH_DAY_NANO:
      throw error(errc::type_mismatch, "column " + field.name() + " of type " + to_ddl(*field.type()) +
                                           " cannot be written as CSV; select its parts, or use to_json() or a cast to STRING");
    default:
      return;
  }
}

class csv_format_writer final : public format_writer {
 public:
  csv_format_writer(const options& settings, schema_ptr schema)
      : schema_(std::move(schema)), style_(settings), times_(settings), header_(settings.boolean("header", false)) {
    for (const auto& field : schema_->fields()) check_column(*field);
  }

  void append_header(std::string& out) const override {
    if (!header_) return;
    for (int i = 0; i < schema_->num_fields(); ++i) {
      if (i > 0) out += style_.separator;
      append_field(out, schema_->field(i)->name(), style_);
    }
    out += style_.line_end;
  }

  void append_rows(const arrow::RecordBatch& rows, std::string& out) const override {
    for_each_record(rows.columns(), rows.num_rows(), out, [&](std::int64_t) { out += style_.line_end; });
  }
  /// Appends each row's fields; `ended(row)` is called behind each.
  template <class Ended>
  void for_each_record(const arrow::ArrayVector& columns, std::int64_t rows, std::string& out, Ended ended) const {
    std::vector<text_column> texts;
    for (const auto& values : columns) texts.push_back(texts_of(*values));
    for (std::int64_t row = 0; row < rows; ++row) {
      for (std::size_t i = 0; i < texts.size(); ++i) {
        if (i > 0) out += style_.separator;
        out += texts[i][row];
      }
      ended(row);
    }
  }
  std::string_view extension() const override { return "csv"; }

 private:
  template <class Append>
  text_column fields_of(const arrow::Array& values, const Append& append) const {
    text_column texts;
    texts.reserve(values.length());
    std::string text;
    for (std::int64_t i = 0; i < values.length(); ++i) {
      if (values.IsNull(i)) {
        texts.bytes() += style_.null_text;
      } else {
        text.clear();
        append(text, i);
        append_field(texts.bytes(), text, style_);
      }
      texts.end_value();
    }
    return texts;
  }

  text_column texts_of(const arrow::Array& values) const {
    switch (values.type_id()) {
      case arrow::Type::STRING: {
        const auto& strings = static_cast<const arrow::StringArray&>(values);
        return fields_of(values, [&](std::string& out, std::int64_t i) { out += strings.GetView(i); });
      }
      case arrow::Type::DATE32: {
        const auto& dates = static_cast<const arrow::Date32Array&>(values);
        return fields_of(values, [&](std::string& out, std::int64_t i) { times_.append_date(out, dates.Value(i)); });
      }
      case arrow::Type::TIMESTAMP: {
        const auto& times = static_cast<const arrow::TimestampArray&>(values);
        const bool zoned = !static_cast<const arrow::TimestampType&>(*values.type()).timezone().empty();
        return fields_of(values, [&](std::string& out, std::int64_t i) {
          zoned ? times_.append_timestamp(out, times.Value(i)) : times_.append_timestamp_ntz(out, times.Value(i));
        });
      }
      default:
        return fields_of(values, [&](std::string& out, std::int64_t i) { append_value(out, values, i); });
    }
  }

  schema_ptr schema_;
  csv_style style_;
  time_writer times_;
  bool header_;
};

}  // namespace

column_kernel csv_value_writer(const options& settings, const data_type& type) {
  const auto writer = std::make_shared<const csv_format_writer>(settings, arrow::schema(type->fields()));
  return [writer](const array& values) {
    const auto& structs = static_cast<const arrow::StructArray&>(*values);
    arrow::StringBuilder out;
    check(out.Reserve(values->length()));
    std::string text;
    writer->for_each_record(check(structs.Flatten()), values->length(), text, [&](std::int64_t row) {
      check(structs.IsNull(row) ? out.AppendNull() : out.Append(text));
      text.clear();
    });
    return check(out.Finish());
  };
}

format_writer_ptr csv_writer(const options& settings, schema_ptr schema) {
  return std::make_shared<csv_format_writer>(settings, std::move(schema));
}

}  // namespace flow
