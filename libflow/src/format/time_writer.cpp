#include "format/time_writer.hpp"

#include "flow/error.hpp"
#include "types/calendar.hpp"

namespace flow {

namespace {

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

time_writer::time_writer(const options& settings) {
  for (const auto* key : {"dateFormat", "timestampFormat", "timestampNTZFormat"}) {
    if (settings.find(key)) throw error(errc::invalid_option, "option \"" + std::string(key) + "\" cannot be set for writing yet");
  }
}

void time_writer::append_date(std::string& out, std::int32_t days) const { flow::append_date(out, days); }

void time_writer::append_timestamp(std::string& out, std::int64_t microseconds) const {
  append_iso(out, microseconds);
  out += 'Z';
}

void time_writer::append_timestamp_ntz(std::string& out, std::int64_t microseconds) const { append_iso(out, microseconds); }

}  // namespace flow
