#include "format/time_pattern.hpp"

#include <array>
#include <cctype>
#include <chrono>
#include <strings.h>

#include "flow/error.hpp"
#include "types/ascii.hpp"

namespace flow {
namespace {

constexpr std::array<std::string_view, 12> months = {"January", "February", "March",     "April",   "May",      "June",
                                                     "July",    "August",   "September", "October", "November", "December"};
constexpr std::array<std::string_view, 7> weekdays = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                      "Friday", "Saturday", "Sunday"};

/// Between `least` and `most` digits.
bool take_number(std::string_view& text, int least, int most, int& value) {
  int count = 0;
  std::int64_t number = 0;
  while (count < most && static_cast<std::size_t>(count) < text.size() && is_digit(text[static_cast<std::size_t>(count)])) {
    number = number * 10 + (text[static_cast<std::size_t>(count++)] - '0');
  }
  if (count < least || number > 1'000'000'000) return false;
  value = static_cast<int>(number);
  text.remove_prefix(static_cast<std::size_t>(count));
  return true;
}

/// One of the names, in full or its first three letters; its number from 1.
template <class Names>
bool take_name(std::string_view& text, const Names& names, bool full, int& value) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto name = full ? names[i] : names[i].substr(0, 3);
    if (text.size() < name.size() || ::strncasecmp(text.data(), name.data(), name.size()) != 0) continue;
    value = static_cast<int>(i) + 1;
    text.remove_prefix(name.size());
    return true;
  }
  return false;
}

bool take(std::string_view& text, std::string_view what) {
  if (!text.starts_with(what)) return false;
  text.remove_prefix(what.size());
  return true;
}

/// "+01:00", "+0100", "+01", "Z", "UTC".
bool take_zone(std::string_view& text, int& seconds) {
  seconds = 0;
  for (const auto* name : {"UTC", "GMT", "UT"}) {
    if (take(text, name)) break;
  }
  if (take(text, "Z") || text.empty() || (text[0] != '+' && text[0] != '-')) return true;
  const int sign = text[0] == '-' ? -1 : 1;
  text.remove_prefix(1);
  int hour = 0, minute = 0, second = 0;
  if (!take_number(text, 2, 2, hour) || hour > 18) return false;
  const bool colon = take(text, ":");
  if (!take_number(text, 2, 2, minute) && colon) return false;
  if (take(text, ":") && !take_number(text, 2, 2, second)) return false;
  seconds = sign * (hour * 3600 + minute * 60 + second);
  return minute < 60 && second < 60;
}

}  // namespace

struct time_pattern::fields {
  int year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0, micros = 0, zone = 0;
  int half_day_hour = -1;  ///< 0 to 11.
  int afternoon = -1;
  int day_of_year = -1;
};

time_pattern::time_pattern(std::string_view pattern) {
  const auto literal = [&](std::string_view text) {
    if (parts_.empty() || parts_.back().letter != '\0') parts_.push_back({});
    parts_.back().literal += text;
  };
  for (std::size_t i = 0; i < pattern.size();) {
    const char c = pattern[i];
    if (c == '\'') {
      if (pattern.substr(i).starts_with("''")) {
        literal("'");
        i += 2;
        continue;
      }
      const auto close = pattern.find('\'', i + 1);
      if (close == std::string_view::npos)
        throw error(errc::invalid_argument, "the datetime pattern \"" + std::string(pattern) + "\" has an open quote");
      literal(pattern.substr(i + 1, close - i - 1));
      i = close + 1;
    } else if (c == '[' || c == ']') {
      parts_.push_back({c, 0, false, {}});
      ++i;
    } else if (std::isalpha(static_cast<unsigned char>(c))) {
      const auto last = std::min(pattern.find_first_not_of(c, i), pattern.size());
      if (std::string_view("yuMLdDHhkKmsSaEXxZzVO").find(c) == std::string_view::npos) {
        throw error(errc::invalid_argument, "the datetime pattern \"" + std::string(pattern) + "\" has the letter \"" + c +
                                                "\", which cannot be read; for the year write yyyy, for the day dd");
      }
      parts_.push_back({c, static_cast<int>(last - i), false, {}});
      i = last;
    } else {
      literal(pattern.substr(i++, 1));
    }
  }
  const auto numeric = [](const part& one) {
    return std::string_view("yuMLdDHhkKmsS").find(one.letter) != std::string_view::npos &&
           !((one.letter == 'M' || one.letter == 'L') && one.width > 2);
  };
  for (std::size_t i = 0; i + 1 < parts_.size(); ++i) {
    parts_[i].adjacent =
        parts_[i].letter != '\0' && parts_[i + 1].letter != '\0' && numeric(parts_[i]) && numeric(parts_[i + 1]);
  }
}

bool time_pattern::read_part(const part& one, std::string_view& text, fields& out) {
  const auto number = [&](int most, int& value) {
    return take_number(text, one.width,
                       one.adjacent || one.width > 1 ? std::max(one.width, one.adjacent ? 0 : one.width) : most, value);
  };
  switch (one.letter) {
    case '\0':
      return take(text, one.literal);
    case 'y':
    case 'u': {
      if (one.width == 2) {
        if (!take_number(text, 2, 2, out.year)) return false;
        out.year += 2000;
        return true;
      }
      return take_number(text, one.width, one.adjacent ? one.width : std::max(one.width, 6), out.year);
    }
    case 'M':
    case 'L':
      return one.width >= 3 ? take_name(text, months, one.width == 4, out.month) : number(2, out.month);
    case 'd':
      return number(2, out.day);
    case 'D':
      return number(3, out.day_of_year);
    case 'H':
      return number(2, out.hour) && out.hour < 24;
    case 'k': {
      if (!number(2, out.hour) || out.hour < 1 || out.hour > 24) return false;
      out.hour %= 24;
      return true;
    }
    case 'h': {
      if (!number(2, out.half_day_hour) || out.half_day_hour < 1 || out.half_day_hour > 12) return false;
      out.half_day_hour %= 12;
      return true;
    }
    case 'K':
      return number(2, out.half_day_hour) && out.half_day_hour < 12;
    case 'm':
      return number(2, out.minute) && out.minute < 60;
    case 's':
      return number(2, out.second) && out.second < 60;
    case 'S': {
      const auto before = text;
      int ignored = 0;
      if (!take_number(text, one.width > 6 ? 0 : one.width, std::max(one.width, 9), ignored)) return false;
      const auto digits = before.substr(0, before.size() - text.size());
      out.micros = 0;
      for (std::size_t i = 0; i < 6; ++i) out.micros = out.micros * 10 + (i < digits.size() ? digits[i] - '0' : 0);
      return true;
    }
    case 'a': {
      if (text.size() < 2 || (::strncasecmp(text.data(), "AM", 2) != 0 && ::strncasecmp(text.data(), "PM", 2) != 0))
        return false;
      out.afternoon = (text[0] | 32) == 'p' ? 1 : 0;
      text.remove_prefix(2);
      return true;
    }
    case 'E': {
      int ignored = 0;
      return take_name(text, weekdays, one.width >= 4, ignored);
    }
    default: {
      if (text.empty()) return false;
      const auto before = text.size();
      return take_zone(text, out.zone) && text.size() < before;
    }
  }
}

bool time_pattern::read_parts(std::size_t from, std::size_t to, std::string_view& text, fields& out) const {
  for (std::size_t i = from; i < to; ++i) {
    if (parts_[i].letter == ']') return false;
    if (parts_[i].letter != '[') {
      if (!read_part(parts_[i], text, out)) return false;
      continue;
    }
    std::size_t close = i + 1;
    for (int open = 1; close < to; ++close) {
      open += parts_[close].letter == '[' ? 1 : parts_[close].letter == ']' ? -1 : 0;
      if (open == 0) break;
    }
    auto rest = text;
    auto tried = out;
    if (read_parts(i + 1, close, rest, tried)) {
      text = rest;
      out = tried;
    }
    i = close;
  }
  return true;
}

std::optional<std::int64_t> time_pattern::read(std::string_view text) const {
  fields out;
  if (!read_parts(0, parts_.size(), text, out) || !text.empty()) return std::nullopt;
  if (out.half_day_hour >= 0) out.hour = out.half_day_hour + (out.afternoon == 1 ? 12 : 0);
  using namespace std::chrono;
  const year_month_day date{year(out.year), month(static_cast<unsigned>(out.month)), day(static_cast<unsigned>(out.day))};
  if (!date.ok()) return std::nullopt;
  std::int64_t days = sys_days(date).time_since_epoch().count();
  if (out.day_of_year > 0) {
    if (out.day_of_year > (year(out.year).is_leap() ? 366 : 365)) return std::nullopt;
    days = sys_days(year(out.year) / January / 1).time_since_epoch().count() + out.day_of_year - 1;
  }
  return (((days * 24 + out.hour) * 60 + out.minute) * 60 + out.second - out.zone) * 1'000'000 + out.micros;
}

}  // namespace flow
