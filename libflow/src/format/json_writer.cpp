#include <algorithm>
#include <cmath>

#include <arrow/api.h>
#include <arrow/util/base64.h>

#include "batch/arrow_status.hpp"
#include "flow/error.hpp"
#include "flow/format_writer.hpp"
#include "format/format_option.hpp"
#include "format/json_text.hpp"
#include "format/json_value.hpp"
#include "format/text_column.hpp"
#include "format/time_writer.hpp"
#include "function/value_text.hpp"

namespace flow {

namespace {

bool holds_interval(const arrow::DataType& type) {
  if (type.id() == arrow::Type::INTERVAL_MONTH_DAY_NANO) return true;
  return std::any_of(type.fields().begin(), type.fields().end(), [](const auto& f) { return holds_interval(*f->type()); });
}

// Values as JSON texts, a column at a time; a null's text is empty and never used.
class json_texts {
 public:
  json_texts(const time_writer& times, bool ignore_null_fields) : times_(times), ignore_null_fields_(ignore_null_fields) {}

  text_column of(const arrow::Array& values) const {
    text_column texts;
    texts.reserve(values.length());
    append(values, texts);
    return texts;
  }

  // The members of one row, in braces, from the members' texts.
  void append_object(std::string& out, const std::vector<std::string>& names, const arrow::ArrayVector& members,
                     const std::vector<text_column>& texts, std::int64_t row) const {
    out += '{';
    bool first = true;
    for (std::size_t i = 0; i < members.size(); ++i) {
      const bool null = members[i]->IsNull(row);
      if (null && ignore_null_fields_) continue;
      if (!first) out += ',';
      first = false;
      out += names[i];
      out += null ? std::string_view("null") : texts[i][row];
    }
    out += '}';
  }

  // `"name":` of each field.
  static std::vector<std::string> quoted_names(const arrow::FieldVector& fields) {
    std::vector<std::string> names;
    for (const auto& field : fields) {
      append_json_string(names.emplace_back(), field->name());
      names.back() += ':';
    }
    return names;
  }

 private:
  template <class Array, class Append>
  static void each(const arrow::Array& values, text_column& texts, const Append& append) {
    const auto& typed = static_cast<const Array&>(values);
    for (std::int64_t i = 0; i < typed.length(); ++i) {
      if (!typed.IsNull(i)) append(texts.bytes(), typed, i);
      texts.end_value();
    }
  }

  template <class Array>
  static void append_real(const arrow::Array& values, text_column& texts) {
    each<Array>(values, texts, [&](std::string& out, const Array& a, std::int64_t i) {
      const bool finite = std::isfinite(a.Value(i));
      if (!finite) out += '"';
      append_value(out, a, i);
      if (!finite) out += '"';
    });
  }

  void append_times(const arrow::Array& values, text_column& texts) const {
    const bool zoned = !static_cast<const arrow::TimestampType&>(*values.type()).timezone().empty();
    each<arrow::TimestampArray>(values, texts, [&](std::string& out, const arrow::TimestampArray& a, std::int64_t i) {
      std::string time;
      zoned ? times_.append_timestamp(time, a.Value(i)) : times_.append_timestamp_ntz(time, a.Value(i));
      append_json_string(out, time);
    });
  }

  void append_dates(const arrow::Array& values, text_column& texts) const {
    each<arrow::Date32Array>(values, texts, [&](std::string& out, const arrow::Date32Array& a, std::int64_t i) {
      std::string date;
      times_.append_date(date, a.Value(i));
      append_json_string(out, date);
    });
  }

  void append_lists(const arrow::Array& values, text_column& texts) const {
    const auto& items = static_cast<const arrow::ListArray&>(values).values();
    const auto item_texts = of(*items);
    each<arrow::ListArray>(values, texts, [&](std::string& out, const arrow::ListArray& a, std::int64_t i) {
      out += '[';
      for (std::int64_t k = a.value_offset(i); k < a.value_offset(i + 1); ++k) {
        if (k > a.value_offset(i)) out += ',';
        out += items->IsNull(k) ? std::string_view("null") : item_texts[k];
      }
      out += ']';
    });
  }

  // Spark writes keys that are dates or times as the numbers it holds them in.
  static void append_key(std::string& out, const arrow::Array& keys, std::int64_t row) {
    if (keys.type_id() == arrow::Type::DATE32) {
      append_integer(out, static_cast<const arrow::Date32Array&>(keys).Value(row));
    } else if (keys.type_id() == arrow::Type::TIMESTAMP) {
      append_integer(out, static_cast<const arrow::TimestampArray&>(keys).Value(row));
    } else {
      append_value(out, keys, row);
    }
  }

  void append_maps(const arrow::Array& values, text_column& texts) const {
    const auto& maps = static_cast<const arrow::MapArray&>(values);
    const auto item_texts = of(*maps.items());
    each<arrow::MapArray>(values, texts, [&](std::string& out, const arrow::MapArray& a, std::int64_t i) {
      out += '{';
      std::string key;
      for (std::int64_t k = a.value_offset(i); k < a.value_offset(i + 1); ++k) {
        if (k > a.value_offset(i)) out += ',';
        key.clear();
        append_key(key, *a.keys(), k);
        append_json_string(out, key);
        out += ':';
        out += a.items()->IsNull(k) ? std::string_view("null") : item_texts[k];
      }
      out += '}';
    });
  }

  void append_structs(const arrow::Array& values, text_column& texts) const {
    const auto& structs = static_cast<const arrow::StructArray&>(values);
    const auto names = quoted_names(structs.struct_type()->fields());
    const auto members = structs.fields();
    std::vector<text_column> member_texts;
    for (const auto& member : members) member_texts.push_back(of(*member));
    each<arrow::StructArray>(values, texts, [&](std::string& out, const arrow::StructArray&, std::int64_t i) {
      append_object(out, names, members, member_texts, i);
    });
  }

  void append(const arrow::Array& values, text_column& texts) const {
    switch (values.type_id()) {
      case arrow::Type::STRING:
        return each<arrow::StringArray>(values, texts, [](std::string& out, const arrow::StringArray& a, std::int64_t i) {
          append_json_string(out, a.GetView(i));
        });
      case arrow::Type::BINARY:
        return each<arrow::BinaryArray>(values, texts, [](std::string& out, const arrow::BinaryArray& a, std::int64_t i) {
          append_json_string(out, arrow::util::base64_encode(a.GetView(i)));
        });
      case arrow::Type::FLOAT:
        return append_real<arrow::FloatArray>(values, texts);
      case arrow::Type::DOUBLE:
        return append_real<arrow::DoubleArray>(values, texts);
      case arrow::Type::INT64:
        return each<arrow::Int64Array>(values, texts, [](std::string& out, const arrow::Int64Array& a, std::int64_t i) {
          append_integer(out, a.Value(i));
        });
      case arrow::Type::DATE32:
        return append_dates(values, texts);
      case arrow::Type::TIMESTAMP:
        return append_times(values, texts);
      case arrow::Type::LIST:
        return append_lists(values, texts);
      case arrow::Type::MAP:
        return append_maps(values, texts);
      case arrow::Type::STRUCT:
        return append_structs(values, texts);
      default:
        return each<arrow::Array>(values, texts,
                                  [](std::string& out, const arrow::Array& a, std::int64_t i) { append_value(out, a, i); });
    }
  }

  const time_writer& times_;
  bool ignore_null_fields_;
};

class json_format_writer final : public format_writer {
 public:
  json_format_writer(const options& settings, const arrow::Schema& schema)
      : times_(settings),
        ignore_null_fields_(settings.boolean("ignoreNullFields", true)),
        line_end_(read_line_separator(settings)),
        names_(json_texts::quoted_names(schema.fields())) {
    if (line_end_.empty()) line_end_ = "\n";
    for (const auto& field : schema.fields()) {
      if (!holds_interval(*field->type())) continue;
      throw error(errc::type_mismatch,
                  "column " + field->name() + " is an interval, which JSON cannot hold; cast it to STRING");
    }
  }

  void append_rows(const arrow::RecordBatch& rows, std::string& out) const override {
    const json_texts texts(times_, ignore_null_fields_);
    std::vector<text_column> columns;
    for (const auto& values : rows.columns()) columns.push_back(texts.of(*values));
    for (std::int64_t row = 0; row < rows.num_rows(); ++row) {
      texts.append_object(out, names_, rows.columns(), columns, row);
      out += line_end_;
    }
  }
  std::string_view extension() const override { return "json"; }

 private:
  time_writer times_;
  bool ignore_null_fields_;
  std::string line_end_;
  std::vector<std::string> names_;
};

}  // namespace

column_kernel json_value_writer(const options& settings, const data_type& type) {
  if (holds_interval(*type)) throw error(errc::type_mismatch, "JSON cannot hold an interval; cast it to STRING");
  return [times = time_writer(settings), ignore_null_fields = settings.boolean("ignoreNullFields", true)](const array& values) {
    const auto texts = json_texts(times, ignore_null_fields).of(*values);
    arrow::StringBuilder out;
    check(out.Reserve(values->length()));
    check(out.ReserveData(static_cast<std::int64_t>(texts.size())));
    for (std::int64_t i = 0; i < values->length(); ++i) {
      values->IsNull(i) ? out.UnsafeAppendNull() : out.UnsafeAppend(texts[i]);
    }
    return check(out.Finish());
  };
}

format_writer_ptr json_writer(const options& settings, schema_ptr schema) {
  return std::make_shared<json_format_writer>(settings, *schema);
}

}  // namespace flow
