#include "function/date_pattern.hpp"

#include <array>

#include "flow/error.hpp"
#include "types/calendar.hpp"
#include "types/time_zone.hpp"

namespace flow {

namespace {

constexpr std::array<std::string_view, 12> month_names{"January", "February", "March",     "April",   "May",      "June",
                                                       "July",    "August",   "September", "October", "November", "December"};
constexpr std::array<std::string_view, 7> day_names{"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                    "Friday", "Saturday", "Sunday"};

void append_number(std::string& out, std::int64_t n, int width) {
  const auto digits = std::to_string(n < 0 ? -n : n);
  if (n < 0) out += '-';
  if (static_cast<int>(digits.size()) < width) out.append(static_cast<std::size_t>(width) - digits.size(), '0');
  out += digits;
}

void append_month(std::string& out, int month, int count) {
  const auto name = month_names[static_cast<std::size_t>(month - 1)];
  if (count <= 2) return append_number(out, month, count);
  out += count == 3 ? name.substr(0, 3) : name;
}

void append_quarter(std::string& out, int quarter, int count) {
  static constexpr std::array<std::string_view, 4> names{"1st quarter", "2nd quarter", "3rd quarter", "4th quarter"};
  if (count <= 2) return append_number(out, quarter, count);
  out += count == 3 ? "Q" + std::to_string(quarter) : std::string(names[static_cast<std::size_t>(quarter - 1)]);
}

[[noreturn]] void refuse(std::string_view pattern, const std::string& why) {
  throw error(errc::evaluation_failed, "the date pattern '" + std::string(pattern) + "' cannot be used: " + why);
}

void check_letter(std::string_view pattern, char letter, int count) {
  static constexpr std::string_view known = "GyMLdDQqEFaHhKkmsSVzOXxZ";
  if (known.find(letter) == std::string_view::npos) {
    refuse(pattern,
           std::string("the letter '") + letter + "' has no meaning here (yyyy MM dd HH mm ss SSS EEE are the usual ones)");
  }
  const int most = letter == 'y'                                     ? 6
                   : letter == 'S'                                   ? 9
                   : letter == 'D'                                   ? 3
                   : letter == 'X' || letter == 'x' || letter == 'Z' ? 5
                                                                     : 4;
  const bool two = std::string_view("dHhKkms").find(letter) != std::string_view::npos;
  if (count > (two ? 2 : letter == 'F' || letter == 'a' ? 1 : most)) refuse(pattern, std::string("too many '") + letter + "'");
}

}  // namespace

date_pattern::date_pattern(std::string_view pattern) {
  const auto add_text = [&](char c) {
    if (tokens_.empty() || tokens_.back().letter != 0) tokens_.push_back({0, 0, ""});
    tokens_.back().text += c;
  };
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\'') {
      if (i + 1 < pattern.size() && pattern[i + 1] == '\'') {
        add_text(pattern[++i]);
        continue;
      }
      for (++i; i < pattern.size(); ++i) {
        if (pattern[i] == '\'') {
          if (i + 1 >= pattern.size() || pattern[i + 1] != '\'') break;
          ++i;
        }
        add_text(pattern[i]);
      }
      if (i >= pattern.size()) refuse(pattern, "a quote is not closed");
    } else if (c == '[' || c == ']') {
      tokens_.push_back({c, 0, ""});
    } else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
      int count = 1;
      while (i + 1 < pattern.size() && pattern[i + 1] == c) ++i, ++count;
      check_letter(pattern, c, count);
      tokens_.push_back({c, count, ""});
    } else if (c == '#' || c == '{' || c == '}') {
      refuse(pattern, std::string("'") + c + "' is reserved; quote it");
    } else {
      add_text(c);
    }
  }
}

void date_pattern::format(std::string& out, std::int64_t micros) const {
  const auto days = day_of(micros);
  const auto d = civil_from_days(days);
  const auto t = time_of(micros);
  const auto era_year = d.year > 0 ? d.year : 1 - d.year;
  for (const auto& [letter, count, text] : tokens_) {
    switch (letter) {
      case 0:
        out += text;
        break;
      case 'G':
        out += count == 4 ? (d.year > 0 ? "Anno Domini" : "Before Christ") : (d.year > 0 ? "AD" : "BC");
        break;
      case 'y':
        if (count == 2) {
          append_number(out, era_year % 100, 2);
        } else {
          if (count >= 4 && era_year > 9999) out += '+';
          append_number(out, era_year, count);
        }
        break;
      case 'M':
      case 'L':
        append_month(out, d.month, count);
        break;
      case 'd':
        append_number(out, d.day, count);
        break;
      case 'D':
        append_number(out, day_of_year(days), count);
        break;
      case 'Q':
      case 'q':
        append_quarter(out, (d.month + 2) / 3, count);
        break;
      case 'E': {
        const auto name = day_names[static_cast<std::size_t>(iso_weekday(days) - 1)];
        out += count == 4 ? name : name.substr(0, 3);
        break;
      }
      case 'F':
        append_number(out, (d.day - 1) % 7 + 1, count);
        break;
      case 'a':
        out += t.hour < 12 ? "AM" : "PM";
        break;
      case 'H':
        append_number(out, t.hour, count);
        break;
      case 'k':
        append_number(out, t.hour == 0 ? 24 : t.hour, count);
        break;
      case 'h':
        append_number(out, t.hour % 12 == 0 ? 12 : t.hour % 12, count);
        break;
      case 'K':
        append_number(out, t.hour % 12, count);
        break;
      case 'm':
        append_number(out, t.minute, count);
        break;
      case 's':
        append_number(out, t.second, count);
        break;
      case 'S': {
        std::string digits;
        append_number(digits, t.microsecond, 6);
        digits.resize(static_cast<std::size_t>(count), '0');
        out += digits;
        break;
      }
      case 'V':
        out += "UTC";
        break;
      case 'z':
        out += count == 4 ? "Coordinated Universal Time" : "UTC";
        break;
      case 'O':
        out += "GMT";
        break;
      case 'X':
        out += 'Z';
        break;
      case 'x':
        out += count == 1 ? "+00" : count == 2 || count == 4 ? "+0000" : "+00:00";
        break;
      case 'Z':
        out += count == 4 ? "GMT" : count == 5 ? "Z" : "+0000";
        break;
      default:
        break;
    }
  }
}

struct date_pattern::parsed_time {
  std::int64_t year = 1970;
  int month = 1, day = 1, day_of_year = 0, hour = 0, minute = 0, second = 0, microsecond = 0;
  int half = -1;
  bool twelve = false;
  std::shared_ptr<const time_zone> zone;
};

namespace {

bool take_digits(std::string_view& text, int least, int most, std::int64_t& value) {
  int digits = 0;
  value = 0;
  while (digits < most && !text.empty() && text.front() >= '0' && text.front() <= '9') {
    value = value * 10 + (text.front() - '0');
    text.remove_prefix(1);
    ++digits;
  }
  return digits >= least;
}

template <std::size_t N>
int take_name(std::string_view& text, const std::array<std::string_view, N>& names, bool full) {
  for (std::size_t i = 0; i < N; ++i) {
    const auto name = full ? names[i] : names[i].substr(0, 3);
    if (!text.starts_with(name)) continue;
    text.remove_prefix(name.size());
    return static_cast<int>(i);
  }
  return -1;
}

}  // namespace

bool date_pattern::parse_token(const token& t, std::string_view& text, parsed_time& out, bool adjacent) {
  std::int64_t n = 0;
  const auto number = [&](int& field, int low, int high) {
    const int most = t.count == 1 ? (adjacent ? 1 : 19) : t.count;
    if (!take_digits(text, t.count == 1 ? 1 : t.count, most, n) || n < low || n > high) return false;
    field = static_cast<int>(n);
    return true;
  };
  switch (t.letter) {
    case 0:
      if (!text.starts_with(t.text)) return false;
      text.remove_prefix(t.text.size());
      return true;
    case 'y': {
      const bool negative = text.starts_with('-');
      if (negative) text.remove_prefix(1);
      const int most = t.count == 2 ? 2 : adjacent ? t.count : std::max(t.count, 6);
      if (!take_digits(text, t.count, most, n)) return false;
      out.year = t.count == 2 ? 2000 + n : negative ? -n : n;
      return true;
    }
    case 'M':
    case 'L': {
      if (t.count <= 2) return number(out.month, 1, 12);
      const int month = take_name(text, month_names, t.count == 4);
      out.month = month + 1;
      return month >= 0;
    }
    case 'E':
      return take_name(text, day_names, t.count == 4) >= 0;
    case 'd':
      return number(out.day, 1, 31);
    case 'D':
      return number(out.day_of_year, 1, 366);
    case 'H':
      return number(out.hour, 0, 23);
    case 'k': {
      const bool ok = number(out.hour, 1, 24);
      out.hour %= 24;
      return ok;
    }
    case 'h':
    case 'K': {
      out.twelve = true;
      const bool ok = number(out.hour, t.letter == 'h' ? 1 : 0, t.letter == 'h' ? 12 : 11);
      out.hour %= 12;
      return ok;
    }
    case 'm':
      return number(out.minute, 0, 59);
    case 's':
      return number(out.second, 0, 59);
    case 'S': {
      const auto before = text.size();
      if (!take_digits(text, t.count <= 6 ? t.count : 1, t.count, n)) return false;
      for (auto digits = before - text.size(); digits < 6; ++digits) n *= 10;
      for (auto digits = before - text.size(); digits > 6; --digits) n /= 10;
      out.microsecond = static_cast<int>(n);
      return true;
    }
    case 'a': {
      if (text.size() < 2) return false;
      const auto mark = text.substr(0, 2);
      if (mark != "AM" && mark != "PM" && mark != "am" && mark != "pm") return false;
      out.half = (mark[0] | 0x20) == 'p' ? 1 : 0;
      text.remove_prefix(2);
      return true;
    }
    case 'G':
      if (!text.starts_with("AD")) return false;
      text.remove_prefix(2);
      return true;
    case 'X':
    case 'x':
    case 'Z':
    case 'z':
    case 'V':
    case 'O': {
      const auto end = text.find_first_of(" ,;)]");
      out.zone = find_time_zone(text.substr(0, end));
      text.remove_prefix(std::min(end, text.size()));
      return out.zone != nullptr;
    }
    default:
      return false;
  }
}

std::optional<std::int64_t> date_pattern::parse(std::string_view text) const {
  parsed_time out;
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    if (tokens_[i].letter == ']') continue;
    if (tokens_[i].letter == '[') {
      // The optional part is read whole or not at all.
      auto rest = text;
      auto tried = out;
      auto end = i + 1;
      bool fits = true;
      for (; end < tokens_.size() && tokens_[end].letter != ']'; ++end)
        fits = fits && parse_token(tokens_[end], rest, tried, false);
      if (fits) {
        text = rest;
        out = tried;
      }
      i = end;
      continue;
    }
    const bool adjacent =
        i + 1 < tokens_.size() && tokens_[i + 1].letter != 0 && tokens_[i + 1].letter != '[' && tokens_[i + 1].letter != 'a';
    if (!parse_token(tokens_[i], text, out, adjacent)) return std::nullopt;
  }
  if (!text.empty()) return std::nullopt;
  if (out.twelve && out.half == 1) out.hour += 12;
  auto days = valid_date(out.year, out.month, out.day);
  if (out.day_of_year > 0) days = days_from_civil(out.year, 1, 1) + out.day_of_year - 1;
  if (!days) return std::nullopt;
  const auto local = micros_from(*days, {out.hour, out.minute, out.second, out.microsecond});
  return out.zone ? out.zone->to_utc(local) : local;
}

}  // namespace flow
