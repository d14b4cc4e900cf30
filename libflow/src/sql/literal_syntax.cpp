#include "sql/literal_syntax.hpp"

#include <array>
#include <cctype>
#include <charconv>
#include <chrono>
#include <limits>

#include "flow/error.hpp"
#include "flow/time.hpp"
#include "sql/parse_session.hpp"

namespace flow::sql {

namespace {

expression_ptr literal_named(std::shared_ptr<arrow::Scalar> value, std::string text) {
  auto e = std::make_shared<expression>();
  e->kind = expression_kind::literal;
  e->value = std::move(value);
  e->text = std::move(text);
  return e;
}

char upper(char c) { return static_cast<char>(std::toupper(static_cast<unsigned char>(c))); }

template <class T>
std::optional<T> read_number(std::string_view digits) {
  T value{};
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (failure != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

// Digits with at most one point and an exponent, exactly: 1.50 is 150 with scale 2.
expression_ptr exact_number(std::string_view text, parse_session& session, text_range where) {
  arrow::Decimal128 value;
  std::int32_t precision = 0, scale = 0;
  std::string digits(text);
  if (digits.front() == '.') digits.insert(0, "0");
  if (!arrow::Decimal128::FromString(digits, &value, &precision, &scale).ok() || precision > 38) {
    session.refuse(where, "the number " + digits + " has more than 38 digits");
  }
  if (scale < 0) {
    value = arrow::Decimal128(value.IncreaseScaleBy(-scale));
    precision -= scale;
    scale = 0;
  }
  // Zeros before the first significant digit do not count: 0.5 is DECIMAL(1,1).
  precision = std::max({1, static_cast<int>(value.ToIntegerString().size()), scale});
  if (precision > 38) session.refuse(where, "the number " + digits + " has more than 38 digits");
  return expressions::literal(std::make_shared<arrow::Decimal128Scalar>(value, types::decimal(precision, scale)));
}

void append_code_point(std::string& out, std::uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

std::optional<std::uint32_t> code_at(std::string_view text, std::size_t begin, std::size_t digits, int base) {
  if (begin + digits > text.size()) return std::nullopt;
  std::uint32_t value = 0;
  const char* last = text.data() + begin + digits;
  const auto [end, failure] = std::from_chars(text.data() + begin, last, value, base);
  if (failure != std::errc{} || end != last || value > 0x10FFFF) return std::nullopt;
  return value;
}

// A backslash and what follows it, from text[i] on; returns the bytes taken.
std::size_t append_escape(std::string_view text, std::size_t i, std::string& out) {
  const char c = text[i];
  if (c == 'u' || c == 'U') {
    const std::size_t digits = c == 'u' ? 4 : 8;
    if (const auto code = code_at(text, i + 1, digits, 16)) {
      append_code_point(out, *code);
      return 1 + digits;
    }
  }
  if (c >= '0' && c <= '1') {
    if (const auto code = code_at(text, i, 3, 8)) {
      append_code_point(out, *code);
      return 3;
    }
  }
  switch (c) {
    case '0':
      out += '\0';
      break;
    case 'b':
      out += '\b';
      break;
    case 'n':
      out += '\n';
      break;
    case 'r':
      out += '\r';
      break;
    case 't':
      out += '\t';
      break;
    case 'Z':
      out += '\x1A';
      break;
    case '%':
    case '_':
      out += '\\';
      [[fallthrough]];  // Patterns of LIKE have their own escapes.
    default:
      out += c;
  }
  return 1;
}

// Reads fields of digits out of a text.
class digit_reader {
 public:
  explicit digit_reader(std::string_view text) : text_(text) {}

  bool at_end() const { return place_ == text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[place_]; }
  bool skip(char c) {
    if (peek() != c) return false;
    ++place_;
    return true;
  }
  // A number of `least` to `most` digits.
  bool number(int least, int most, std::int64_t& value) {
    value = 0;
    int digits = 0;
    for (; digits < most && std::isdigit(static_cast<unsigned char>(peek())); ++digits)
      value = 10 * value + (text_[place_++] - '0');
    return digits >= least && !std::isdigit(static_cast<unsigned char>(peek()));
  }
  // A fraction as microseconds; digits behind the sixth are cut.
  bool fraction(std::int64_t& microseconds) {
    microseconds = 0;
    int digits = 0;
    for (; std::isdigit(static_cast<unsigned char>(peek())); ++digits, ++place_) {
      if (digits < 6) microseconds = 10 * microseconds + (text_[place_] - '0');
    }
    for (int i = digits; i < 6; ++i) microseconds *= 10;
    return digits > 0;
  }
  std::string_view rest() const { return text_.substr(place_); }

 private:
  std::string_view text_;
  std::size_t place_ = 0;
};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  return text;
}

bool read_date_fields(digit_reader& in, std::int64_t& days) {
  const bool before_christ = in.skip('-');
  if (!before_christ) in.skip('+');
  std::int64_t year = 0, month = 1, day = 1;
  if (!in.number(4, 7, year)) return false;
  if (in.skip('-')) {
    if (!in.number(1, 2, month)) return false;
    if (in.skip('-') && !in.number(1, 2, day)) return false;
  }
  if (before_christ) year = -year;
  if (year < -32767 || year > 32767) return false;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return false;
  days = std::chrono::sys_days(date).time_since_epoch().count();
  return true;
}

// "", "Z", "UTC", "+01:00", "GMT-5": the offset from UTC in seconds.
bool read_zone(std::string_view text, std::int64_t& offset, bool& zoned) {
  text = trimmed(text);
  offset = 0;
  zoned = !text.empty();
  for (const std::string_view utc : {"UTC", "GMT", "UT", "Z"}) {
    if (text.size() >= utc.size() &&
        std::equal(utc.begin(), utc.end(), text.begin(), [](char a, char b) { return a == upper(b); })) {
      text.remove_prefix(utc.size());
      break;
    }
  }
  if (text.empty()) return true;
  digit_reader in(text);
  const bool west = in.skip('-');
  if (!west && !in.skip('+')) return false;
  std::int64_t hours = 0, minutes = 0, seconds = 0;
  if (!in.number(1, 2, hours)) return false;
  if (in.skip(':') && !in.number(1, 2, minutes)) return false;
  if (in.skip(':') && !in.number(1, 2, seconds)) return false;
  if (!in.at_end() || hours > 18 || minutes > 59 || seconds > 59) return false;
  offset = (west ? -1 : 1) * (3600 * hours + 60 * minutes + seconds);
  return true;
}

constexpr std::int64_t second = 1'000'000;
constexpr std::array day_time_units{"DAY", "HOUR", "MINUTE", "SECOND"};
constexpr std::array<std::int64_t, 4> day_time_sizes{86400 * second, 3600 * second, 60 * second, second};

// Years and months apart from days and smaller, with the fields that were named: what an interval literal is in Spark.
struct interval_value {
  std::int64_t months = 0;
  std::int64_t microseconds = 0;
  int first_field = 9, last_field = -1;  // Of year, month, day, hour, minute, second.

  void use(int field) {
    first_field = std::min(first_field, field);
    last_field = std::max(last_field, field);
  }
};

std::string two_digits(std::int64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); }

std::string seconds_text(std::int64_t microseconds) {
  auto text = two_digits(microseconds / second);
  if (auto fraction = microseconds % second; fraction != 0) {
    auto digits = std::to_string(second + fraction).substr(1);
    while (digits.back() == '0') digits.pop_back();
    text += "." + digits;
  }
  return text;
}

std::string day_time_text(std::int64_t microseconds, int first, int last) {
  std::string text = microseconds < 0 ? "-" : "";
  auto rest = microseconds < 0 ? -microseconds : microseconds;
  for (int field = first; field <= last; ++field) {
    const auto size = day_time_sizes[static_cast<std::size_t>(field)];
    if (field > first) text += field == 1 ? " " : ":";
    if (field == 3) {
      text += seconds_text(rest);
    } else {
      text += field == 0 ? std::to_string(rest / size) : two_digits(rest / size);
    }
    rest %= size;
  }
  return text;
}

// Spark's text of an interval of one kind: INTERVAL '1 02:03' DAY TO MINUTE.
std::string interval_text(const interval_value& value) {
  constexpr std::array names{"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"};
  const auto field_name = [&](int field) { return std::string(names[static_cast<std::size_t>(field)]); };
  const auto fields = value.first_field == value.last_field
                          ? field_name(value.first_field)
                          : field_name(value.first_field) + " TO " + field_name(value.last_field);
  if (value.last_field >= 2) {
    return "INTERVAL '" + day_time_text(value.microseconds, value.first_field - 2, value.last_field - 2) + "' " + fields;
  }
  const auto months = value.months < 0 ? -value.months : value.months;
  std::string text = value.months < 0 ? "-" : "";
  if (value.first_field == 0) text += std::to_string(months / 12);
  if (value.first_field != value.last_field) text += '-';
  if (value.last_field == 1) text += std::to_string(value.first_field == 0 ? months % 12 : months);
  return "INTERVAL '" + text + "' " + fields;
}

expression_ptr interval_literal(const interval_value& value, std::string text) {
  const auto days = value.microseconds / day_time_sizes[0];
  const auto rest = value.microseconds % day_time_sizes[0];
  const arrow::MonthDayNanoIntervalType::MonthDayNanos fields{static_cast<std::int32_t>(value.months),
                                                              static_cast<std::int32_t>(days), rest * 1000};
  return literal_named(std::make_shared<arrow::MonthDayNanoIntervalScalar>(fields), std::move(text));
}

// "-1.5" in units of `size` microseconds.
std::optional<std::int64_t> scaled(std::string_view text, std::int64_t size) {
  text = trimmed(text);
  digit_reader in(text);
  const bool negative = in.skip('-');
  if (!negative) in.skip('+');
  std::int64_t whole = 0, millionths = 0;
  if (!in.number(1, 15, whole)) return std::nullopt;
  if (in.skip('.') && !in.fraction(millionths)) return std::nullopt;
  std::int64_t value = 0;
  if (!in.at_end() || __builtin_mul_overflow(whole, size, &value)) return std::nullopt;
  value += millionths * size / second;
  return negative ? -value : value;
}

bool add_part(const interval_syntax::part& part, interval_value& value) {
  auto unit = part.unit;
  for (char& c : unit) c = upper(c);
  if (unit.back() == 'S') unit.pop_back();
  if (unit == "YEAR" || unit == "MONTH") {
    const auto number = read_number<std::int32_t>(trimmed(part.value));
    if (!number) return false;
    value.months += std::int64_t{*number} * (unit == "YEAR" ? 12 : 1);
    value.use(unit == "YEAR" ? 0 : 1);
    return true;
  }
  struct sized {
    std::string_view unit;
    std::int64_t size;
    int field;
  };
  constexpr std::array sizes{sized{"WEEK", 7 * 86400 * second, 2},
                             sized{"DAY", 86400 * second, 2},
                             sized{"HOUR", 3600 * second, 3},
                             sized{"MINUTE", 60 * second, 4},
                             sized{"SECOND", second, 5},
                             sized{"MILLISECOND", 1000, 5},
                             sized{"MICROSECOND", 1, 5}};
  for (const auto& [name, size, field] : sizes) {
    if (name != unit) continue;
    // Only seconds have a fraction.
    if (part.value.find('.') != std::string::npos && unit != "SECOND") return false;
    const auto amount = scaled(part.value, size);
    if (!amount) return false;
    value.microseconds += *amount;
    value.use(field);
    return true;
  }
  return false;
}

// '1 2:03' DAY TO MINUTE.
bool read_fields(std::string_view text, std::string from, std::string to, interval_value& value) {
  for (char& c : from) c = upper(c);
  for (char& c : to) c = upper(c);
  digit_reader in(trimmed(text));
  const std::int64_t sign = in.skip('-') ? -1 : (in.skip('+'), 1);
  std::int64_t number = 0;
  if (from == "YEAR" && to == "MONTH") {
    std::int64_t years = 0;
    if (!in.number(1, 9, years) || !in.skip('-') || !in.number(1, 2, number) || number > 11) return false;
    value.months = sign * (12 * years + number);
    value.use(0);
    value.use(1);
    return in.at_end();
  }
  const auto find_unit = [](const std::string& unit) {
    return static_cast<int>(std::find(day_time_units.begin(), day_time_units.end(), unit) - day_time_units.begin());
  };
  const int first = find_unit(from), last = find_unit(to);
  if (last > 3 || first >= last) return false;
  for (int field = first; field <= last; ++field) {
    if (field > first && !(field == 1 ? in.skip(' ') : in.skip(':'))) return false;
    if (!in.number(1, field == first ? 9 : 2, number)) return false;
    value.microseconds += number * day_time_sizes[static_cast<std::size_t>(field)];
    value.use(field + 2);
  }
  if (last == 3 && in.skip('.')) {
    if (!in.fraction(number)) return false;
    value.microseconds += number;
  }
  value.microseconds *= sign;
  return in.at_end();
}

}  // namespace

expression_ptr read_integer(const std::string& text, parse_session& session, text_range where) {
  const char suffix = upper(text.back());
  const std::string_view digits(text.data(), text.size() - (std::isdigit(static_cast<unsigned char>(suffix)) ? 0 : 1));
  const auto value = read_number<std::int64_t>(digits);
  const auto too_large = [&](const char* type) { session.refuse(where, std::string(digits) + " is too large for " + type); };
  switch (suffix) {
    case 'Y':
      if (!value || *value > std::numeric_limits<std::int8_t>::max()) too_large("TINYINT");
      return literal_named(std::make_shared<arrow::Int8Scalar>(static_cast<std::int8_t>(*value)), "");
    case 'S':
      if (!value || *value > std::numeric_limits<std::int16_t>::max()) too_large("SMALLINT");
      return literal_named(std::make_shared<arrow::Int16Scalar>(static_cast<std::int16_t>(*value)), "");
    case 'L':
      if (!value) too_large("BIGINT");
      return literal_named(std::make_shared<arrow::Int64Scalar>(*value), std::to_string(*value));
    default:
      break;
  }
  if (!value) return exact_number(digits, session, where);
  if (*value <= std::numeric_limits<std::int32_t>::max()) return expressions::literal(static_cast<std::int32_t>(*value));
  return expressions::literal(*value);
}

expression_ptr read_decimal(const std::string& text, parse_session& session, text_range where) {
  std::string_view digits = text;
  const bool suffixed = upper(digits.back()) == 'D';
  if (suffixed) digits.remove_suffix(2);
  return exact_number(digits, session, where);
}

expression_ptr read_real(const std::string& text, parse_session& session, text_range where) {
  const char suffix = upper(text.back());
  const bool suffixed = suffix == 'D' || suffix == 'F';
  const std::string_view digits(text.data(), text.size() - (suffixed ? 1 : 0));
  if (suffix == 'F') {
    const auto value = read_number<float>(digits);
    if (!value) session.refuse(where, std::string(digits) + " is out of the range of FLOAT");
    return expressions::literal(std::make_shared<arrow::FloatScalar>(*value));
  }
  const auto value = read_number<double>(digits);
  if (!value) session.refuse(where, std::string(digits) + " is out of the range of DOUBLE");
  return expressions::literal(*value);
}

expression_ptr read_binary(const std::string& digits, parse_session& session, text_range where) {
  std::string padded = digits.size() % 2 == 0 ? digits : "0" + digits;
  std::string bytes;
  for (std::size_t i = 0; i < padded.size(); i += 2) {
    const auto byte = code_at(padded, i, 2, 16);
    if (!byte) session.refuse(where, "a binary literal has hexadecimal digits only: X'1F0A'");
    bytes += static_cast<char>(*byte);
  }
  return expressions::literal(std::make_shared<arrow::BinaryScalar>(arrow::Buffer::FromString(std::move(bytes))));
}

expression_ptr read_typed_literal(const std::string& type, const std::string& text, parse_session& session, text_range where) {
  std::string name = type;
  for (char& c : name) c = upper(c);
  if (name == "DATE") {
    const auto days = read_date(text);
    if (!days) session.refuse(where, "'" + text + "' is no date: expected DATE '2024-02-29'");
    return expressions::literal(std::make_shared<arrow::Date32Scalar>(*days));
  }
  if (name == "TIMESTAMP" || name == "TIMESTAMP_LTZ" || name == "TIMESTAMP_NTZ") {
    const auto time = read_timestamp(text);
    const bool without_zone = name == "TIMESTAMP_NTZ";
    if (!time || (without_zone && time->zoned)) {
      session.refuse(where, "'" + text + "' is no " + name + ": expected " + name + " '2024-02-29 10:00:00'");
    }
    const auto& result = without_zone ? types::timestamp_ntz() : types::timestamp();
    return expressions::literal(std::make_shared<arrow::TimestampScalar>(time->microseconds, result));
  }
  session.refuse(where, "a string cannot follow " + type + "; literals with a type are DATE '...', TIMESTAMP '...' and X'...'");
}

expression_ptr make_string(const std::string& text) { return expressions::literal(std::string_view(text)); }

expression_ptr make_interval(const interval_syntax& syntax, parse_session& session, text_range where) {
  interval_value value;
  bool valid = true;
  if (!syntax.to.empty()) {
    valid = read_fields(syntax.parts[0].value, syntax.parts[0].unit, syntax.to, value);
  } else {
    for (const auto& part : syntax.parts) valid = valid && add_part(part, value);
  }
  if (!valid) {
    session.refuse(
        where,
        "this interval cannot be read: expected INTERVAL 10 MINUTES, INTERVAL '1' DAY or INTERVAL '1 2:03' DAY TO MINUTE");
  }
  if (value.first_field < 2 && value.last_field >= 2) {
    session.refuse(where, "years and months cannot be mixed with days and smaller units in one interval; add two intervals");
  }
  auto text = interval_text(value);
  return interval_literal(value, std::move(text));
}

// The name of '1 day 2 hours': that of its parts, if they can be one literal.
static std::string text_of_parts(const std::string& text) {
  interval_value value;
  interval_syntax::part part;
  bool known = true;
  for (std::size_t i = 0; i < text.size();) {
    const auto begin = text.find_first_not_of(" \t\r\n", i);
    if (begin == std::string::npos) break;
    i = std::min(text.find_first_of(" \t\r\n", begin), text.size());
    const auto word = text.substr(begin, i - begin);
    if (std::isalpha(static_cast<unsigned char>(word[0])) == 0) {
      part.value += word;
      continue;
    }
    part.unit = word;
    known = known && !part.value.empty() && add_part(part, value);
    part = {};
  }
  const bool one_kind = value.last_field >= 0 && (value.first_field < 2) == (value.last_field < 2);
  return known && one_kind && part.value.empty() ? interval_text(value) : "INTERVAL '" + text + "'";
}

expression_ptr read_interval_text(const std::string& text, parse_session& session, text_range where) {
  try {
    const auto parsed = parse_calendar_interval(text);
    const arrow::MonthDayNanoIntervalType::MonthDayNanos fields{parsed.months, parsed.days, parsed.microseconds * 1000};
    return literal_named(std::make_shared<arrow::MonthDayNanoIntervalScalar>(fields), text_of_parts(text));
  } catch (const error& e) {
    session.refuse(where, e.what());
  }
}

std::int64_t read_count(const std::string& text, parse_session& session, text_range where) {
  const auto count = read_number<std::int64_t>(text);
  if (!count) session.refuse(where, "'" + text + "' is no number of rows");
  return *count;
}

std::string unescape(std::string_view quoted, char quote) {
  std::string text;
  for (std::size_t i = 0; i < quoted.size();) {
    if (quoted[i] == '\\' && i + 1 < quoted.size()) {
      i += 1 + append_escape(quoted, i + 1, text);
    } else {
      text += quoted[i];
      i += quoted[i] == quote ? 2 : 1;
    }
  }
  return text;
}

std::optional<std::int32_t> read_date(std::string_view text) {
  digit_reader in(trimmed(text));
  std::int64_t days = 0;
  if (!read_date_fields(in, days) || !in.at_end()) return std::nullopt;
  return static_cast<std::int32_t>(days);
}

std::optional<timestamp_text> read_timestamp(std::string_view text) {
  digit_reader in(trimmed(text));
  timestamp_text result;
  std::int64_t days = 0, hours = 0, minutes = 0, seconds = 0, fraction = 0, offset = 0;
  if (!read_date_fields(in, days)) return std::nullopt;
  if (in.skip('T') || in.skip(' ')) {
    if (!in.number(1, 2, hours) || !in.skip(':') || !in.number(1, 2, minutes)) return std::nullopt;
    if (in.skip(':')) {
      if (!in.number(1, 2, seconds)) return std::nullopt;
      if (in.skip('.') && !in.fraction(fraction)) return std::nullopt;
    }
    if (hours > 23 || minutes > 59 || seconds > 59) return std::nullopt;
    if (!read_zone(in.rest(), offset, result.zoned)) return std::nullopt;
  } else if (!in.at_end()) {
    return std::nullopt;
  }
  result.microseconds = ((days * 24 + hours) * 60 + minutes) * 60 * second + (seconds - offset) * second + fraction;
  return result;
}

}  // namespace flow::sql
