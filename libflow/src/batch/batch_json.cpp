#include <algorithm>
#include <cmath>

#include <arrow/api.h>
#include <nlohmann/json.hpp>

#include "batch/arrow_status.hpp"
#include "flow/batch.hpp"
#include "flow/time.hpp"
#include "format/line_scanner.hpp"
#include "function/value_text.hpp"
#include "types/calendar.hpp"

namespace flow {

namespace {

using nlohmann::json;

[[noreturn]] void refuse(const json& value, const arrow::DataType& type) {
  throw error(errc::invalid_argument, value.dump() + " is no " + to_ddl(type));
}

void append(arrow::ArrayBuilder& builder, const json& value);

double to_double(const json& value, const arrow::DataType& type) {
  if (value.is_number()) return value.get<double>();
  if (value == "NaN") return std::nan("");
  if (value == "Infinity") return INFINITY;
  if (value == "-Infinity") return -INFINITY;
  refuse(value, type);
}

std::string from_hex(const json& value, const arrow::DataType& type) {
  if (!value.is_string() || value.get_ref<const std::string&>().size() % 2 != 0) refuse(value, type);
  const auto& hex = value.get_ref<const std::string&>();
  std::string out;
  for (std::size_t i = 0; i < hex.size(); i += 2) out += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return out;
}

template <class Builder>
void append_integer(arrow::ArrayBuilder& builder, const json& value) {
  if (!value.is_number_integer()) refuse(value, *builder.type());
  using c_type = typename Builder::value_type;
  const auto n = value.get<std::int64_t>();
  if (n < std::numeric_limits<c_type>::min() || n > std::numeric_limits<c_type>::max()) refuse(value, *builder.type());
  check(static_cast<Builder&>(builder).Append(static_cast<c_type>(n)));
}

void append_decimal(arrow::ArrayBuilder& builder, const json& value) {
  const auto held = builder.type();
  const auto& type = static_cast<const arrow::DecimalType&>(*held);
  if (!value.is_string()) refuse(value, type);
  arrow::Decimal128 number;
  std::int32_t precision = 0, scale = 0;
  if (!arrow::Decimal128::FromString(value.get_ref<const std::string&>(), &number, &precision, &scale).ok())
    refuse(value, type);
  const auto scaled = number.Rescale(scale, type.scale());
  if (!scaled.ok() || !scaled->FitsInPrecision(type.precision())) refuse(value, type);
  check(static_cast<arrow::Decimal128Builder&>(builder).Append(*scaled));
}

template <class Builder, class Parsed>
void append_parsed(arrow::ArrayBuilder& builder, const json& value, const Parsed& parsed) {
  if (!parsed) refuse(value, *builder.type());
  check(static_cast<Builder&>(builder).Append(*parsed));
}

void append_nested(arrow::ArrayBuilder& builder, const json& value) {
  if (!value.is_array()) refuse(value, *builder.type());
  if (builder.type()->id() == arrow::Type::LIST) {
    auto& list = static_cast<arrow::ListBuilder&>(builder);
    check(list.Append());
    for (const auto& element : value) append(*list.value_builder(), element);
  } else if (builder.type()->id() == arrow::Type::MAP) {
    auto& map = static_cast<arrow::MapBuilder&>(builder);
    check(map.Append());
    for (const auto& pair : value) {
      if (!pair.is_array() || pair.size() != 2) refuse(value, *builder.type());
      append(*map.key_builder(), pair[0]);
      append(*map.item_builder(), pair[1]);
    }
  } else {
    auto& structure = static_cast<arrow::StructBuilder&>(builder);
    if (value.size() != static_cast<std::size_t>(structure.num_fields())) refuse(value, *builder.type());
    check(structure.Append());
    for (int i = 0; i < structure.num_fields(); ++i) append(*structure.field_builder(i), value[static_cast<std::size_t>(i)]);
  }
}

std::string_view text_of(const json& value, const arrow::DataType& type) {
  if (!value.is_string()) refuse(value, type);
  return value.get_ref<const std::string&>();
}

void append(arrow::ArrayBuilder& builder, const json& value) {
  const auto held = builder.type();  // Builders of nested types make it when asked.
  const auto& type = *held;
  if (value.is_null()) return check(builder.AppendNull());
  switch (type.id()) {
    case arrow::Type::BOOL:
      if (!value.is_boolean()) refuse(value, type);
      return check(static_cast<arrow::BooleanBuilder&>(builder).Append(value.get<bool>()));
    case arrow::Type::INT8:
      return append_integer<arrow::Int8Builder>(builder, value);
    case arrow::Type::INT16:
      return append_integer<arrow::Int16Builder>(builder, value);
    case arrow::Type::INT32:
      return append_integer<arrow::Int32Builder>(builder, value);
    case arrow::Type::INT64:
      return append_integer<arrow::Int64Builder>(builder, value);
    case arrow::Type::FLOAT:
      return check(static_cast<arrow::FloatBuilder&>(builder).Append(static_cast<float>(to_double(value, type))));
    case arrow::Type::DOUBLE:
      return check(static_cast<arrow::DoubleBuilder&>(builder).Append(to_double(value, type)));
    case arrow::Type::STRING:
      return check(static_cast<arrow::StringBuilder&>(builder).Append(text_of(value, type)));
    case arrow::Type::BINARY:
      return check(static_cast<arrow::BinaryBuilder&>(builder).Append(from_hex(value, type)));
    case arrow::Type::DATE32:
      return append_parsed<arrow::Date32Builder>(builder, value, parse_date_text(text_of(value, type)));
    case arrow::Type::TIMESTAMP:
      return append_parsed<arrow::TimestampBuilder>(builder, value, parse_timestamp_text(text_of(value, type), 0));
    case arrow::Type::DECIMAL128:
      return append_decimal(builder, value);
    case arrow::Type::LIST:
    case arrow::Type::MAP:
    case arrow::Type::STRUCT:
      return append_nested(builder, value);
    default:
      refuse(value, type);
  }
}

json value_at(const arrow::Array& a, std::int64_t i);

json floating(double v, json number) {
  if (std::isnan(v)) return "NaN";
  if (std::isinf(v)) return v < 0 ? "-Infinity" : "Infinity";
  return number;
}

json hex_of(std::string_view bytes) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : bytes) {
    out += digits[static_cast<unsigned char>(c) >> 4];
    out += digits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

/// Six digits of fraction or none, as the corpus writes it.
json timestamp_text(std::int64_t micros) {
  auto text = to_string(timestamp{micros});
  if (const auto point = text.find('.'); point != std::string::npos) text.resize(point + 7, '0');
  return text;
}

/// A FLOAT with the fewest digits that name it.
json short_float(float v) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.9g", static_cast<double>(v));
  for (int digits = 1; digits < 9; ++digits) {
    std::array<char, 32> shorter{};
    std::snprintf(shorter.data(), shorter.size(), "%.*g", digits, static_cast<double>(v));
    if (std::strtof(shorter.data(), nullptr) == v) return std::strtod(shorter.data(), nullptr);
  }
  return std::strtod(text.data(), nullptr);
}

/// JSON is UTF-8, also where a STRING was made of other bytes.
json utf8(std::string_view text) { return valid_utf8(text) ? std::string(text) : repaired_utf8(text); }

json list_at(const arrow::Array& values, std::int64_t from, std::int64_t to) {
  json out = json::array();
  for (std::int64_t i = from; i < to; ++i) out.push_back(value_at(values, i));
  return out;
}

json nested_at(const arrow::Array& a, std::int64_t i) {
  json out = json::array();
  if (a.type_id() == arrow::Type::STRUCT) {
    for (const auto& member : static_cast<const arrow::StructArray&>(a).fields()) out.push_back(value_at(*member, i));
    return out;
  }
  if (a.type_id() == arrow::Type::MAP) {
    const auto& m = static_cast<const arrow::MapArray&>(a);
    for (auto j = m.value_offset(i); j < m.value_offset(i + 1); ++j) {
      auto key = value_at(*m.keys(), j), item = value_at(*m.items(), j);
      // Decoded JSON may have a key twice; a row's map has it once, with the last value, as Spark's rows do.
      const auto known = std::find_if(out.begin(), out.end(), [&](const json& pair) { return pair[0] == key; });
      if (known == out.end()) {
        out.push_back(json::array({std::move(key), std::move(item)}));
      } else {
        (*known)[1] = std::move(item);
      }
    }
    return out;
  }
  const auto& l = static_cast<const arrow::ListArray&>(a);
  return list_at(*l.values(), l.value_offset(i), l.value_offset(i + 1));
}

json value_at(const arrow::Array& a, std::int64_t i) {
  if (a.IsNull(i)) return nullptr;
  switch (a.type_id()) {
    case arrow::Type::BOOL:
      return static_cast<const arrow::BooleanArray&>(a).Value(i);
    case arrow::Type::INT8:
      return static_cast<const arrow::Int8Array&>(a).Value(i);
    case arrow::Type::INT16:
      return static_cast<const arrow::Int16Array&>(a).Value(i);
    case arrow::Type::INT32:
      return static_cast<const arrow::Int32Array&>(a).Value(i);
    case arrow::Type::INT64:
      return static_cast<const arrow::Int64Array&>(a).Value(i);
    case arrow::Type::FLOAT: {
      const float v = static_cast<const arrow::FloatArray&>(a).Value(i);
      return floating(static_cast<double>(v), std::isfinite(v) ? short_float(v) : json());
    }
    case arrow::Type::DOUBLE: {
      const double v = static_cast<const arrow::DoubleArray&>(a).Value(i);
      return floating(v, v);
    }
    case arrow::Type::STRING:
      return utf8(static_cast<const arrow::StringArray&>(a).GetView(i));
    case arrow::Type::BINARY:
      return hex_of(static_cast<const arrow::BinaryArray&>(a).GetView(i));
    case arrow::Type::DATE32: {
      std::string text;
      append_date(text, static_cast<const arrow::Date32Array&>(a).Value(i));
      return text;
    }
    case arrow::Type::TIMESTAMP:
      return timestamp_text(static_cast<const arrow::TimestampArray&>(a).Value(i));
    case arrow::Type::STRUCT:
    case arrow::Type::MAP:
    case arrow::Type::LIST:
      return nested_at(a, i);
    default: {  // Decimals and intervals.
      std::string text;
      flow::append_decimal(text, arrow::Decimal128(static_cast<const arrow::Decimal128Array&>(a).GetValue(i)),
                           static_cast<const arrow::DecimalType&>(*a.type()).scale());
      return text;
    }
    case arrow::Type::INTERVAL_MONTH_DAY_NANO: {
      std::string text;
      append_value(text, a, i);
      return text;
    }
  }
}

}  // namespace

batch batch_from_json(const schema_ptr& schema, const nlohmann::json& rows) {
  if (!rows.is_array()) throw error(errc::invalid_argument, "rows are a JSON array of arrays, not " + rows.dump());
  arrow::ArrayVector columns;
  for (int c = 0; c < schema->num_fields(); ++c) {
    const auto& field = *schema->field(c);
    auto builder = check(arrow::MakeBuilder(field.type()));
    for (std::size_t r = 0; r < rows.size(); ++r) {
      try {
        if (!rows[r].is_array() || rows[r].size() != static_cast<std::size_t>(schema->num_fields())) {
          throw error(errc::invalid_argument,
                      "expected " + std::to_string(schema->num_fields()) + " values, got " + rows[r].dump());
        }
        append(*builder, rows[r][static_cast<std::size_t>(c)]);
      } catch (const error& e) {
        throw error(errc::invalid_argument, "row " + std::to_string(r) + ", column '" + field.name() + "': " + e.what());
      }
    }
    columns.push_back(check(builder->Finish()));
  }
  return arrow::RecordBatch::Make(schema, static_cast<std::int64_t>(rows.size()), std::move(columns));
}

nlohmann::json batch_to_json(const arrow::RecordBatch& rows) {
  json out = json::array();
  for (std::int64_t r = 0; r < rows.num_rows(); ++r) {
    json row = json::array();
    for (int c = 0; c < rows.num_columns(); ++c) row.push_back(value_at(*rows.column(c), r));
    out.push_back(std::move(row));
  }
  return out;
}

}  // namespace flow
