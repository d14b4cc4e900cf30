#include "format/csv_record.hpp"

#include "flow/error.hpp"
#include "types/ascii.hpp"

namespace flow {
namespace {

std::string read_separator(const options& settings) {
  for (const auto* key : {"sep", "delimiter"}) {
    const auto text = settings.find(key);
    if (!text) continue;
    if (std::string_view(key) == "sep") settings.find("delimiter");
    if (text->empty())
      throw error(errc::invalid_option,
                  "option \"" + std::string(key) + "\" is empty: give the text that stands between fields");
    return text->size() == 1 ? *text : unescaped(key, *text);
  }
  return ",";
}

}  // namespace

csv_settings csv_settings::read(const options& settings) {
  csv_settings out;
  out.separator = read_separator(settings);
  out.quote = read_character(settings, "quote", '"');
  out.escape = read_character(settings, "escape", '\\');
  out.escape_escape = read_character(settings, "charToEscapeQuoteEscaping", out.escape == out.quote ? '\0' : out.escape);
  out.comment = read_character(settings, "comment", '\0');
  out.header = settings.boolean("header", false);
  out.trim_leading = settings.boolean("ignoreLeadingWhiteSpace", false);
  out.trim_trailing = settings.boolean("ignoreTrailingWhiteSpace", false);
  out.multi_line = settings.boolean("multiLine", false);
  out.infer = settings.boolean("inferSchema", false);
  out.enforce_schema = settings.boolean("enforceSchema", true);
  out.prefer_date = settings.boolean("preferDate", true);
  out.null_text = settings.text("nullValue", "");
  out.empty_text = settings.text("emptyValue", "");
  out.nan = settings.text("nanValue", "NaN");
  out.positive_infinity = settings.text("positiveInf", "Inf");
  out.negative_infinity = settings.text("negativeInf", "-Inf");
  out.max_columns = settings.integer("maxColumns", 20480, 1, 1 << 20);
  out.max_characters = settings.integer("maxCharsPerColumn", -1, -1, 1 << 30);
  if (out.max_characters == 0)
    throw error(errc::invalid_option, "option \"maxCharsPerColumn\" = \"0\" lets no field be read; -1 sets no limit");
  settings.choice("unescapedQuoteHandling", "STOP_AT_DELIMITER", {"STOP_AT_DELIMITER"});
  settings.text("locale", "en-US");
  out.sampling_ratio = read_ratio(settings, "samplingRatio");
  out.mode = read_malformed_mode(settings);
  out.corrupt_column = settings.text("columnNameOfCorruptRecord", "_corrupt_record");
  out.line_separator = read_line_separator(settings);
  out.times = time_reader::make(settings, out.prefer_date ? "yyyy-MM-dd" : nullptr);
  check_encoding(settings);
  return out;
}

void check_length(const csv_settings& settings, const csv_field& field) {
  if (settings.max_characters < 0 || static_cast<std::int64_t>(field.text.size()) <= settings.max_characters) return;
  std::int64_t units = 0;
  for (const char c : field.text) {
    const auto byte = static_cast<unsigned char>(c);
    units += byte >= 0xF0 ? 2 : (byte & 0xC0) == 0x80 ? 0 : 1;
  }
  if (units <= settings.max_characters) return;
  throw error(errc::malformed_data, "a CSV field has " + std::to_string(units) +
                                        " characters: " + std::string(field.text.substr(0, 100)) +
                                        "...; option \"maxCharsPerColumn\" allows " + std::to_string(settings.max_characters));
}

bool csv_splitter::at_separator(std::string_view text, std::size_t at) const {
  return at < text.size() && text[at] == settings_.separator[0] &&
         (settings_.separator.size() == 1 || text.substr(at).starts_with(settings_.separator));
}

bool csv_splitter::ends_record(std::string_view text, std::size_t at) const {
  return at >= text.size() || (settings_.multi_line && (text[at] == '\n' || text[at] == '\r'));
}

std::size_t csv_splitter::rest_of_field(std::string_view text, std::size_t at) const {
  if (!settings_.multi_line) return std::min(text.find(settings_.separator, at), text.size());
  while (!ends_record(text, at) && !at_separator(text, at)) ++at;
  return at;
}

void csv_splitter::finish(csv_field& field, bool quoted) const {
  if (field.text.empty()) field.text = quoted ? settings_.empty_text : settings_.null_text;
  field.is_null = field.text == settings_.null_text;
}

std::size_t csv_splitter::plain_field(std::string_view text, std::size_t at, csv_field& out) const {
  const auto end = rest_of_field(text, at);
  out.text = text.substr(at, end - at);
  while (settings_.trim_trailing && !out.text.empty() && is_blank(out.text.back())) out.text.remove_suffix(1);
  finish(out, false);
  return end;
}

/// `at` is behind the opening quote. A quote with nothing behind it is the value itself. One that neither ends the field nor is
/// escaped makes all of it, quotes included, plain text up to the next separator.
std::size_t csv_splitter::quoted_field(std::string_view text, std::size_t at, csv_field& out) {
  const char quote = settings_.quote, escape = settings_.escape;
  auto& value = unescaped_.emplace_back();
  char before = '\0';
  const auto as_plain_text = [&](std::size_t from) {
    const auto end = rest_of_field(text, from);
    value.insert(value.begin(), quote);
    value += quote;
    value += text.substr(from, end - from);
    while (settings_.trim_trailing && is_blank(value.back())) value.pop_back();
    out.text = value;
    finish(out, true);
    return end;
  };
  if (at == text.size()) {
    out.text = value = quote;
    finish(out, true);
    return at;
  }
  while (at < text.size()) {
    char c = text[at];
    if (before == quote && (is_blank(c) || at_separator(text, at) || ends_record(text, at))) break;
    if (c != quote && (c != escape || escape == '\0')) {
      if (before == quote) return as_plain_text(at);
      if (before == escape && escape != '\0') value += escape;
      const auto first = at;
      while (at < text.size() && text[at] != quote && (text[at] != escape || escape == '\0')) ++at;
      value += text.substr(first, at - first);
      before = '\0';
      if (at == text.size()) break;
      before = text[at++];
      continue;
    }
    if (c == escape && escape != '\0' && before == settings_.escape_escape && settings_.escape_escape != '\0') {
      value += escape;
      c = '\0';
    } else if (before == escape && escape != '\0') {
      value += c == quote ? quote : before;
      if (c == quote) c = '\0';
    } else if (c == quote && before == quote) {
      value += quote;
    } else if (before == quote) {
      return as_plain_text(at);
    }
    before = c;
    ++at;
  }
  auto next = at;
  while (next < text.size() && is_blank(text[next]) && !at_separator(text, next) && !ends_record(text, next)) ++next;
  if (!ends_record(text, next) && !at_separator(text, next)) return as_plain_text(at);
  out.text = value;
  finish(out, true);
  return next;
}

std::size_t csv_splitter::split(std::string_view text, std::size_t from, std::vector<csv_field>& fields) {
  fields.clear();
  unescaped_.clear();
  auto at = from;
  while (true) {
    while (settings_.trim_leading && !ends_record(text, at) && is_blank(text[at]) && !at_separator(text, at)) ++at;
    csv_field field;
    const bool quoted = settings_.quote != '\0' && at < text.size() && text[at] == settings_.quote;
    at = quoted ? quoted_field(text, at + 1, field) : plain_field(text, at, field);
    fields.push_back(field);
    if (static_cast<std::int64_t>(fields.size()) > settings_.max_columns) {
      throw error(errc::malformed_data,
                  "a CSV row has more than " + std::to_string(settings_.max_columns) + " fields; set option \"maxColumns\"");
    }
    if (!at_separator(text, at)) break;
    at += settings_.separator.size();
  }
  if (at < text.size() && text[at] == '\r') ++at;
  if (at < text.size() && text[at] == '\n') ++at;
  return at;
}

}  // namespace flow
