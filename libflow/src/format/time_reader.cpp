#include "format/time_reader.hpp"

#include "flow/error.hpp"
#include "format/text_value.hpp"

namespace flow {
namespace {

constexpr std::int64_t micros_of_day = 86'400'000'000;

std::optional<time_pattern> read_pattern(const options& settings, std::string_view key) {
  const auto text = settings.find(key);
  if (!text) return std::nullopt;
  try {
    return time_pattern(*text);
  } catch (const error& e) {
    throw error(errc::invalid_option, "option \"" + std::string(key) + "\": " + e.what());
  }
}

}  // namespace

time_reader time_reader::make(const options& settings, const char* strict_date) {
  const auto zone = settings.text("timeZone", "UTC");
  if (zone != "UTC" && zone != "GMT" && zone != "Z" && zone != "Etc/UTC") {
    throw error(errc::invalid_option,
                "option \"timeZone\" = \"" + zone +
                    "\": times without a zone are read as UTC; write the zone into the texts, or convert with "
                    "to_utc_timestamp(column, '" +
                    zone + "')");
  }
  time_reader out;
  out.date_ = read_pattern(settings, "dateFormat");
  out.timestamp_ = read_pattern(settings, "timestampFormat");
  out.local_ = read_pattern(settings, "timestampNTZFormat");
  if (!settings.find("enableDateTimeParsingFallback")) return out;
  out.falls_back_ = settings.boolean("enableDateTimeParsingFallback", false);
  if (!out.falls_back_ && !out.date_ && strict_date != nullptr) out.date_ = time_pattern(strict_date);
  return out;
}

std::optional<std::int32_t> time_reader::date(std::string_view text) const {
  if (!date_) return read_date(text);
  const auto micros = date_->read(text);
  if (!micros) return falls_back_ ? read_date(text) : std::nullopt;
  return static_cast<std::int32_t>((*micros - ((*micros % micros_of_day) + micros_of_day) % micros_of_day) / micros_of_day);
}

std::optional<std::int64_t> time_reader::timestamp(std::string_view text, bool zoned) const {
  const auto& pattern = zoned ? timestamp_ : local_;
  if (!pattern) return read_timestamp(text, zoned);
  const auto micros = pattern->read(text);
  return micros || !falls_back_ || !zoned ? micros : read_timestamp(text, zoned);
}

bool time_reader::is_date(std::string_view text) const {
  return date_ ? date_->read(text).has_value() : read_plain_date(text).has_value();
}

bool time_reader::is_timestamp(std::string_view text) const {
  return timestamp_ ? timestamp_->read(text).has_value() : read_timestamp(text, true).has_value();
}

}  // namespace flow
