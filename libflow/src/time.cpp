#include "flow/time.hpp"

#include <array>
#include <charconv>
#include <cctype>

#include "flow/error.hpp"
#include "types/calendar.hpp"

namespace flow {

namespace {

/// Reads the words of an interval one after another.
class interval_reader {
 public:
  explicit interval_reader(std::string_view text) : text_(text), rest_(trimmed(text)) {}

  calendar_interval read() {
    skip_word("interval");
    calendar_interval out;
    if (rest_.empty()) refuse();
    while (!rest_.empty()) add_part(out);
    return out;
  }

 private:
  [[noreturn]] void refuse() const {
    throw error(errc::invalid_argument,
                "'" + std::string(text_) +
                    "' is no interval: expected numbers with units, like \"10 minutes\" or \"1 hour 30 seconds\"");
  }

  void skip_blanks() {
    while (!rest_.empty() && std::isspace(static_cast<unsigned char>(rest_.front())) != 0) rest_.remove_prefix(1);
  }

  std::string word() {
    std::string out;
    while (!rest_.empty() && std::isalpha(static_cast<unsigned char>(rest_.front())) != 0) {
      out += static_cast<char>(std::tolower(static_cast<unsigned char>(rest_.front())));
      rest_.remove_prefix(1);
    }
    return out;
  }

  void skip_word(std::string_view expected) {
    const auto saved = rest_;
    if (word() != expected) rest_ = saved;
    skip_blanks();
  }

  void add_part(calendar_interval& out) {
    bool negative = false;
    if (!rest_.empty() && (rest_.front() == '-' || rest_.front() == '+')) {
      negative = rest_.front() == '-';
      rest_.remove_prefix(1);
      skip_blanks();
      if (!rest_.empty() && rest_.front() == '-') refuse();
    }
    std::int64_t whole = 0;
    const auto [end, problem] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), whole);
    const bool digits = end != rest_.data();
    if (digits && problem != std::errc{}) refuse();
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    std::int64_t fraction = 0;  // Nanoseconds.
    bool with_fraction = false;
    if (!rest_.empty() && rest_.front() == '.') {
      with_fraction = true;
      rest_.remove_prefix(1);
      std::int64_t scale = 100'000'000;
      for (; !rest_.empty() && std::isdigit(static_cast<unsigned char>(rest_.front())) != 0; rest_.remove_prefix(1)) {
        fraction += (rest_.front() - '0') * scale;
        scale /= 10;
      }
    }
    const bool apart = !rest_.empty() && std::isspace(static_cast<unsigned char>(rest_.front())) != 0;
    if ((!digits && !with_fraction) || !apart) refuse();
    skip_blanks();
    std::string unit = word();
    if (unit.size() > 1 && unit.back() == 's') unit.pop_back();
    skip_blanks();
    const std::int64_t n = negative ? -whole : whole;
    if (with_fraction && unit != "second") refuse();
    add_unit(out, unit, n, negative ? -fraction : fraction);
  }

  void add_unit(calendar_interval& out, const std::string& unit, std::int64_t n, std::int64_t nanoseconds) {
    const auto add = [this](auto& field, std::int64_t value, std::int64_t factor) {
      std::int64_t scaled = 0;
      std::remove_reference_t<decltype(field)> sum = 0;
      if (__builtin_mul_overflow(value, factor, &scaled) || __builtin_add_overflow(field, scaled, &sum)) refuse();
      field = sum;
    };
    if (unit == "year") return add(out.months, n, 12);
    if (unit == "month") return add(out.months, n, 1);
    if (unit == "week") return add(out.days, n, 7);
    if (unit == "day") return add(out.days, n, 1);
    if (unit == "hour") return add(out.microseconds, n, 3'600'000'000);
    if (unit == "minute") return add(out.microseconds, n, 60'000'000);
    if (unit == "second") {
      add(out.microseconds, n, 1'000'000);
      return add(out.microseconds, nanoseconds / 1000, 1);
    }
    if (unit == "millisecond") return add(out.microseconds, n, 1000);
    if (unit == "microsecond") return add(out.microseconds, n, 1);
    refuse();
  }

  std::string_view text_;
  std::string_view rest_;
};

/// "50ms", "50 ms", "5s", "10m", "2h", "1d".
std::optional<duration> short_form(std::string_view text) {
  std::int64_t n = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (problem != std::errc{} || end == text.data()) return std::nullopt;
  const auto unit = trimmed({end, static_cast<std::size_t>(text.data() + text.size() - end)});
  static constexpr std::array<std::pair<std::string_view, std::int64_t>, 6> units{
      {{"us", 1}, {"ms", 1000}, {"s", 1'000'000}, {"m", 60'000'000}, {"h", 3'600'000'000}, {"d", 86'400'000'000}}};
  for (const auto& [name, factor] : units) {
    std::int64_t result = 0;
    if (unit == name && !__builtin_mul_overflow(n, factor, &result)) return duration{result};
  }
  return std::nullopt;
}

}  // namespace

calendar_interval parse_calendar_interval(std::string_view text) { return interval_reader(text).read(); }

duration parse_duration(std::string_view text) {
  if (const auto d = short_form(trimmed(text))) return *d;
  const auto i = parse_calendar_interval(text);
  if (i.months != 0) {
    throw error(errc::invalid_argument,
                "'" + std::string(text) + "' has months or years, which have no fixed length: say it in days");
  }
  return {i.days * micros_per_day + i.microseconds};
}

std::string to_string(timestamp t) {
  std::string out;
  append_timestamp(out, t.microseconds);
  return out;
}

std::string to_string(duration d) {
  std::string out;
  const auto add = [&](std::int64_t n, const char* unit) {
    if (n != 0) out += (out.empty() ? "" : " ") + std::to_string(n) + " " + unit;
  };
  std::int64_t rest = d.microseconds;
  add(rest / micros_per_day, "days");
  rest %= micros_per_day;
  add(rest / 3'600'000'000, "hours");
  rest %= 3'600'000'000;
  add(rest / 60'000'000, "minutes");
  rest %= 60'000'000;
  if (rest != 0) {
    const auto magnitude = static_cast<std::uint64_t>(rest < 0 ? -rest : rest);
    std::string seconds = (rest < 0 ? "-" : "") + std::to_string(magnitude / 1'000'000);
    if (magnitude % 1'000'000 != 0) {
      auto fraction = std::to_string(1'000'000 + magnitude % 1'000'000);
      fraction[0] = '.';
      while (fraction.back() == '0') fraction.pop_back();
      seconds += fraction;
    }
    out += (out.empty() ? "" : " ") + seconds + " seconds";
  }
  return out.empty() ? "0 seconds" : out;
}

}  // namespace flow
