#include "format/json_value.hpp"

#include <mutex>

#include <arrow/api.h>

#include "batch/arrow_status.hpp"
#include "flow/error.hpp"
#include "format/json_decoder.hpp"
#include "format/padded_texts.hpp"

namespace flow {
namespace {

json_settings json_settings_of(const options& settings) {
  auto read = json_settings::read(settings);
  read.rewrites_values = true;
  if (read.mode == malformed_mode::drop) {
    throw error(errc::invalid_option,
                "option \"mode\" = \"DROPMALFORMED\": a value cannot be dropped; use PERMISSIVE or FAILFAST");
  }
  return read;
}

/// Decoders are kept between columns, for they remember the order of keys; each is used by one thread at a time.
class value_reader {
 public:
  value_reader(json_settings settings, const data_type& type)
      : settings_(std::move(settings)),
        type_(type),
        schema_(type->id() == arrow::Type::STRUCT ? arrow::schema(type->fields())
                                                  : arrow::schema({arrow::field("value", type)})) {
    put_back(make());
  }

  array read(const array& column) {
    auto decoder = take();
    auto out = decode(*decoder, *column);
    put_back(std::move(decoder));
    return out;
  }

 private:
  using decoder_ptr = std::unique_ptr<json_decoder>;

  bool structs() const { return type_->id() == arrow::Type::STRUCT; }

  decoder_ptr make() const {
    std::vector<int> columns(static_cast<std::size_t>(schema_->num_fields()));
    for (std::size_t i = 0; i < columns.size(); ++i) columns[i] = static_cast<int>(i);
    return std::make_unique<json_decoder>(settings_, schema_, columns, structs() ? json_root::object : json_root::value);
  }

  decoder_ptr take() {
    {
      const std::lock_guard lock(mutex_);
      if (!spare_.empty()) {
        auto decoder = std::move(spare_.back());
        spare_.pop_back();
        return decoder;
      }
    }
    return make();
  }

  void put_back(decoder_ptr decoder) {
    const std::lock_guard lock(mutex_);
    spare_.push_back(std::move(decoder));
  }

  array decode(json_decoder& decoder, const arrow::Array& column) const {
    padded_texts texts(column);
    const auto rows = column.length();
    decoder.reserve(rows);
    std::shared_ptr<arrow::Buffer> present;
    std::int64_t absent = 0;
    for (std::int64_t i = 0; i < rows; ++i) {
      if (column.IsValid(i) && add(decoder, texts[i])) continue;
      if (decoder.rows() == i) decoder.add_null();
      if (!present) {
        present = check(arrow::AllocateBitmap(rows));
        arrow::bit_util::SetBitsTo(present->mutable_data(), 0, rows, true);
      }
      arrow::bit_util::ClearBit(present->mutable_data(), i);
      ++absent;
    }
    auto columns = decoder.finish();
    if (!structs()) return columns[0];
    return std::make_shared<arrow::StructArray>(type_, rows, std::move(columns), std::move(present), absent);
  }

  /// False if the row is null.
  bool add(json_decoder& decoder, std::string_view text) const {
    const auto before = decoder.rows();
    const auto outcome = decoder.decode(text);
    if (outcome == json_decoder::outcome::added) return true;
    if (outcome == json_decoder::outcome::blank) return false;
    if (settings_.mode == malformed_mode::fail) {
      const auto why =
          outcome == json_decoder::outcome::partial ? decoder.complaint() : "no JSON of the type " + to_ddl(*type_);
      throw error(errc::malformed_data, "from_json: " + why + ": " + std::string(text.substr(0, 200)) +
                                            (text.size() > 200 ? "..." : "") + " (mode FAILFAST; PERMISSIVE gives null)");
    }
    if (decoder.rows() == before && structs()) decoder.add_corrupt(text);
    return decoder.rows() != before;
  }

  const json_settings settings_;
  const data_type type_;
  const schema_ptr schema_;
  std::mutex mutex_;
  std::vector<decoder_ptr> spare_;
};

}  // namespace

column_kernel json_value_reader(const options& settings, const data_type& type) {
  const auto reader = std::make_shared<value_reader>(json_settings_of(settings), type);
  return [reader](const array& column) { return reader->read(column); };
}

data_type json_value_type(const options& settings, const std::string& text) {
  auto padded = text;
  padded.append(json_padding, '\0');
  auto type = json_inference::type_of_value(std::string_view(padded).substr(0, text.size()), json_settings_of(settings));
  if (!type) throw error(errc::malformed_data, "schema_of_json: no JSON: " + text.substr(0, 200));
  return type;
}

}  // namespace flow
