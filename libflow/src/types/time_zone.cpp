#include "types/time_zone.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <string>

#include "types/calendar.hpp"

namespace flow {

std::int32_t time_zone::offset_at(std::int64_t seconds) const {
  const auto later =
      std::upper_bound(changes_.begin(), changes_.end(), seconds, [](std::int64_t at, const change& c) { return at < c.at; });
  return later == changes_.begin() ? first_ : std::prev(later)->offset;
}

std::int64_t time_zone::from_utc(std::int64_t micros) const {
  return micros + offset_at(floor_div(micros, micros_per_second)) * micros_per_second;
}

std::int64_t time_zone::to_utc(std::int64_t micros) const {
  const std::int64_t local = floor_div(micros, micros_per_second);
  // The offset in force a day before is the earlier one around any change.
  const auto before = offset_at(local - 86'400);
  const auto after = offset_at(local + 86'400);
  const bool earlier_fits = offset_at(local - before) == before;
  const bool later_fits = offset_at(local - after) == after;
  const auto offset = earlier_fits || !later_fits ? before : after;
  return micros - offset * micros_per_second;
}

namespace {

std::int64_t big_endian(std::string_view bytes) {
  std::uint64_t value = (static_cast<unsigned char>(bytes[0]) & 0x80) != 0 ? ~std::uint64_t{0} : 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return static_cast<std::int64_t>(value);
}

struct zone_header {
  std::size_t isut, isstd, leap, times, types, chars;
};

zone_header read_header(std::string_view bytes) {
  const auto count = [&](std::size_t i) { return static_cast<std::size_t>(big_endian(bytes.substr(20 + 4 * i, 4))); };
  return {count(0), count(1), count(2), count(3), count(4), count(5)};
}

/// The 64-bit block of a zone file of version 2 or later.
std::shared_ptr<const time_zone> read_zone(std::string_view bytes) {
  constexpr std::size_t header = 44;
  if (bytes.size() < header || bytes.substr(0, 4) != "TZif" || bytes[4] < '2') return nullptr;
  const auto old = read_header(bytes);
  const auto skip = header + old.times * 5 + old.types * 6 + old.chars + old.leap * 8 + old.isstd + old.isut;
  if (bytes.size() < skip + header) return nullptr;
  bytes.remove_prefix(skip);
  const auto h = read_header(bytes);
  bytes.remove_prefix(header);
  if (bytes.size() < h.times * 9 + h.types * 6 || h.types == 0) return nullptr;
  const auto kinds = bytes.substr(h.times * 8, h.times);
  const auto offsets = bytes.substr(h.times * 9, h.types * 6);
  const auto offset = [&](std::size_t type) { return static_cast<std::int32_t>(big_endian(offsets.substr(type * 6, 4))); };
  std::vector<time_zone::change> changes;
  for (std::size_t i = 0; i < h.times; ++i) {
    changes.push_back({big_endian(bytes.substr(i * 8, 8)), offset(static_cast<unsigned char>(kinds[i]))});
  }
  return std::make_shared<const time_zone>(offset(0), std::move(changes));
}

/// "+2", "+02", "+02:00", "-0330", "+1:30:15".
std::optional<std::int32_t> read_offset(std::string_view text) {
  if (text.size() < 2 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const int sign = text[0] == '-' ? -1 : 1;
  text.remove_prefix(1);
  std::array<int, 3> parts{};
  std::size_t n = 0;
  while (!text.empty() && n < 3) {
    std::size_t digits = 0;
    while (digits < text.size() && digits < 2 && text[digits] >= '0' && text[digits] <= '9') {
      parts[n] = parts[n] * 10 + (text[digits++] - '0');
    }
    if (digits == 0) return std::nullopt;
    text.remove_prefix(digits);
    ++n;
    if (!text.empty() && text[0] == ':') text.remove_prefix(1);
  }
  if (!text.empty() || parts[0] > 18 || parts[1] > 59 || parts[2] > 59) return std::nullopt;
  return sign * (parts[0] * 3600 + parts[1] * 60 + parts[2]);
}

}  // namespace

std::shared_ptr<const time_zone> find_time_zone(std::string_view name) {
  if (name == "Z" || name == "UTC" || name == "GMT" || name == "UT") return std::make_shared<const time_zone>(0);
  auto rest = name;
  for (const std::string_view prefix : {"UTC", "GMT", "UT"}) {
    if (rest.starts_with(prefix)) {
      rest.remove_prefix(prefix.size());
      break;
    }
  }
  if (const auto offset = read_offset(rest)) return std::make_shared<const time_zone>(*offset);
  const auto named = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '/' || c == '-' ||
           c == '+';
  };
  if (name.empty() || name.front() == '/' || !std::all_of(name.begin(), name.end(), named)) return nullptr;
  std::ifstream file("/usr/share/zoneinfo/" + std::string(name), std::ios::binary);
  if (!file) return nullptr;
  const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  return read_zone(bytes);
}

}  // namespace flow
