#include "format/time_writer.hpp"

#include "flow/error.hpp"
#include "types/calendar.hpp"

namespace flow {

namespace {

std::optional<date_pattern> written_pattern(const options& settings, std::string_view key) {
  const auto text = settings.find(key);
  if (!text) return std::nullopt;
  try {
    return date_pattern(*text);
  } catch (const error& e) {
    throw error(errc::invalid_option, "option \"" + std::string(key) + "\" is no date pattern: " + e.what());
  }
}

void append_digits(std::string& out, int value, int digits) {
  for (int scale = digits == 3 ? 100 : 10; scale > 0; scale /= 10) out += static_cast<char>('0' + value / scale % 10);
}

void append_iso(std::string& out, std::int64_t microseconds) {
  append_date(out, day_of(microseconds));
  const auto time = time_of(microseconds);
  out += 'T';
  append_digits(out, time.hour, 2);
  out += ':';
  append_digits(out, time.minute, 2);
  out += ':';
  append_digits(out, time.second, 2);
  out += '.';
  append_digits(out, time.microsecond / 1000, 3);
}

}  // namespace

time_writer::time_writer(const options& settings)
    : date_(written_pattern(settings, "dateFormat")),
      timestamp_(written_pattern(settings, "timestampFormat")),
      timestamp_ntz_(written_pattern(settings, "timestampNTZFormat")) {}

void time_writer::append_date(std::string& out, std::int32_t days) const {
  if (date_) return date_->format(out, days * micros_per_day);
  flow::append_date(out, days);
}

void time_writer::append_timestamp(std::string& out, std::int64_t microseconds) const {
  if (timestamp_) return timestamp_->format(out, microseconds);
  append_iso(out, microseconds);
  out += 'Z';
}

void time_writer::append_timestamp_ntz(std::string& out, std::int64_t microseconds) const {
  if (timestamp_ntz_) return timestamp_ntz_->format(out, microseconds);
  append_iso(out, microseconds);
}

}  // namespace flow
