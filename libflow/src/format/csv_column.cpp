#include "format/csv_column.hpp"

#include <limits>

#include "flow/error.hpp"
#include "format/text_value.hpp"
#include "types/ascii.hpp"

namespace flow {
namespace {

void check_built(const arrow::Status& status) {
  if (!status.ok()) throw error(errc::query_failed, "CSV rows cannot be built: " + status.message());
}

template <class Builder, class Value>
bool append_value(arrow::ArrayBuilder* builder, const std::optional<Value>& value) {
  if (!value) return false;
  if (builder != nullptr) check_built(static_cast<Builder*>(builder)->Append(*value));
  return true;
}

std::optional<bool> read_boolean(std::string_view text) {
  if (same_name(text, "true")) return true;
  if (same_name(text, "false")) return false;
  return std::nullopt;
}

std::string without_commas(std::string_view text) {
  std::string out(text);
  std::erase(out, ',');
  return out;
}

template <class Real>
std::optional<Real> read_real(const csv_settings& settings, std::string_view text) {
  if (text == settings.nan) return std::numeric_limits<Real>::quiet_NaN();
  if (text == settings.positive_infinity) return std::numeric_limits<Real>::infinity();
  if (text == settings.negative_infinity) return -std::numeric_limits<Real>::infinity();
  if constexpr (sizeof(Real) == 4) {
    return read_float(text);
  } else {
    return read_double(text);
  }
}

}  // namespace

csv_column::csv_column(const csv_settings& settings, std::string name, data_type type)
    : settings_(settings), name_(std::move(name)), type_(std::move(type)) {
  switch (type_->id()) {
    case arrow::Type::STRUCT:
    case arrow::Type::LIST:
    case arrow::Type::MAP:
      throw error(errc::invalid_argument,
                  "CSV has no fields of type " + to_ddl(*type_) + " (column \"" + name_ + "\"); read it as STRING");
    default:
      check_built(arrow::MakeBuilder(arrow::default_memory_pool(), type_, &builder_));
  }
}

bool csv_column::convert(std::string_view text, arrow::ArrayBuilder* builder) const {
  switch (type_->id()) {
    case arrow::Type::STRING:
      return append_value<arrow::StringBuilder>(builder, std::optional(text));
    case arrow::Type::BINARY:
      return append_value<arrow::BinaryBuilder>(builder, std::optional(text));
    case arrow::Type::BOOL:
      return append_value<arrow::BooleanBuilder>(builder, read_boolean(text));
    case arrow::Type::INT8:
      return append_value<arrow::Int8Builder>(builder, read_integer<std::int8_t>(text));
    case arrow::Type::INT16:
      return append_value<arrow::Int16Builder>(builder, read_integer<std::int16_t>(text));
    case arrow::Type::INT32:
      return append_value<arrow::Int32Builder>(builder, read_integer<std::int32_t>(text));
    case arrow::Type::INT64:
      return append_value<arrow::Int64Builder>(builder, read_integer<std::int64_t>(text));
    case arrow::Type::FLOAT:
      return append_value<arrow::FloatBuilder>(builder, read_real<float>(settings_, text));
    case arrow::Type::DOUBLE:
      return append_value<arrow::DoubleBuilder>(builder, read_real<double>(settings_, text));
    case arrow::Type::DECIMAL128: {
      const auto& decimal = static_cast<const arrow::Decimal128Type&>(*type_);
      return append_value<arrow::Decimal128Builder>(builder,
                                                    read_decimal(without_commas(text), decimal.precision(), decimal.scale()));
    }
    case arrow::Type::DATE32:
      return append_value<arrow::Date32Builder>(builder, settings_.times.date(text));
    case arrow::Type::TIMESTAMP: {
      const bool zoned = !static_cast<const arrow::TimestampType&>(*type_).timezone().empty();
      return append_value<arrow::TimestampBuilder>(builder, settings_.times.timestamp(text, zoned));
    }
    default:
      return false;
  }
}

bool csv_column::add(const csv_field& field) {
  if (!field.is_null && convert(field.text, builder_.get())) return true;
  check_built(builder_->AppendNull());
  return field.is_null;
}

void csv_column::add_null() { check_built(builder_->AppendNull()); }
void csv_column::add_text(std::string_view text) { check_built(static_cast<arrow::StringBuilder&>(*builder_).Append(text)); }
void csv_column::reserve(std::int64_t rows) { check_built(builder_->Reserve(rows)); }

array csv_column::finish() {
  auto made = builder_->Finish();
  check_built(made.status());
  return std::move(made).ValueUnsafe();
}

csv_column_inference::kind csv_column_inference::kind_of(const csv_settings& settings, std::string_view text, kind from,
                                                         int& precision) {
  const auto exact = [&] {
    // A number such as 1e3 has a scale below zero, which no decimal has.
    if (text.find_first_of("eE") != std::string_view::npos) return false;
    const auto number = read_exact(without_commas(text));
    if (!number || number->scale > 0 || number->precision - number->scale > 38) return false;
    precision = number->precision - number->scale;
    return true;
  };
  switch (from) {
    case kind::nothing:
    case kind::integer:
      if (read_integer<std::int32_t>(text)) return kind::integer;
      [[fallthrough]];
    case kind::bigint:
      if (read_integer<std::int64_t>(text)) return kind::bigint;
      [[fallthrough]];
    case kind::decimal:
      if (exact()) return kind::decimal;
      [[fallthrough]];
    case kind::real:
      if (read_real<double>(settings, text)) return kind::real;
      [[fallthrough]];
    case kind::date:
      if (settings.prefer_date && settings.times.is_date(text)) return kind::date;
      [[fallthrough]];
    case kind::timestamp:
      if (settings.times.is_timestamp(text)) return kind::timestamp;
      [[fallthrough]];
    case kind::boolean:
      if (read_boolean(text)) return kind::boolean;
      [[fallthrough]];
    default:
      return kind::text;
  }
}

void csv_column_inference::merge(const csv_settings& settings, kind other, int precision) {
  if (what_ == kind::nothing || what_ == other) {
    precision_ = std::max(what_ == other ? precision_ : 0, precision);
    what_ = other;
    return;
  }
  const auto number = [](kind one) { return one >= kind::integer && one <= kind::real; };
  if (number(what_) && number(other)) {
    const auto digits = [](kind one, int known) { return one == kind::integer ? 10 : one == kind::bigint ? 20 : known; };
    precision_ = std::max(digits(what_, precision_), digits(other, precision));
    what_ = std::max(what_, other);
    if (what_ == kind::decimal && precision_ > 38) what_ = kind::real;
    return;
  }
  const auto time = [](kind one) { return one == kind::date || one == kind::timestamp; };
  what_ = time(what_) && time(other) && !settings.times.has_timestamp_pattern() ? kind::timestamp : kind::text;
}

void csv_column_inference::add(const csv_settings& settings, const csv_field& field) {
  if (field.is_null || field.text.empty() || what_ == kind::text) return;
  int precision = 0;
  const auto one = kind_of(settings, field.text, what_, precision);
  merge(settings, one, precision);
}

data_type csv_column_inference::type() const {
  switch (what_) {
    case kind::integer:
      return arrow::int32();
    case kind::bigint:
      return arrow::int64();
    case kind::decimal:
      return arrow::decimal128(precision_, 0);
    case kind::real:
      return arrow::float64();
    case kind::date:
      return arrow::date32();
    case kind::timestamp:
      return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    case kind::boolean:
      return arrow::boolean();
    default:
      return arrow::utf8();
  }
}

}  // namespace flow
