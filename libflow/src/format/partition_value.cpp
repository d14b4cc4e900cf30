#include <arrow/api.h>

#include "flow/error.hpp"
#include "flow/format_reader.hpp"
#include "format/text_value.hpp"

namespace flow {
namespace {

constexpr std::string_view null_directory = "__HIVE_DEFAULT_PARTITION__";

data_type timestamp_type() { return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"); }

data_type type_of_text(const std::string& text) {
  if (text == null_directory) return arrow::null();
  if (read_integer<std::int32_t>(text)) return arrow::int32();
  if (read_integer<std::int64_t>(text)) return arrow::int64();
  if (const auto exact = read_exact(text); exact && exact->scale <= 0 && exact->precision - exact->scale <= 38) {
    return arrow::decimal128(exact->precision - exact->scale, 0);
  }
  if (read_double(text)) return arrow::float64();
  if (read_plain_timestamp(text)) return timestamp_type();
  if (read_plain_date(text)) return arrow::date32();
  return arrow::utf8();
}

bool whole_number(const arrow::DataType& type) { return type.id() == arrow::Type::INT32 || type.id() == arrow::Type::INT64; }

/// The type that holds both; text when they have nothing in common.
data_type wider(const data_type& a, const data_type& b) {
  if (a->Equals(*b) || b->id() == arrow::Type::NA) return a;
  if (a->id() == arrow::Type::NA) return b;
  if (whole_number(*a) && whole_number(*b)) return arrow::int64();
  const auto number = [](const arrow::DataType& type) { return whole_number(type) || type.id() == arrow::Type::DOUBLE; };
  if (number(*a) && number(*b)) return arrow::float64();
  const auto decimal = [](const arrow::DataType& type) { return type.id() == arrow::Type::DECIMAL128; };
  if (decimal(*a) && decimal(*b)) {
    return static_cast<const arrow::Decimal128Type&>(*a).precision() > static_cast<const arrow::Decimal128Type&>(*b).precision()
               ? a
               : b;
  }
  if ((decimal(*a) && whole_number(*b)) || (decimal(*b) && whole_number(*a))) return decimal(*a) ? a : b;
  const auto time = [](const arrow::DataType& type) {
    return type.id() == arrow::Type::DATE32 || type.id() == arrow::Type::TIMESTAMP;
  };
  if (time(*a) && time(*b)) return timestamp_type();
  return arrow::utf8();
}

template <class Scalar, class Value>
std::shared_ptr<arrow::Scalar> scalar_or_null(const std::optional<Value>& value, const data_type& type) {
  if (!value) return arrow::MakeNullScalar(type);
  return std::make_shared<Scalar>(*value, type);
}

}  // namespace

data_type infer_partition_type(const std::vector<std::string>& texts) {
  data_type type = arrow::null();
  for (const auto& text : texts) type = wider(type, type_of_text(text));
  return type->id() == arrow::Type::NA ? arrow::utf8() : type;
}

std::shared_ptr<arrow::Scalar> partition_value(std::string_view text, const data_type& type) {
  if (text == null_directory) return arrow::MakeNullScalar(type);
  switch (type->id()) {
    case arrow::Type::STRING:
      return std::make_shared<arrow::StringScalar>(std::string(text));
    case arrow::Type::INT8:
      return scalar_or_null<arrow::Int8Scalar>(read_integer<std::int8_t>(text), type);
    case arrow::Type::INT16:
      return scalar_or_null<arrow::Int16Scalar>(read_integer<std::int16_t>(text), type);
    case arrow::Type::INT32:
      return scalar_or_null<arrow::Int32Scalar>(read_integer<std::int32_t>(text), type);
    case arrow::Type::INT64:
      return scalar_or_null<arrow::Int64Scalar>(read_integer<std::int64_t>(text), type);
    case arrow::Type::FLOAT:
      return scalar_or_null<arrow::FloatScalar>(read_float(text), type);
    case arrow::Type::DOUBLE:
      return scalar_or_null<arrow::DoubleScalar>(read_double(text), type);
    case arrow::Type::BOOL: {
      if (text != "true" && text != "false") return arrow::MakeNullScalar(type);
      return std::make_shared<arrow::BooleanScalar>(text == "true");
    }
    case arrow::Type::DECIMAL128: {
      const auto& decimal = static_cast<const arrow::Decimal128Type&>(*type);
      return scalar_or_null<arrow::Decimal128Scalar>(read_decimal(text, decimal.precision(), decimal.scale()), type);
    }
    case arrow::Type::DATE32:
      return scalar_or_null<arrow::Date32Scalar>(read_plain_date(text), type);
    case arrow::Type::TIMESTAMP: {
      auto micros = read_plain_timestamp(text);
      if (const auto days = read_plain_date(text); !micros && days) micros = *days * std::int64_t{86'400'000'000};
      return scalar_or_null<arrow::TimestampScalar>(micros, type);
    }
    default:
      throw error(errc::invalid_argument,
                  "a partition column cannot be of type " + type->ToString() + "; give it another in the schema");
  }
}

}  // namespace flow
