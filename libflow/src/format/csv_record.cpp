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

unescaped_quote read_stray_quote(const options& settings) {
  const auto text =
      settings.choice("unescapedQuoteHandling", "STOP_AT_DELIMITER",
                      {"STOP_AT_DELIMITER", "STOP_AT_CLOSING_QUOTE", "BACK_TO_DELIMITER", "SKIP_VALUE", "RAISE_ERROR"});
  if (text == "STOP_AT_CLOSING_QUOTE") return unescaped_quote::stop_at_closing_quote;
  if (text == "BACK_TO_DELIMITER") return unescaped_quote::back_to_delimiter;
  if (text == "SKIP_VALUE") return unescaped_quote::skip_value;
  return text == "RAISE_ERROR" ? unescaped_quote::raise_error : unescaped_quote::stop_at_delimiter;
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
  out.stray_quote = read_stray_quote(settings);
  if (out.multi_line && out.stray_quote == unescaped_quote::back_to_delimiter)
    throw error(errc::invalid_option,
                "option \"unescapedQuoteHandling\" = \"BACK_TO_DELIMITER\" would go back over line ends with multiLine; use "
                "STOP_AT_DELIMITER, or read without multiLine");
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

/// The field that began with a quote and holds `value` so far ends at the next separator; `at` is behind the stray quote.
std::size_t csv_splitter::after_stray_quote(std::string_view text, std::size_t at, std::string& value, csv_field& out) const {
  const auto end = rest_of_field(text, at);
  switch (settings_.stray_quote) {
    case unescaped_quote::skip_value:
      finish(out, false);
      return end;
    case unescaped_quote::raise_error:
      throw error(errc::malformed_data, "a quote inside a quoted CSV field is not escaped, behind: " + value +
                                            "; option \"unescapedQuoteHandling\" = \"RAISE_ERROR\" ends the query there");
    default:
      value.insert(value.begin(), settings_.quote);
      value += settings_.quote;
      value += text.substr(at, end - at);
      while (settings_.trim_trailing && is_blank(value.back())) value.pop_back();
      out.text = value;
      finish(out, true);
      return end;
  }
}

void csv_splitter::give_out_separated(std::string& value, std::vector<csv_field>& fields) {
  for (auto end = value.find(settings_.separator); end != std::string::npos; end = value.find(settings_.separator)) {
    const std::string_view field = unescaped_.emplace_back(value, 0, end);
    fields.push_back({field, field == settings_.null_text});
    value.erase(0, end + settings_.separator.size());
  }
}

/// `at` is behind the opening quote. A quote with nothing behind it is the value itself.
std::size_t csv_splitter::quoted_field(std::string_view text, std::size_t at, csv_field& out, std::vector<csv_field>& fields) {
  const char quote = settings_.quote, escape = settings_.escape;
  const bool to_closing_quote = settings_.stray_quote == unescaped_quote::stop_at_closing_quote;
  const bool back = settings_.stray_quote == unescaped_quote::back_to_delimiter;
  auto& value = unescaped_.emplace_back();
  char before = '\0';
  bool stray = false;
  const auto ends_field = [&](std::size_t where) { return ends_record(text, where) || at_separator(text, where); };
  const auto whole = [&](std::size_t end) {
    out.text = value;
    finish(out, true);
    return end;
  };
  if (at == text.size()) {
    value = quote;
    return whole(at);
  }
  while (true) {
    while (at < text.size()) {
      char c = text[at];
      if (before == quote && (is_blank(c) || ends_field(at))) break;
      if (c != quote && (c != escape || escape == '\0')) {
        if (before == quote && (to_closing_quote || back)) {
          if (back) give_out_separated(value, fields);
          if (to_closing_quote) value += quote;
          value += c;
          before = back ? '\0' : c;
          stray = true;
          ++at;
          continue;
        }
        if (before == quote) return after_stray_quote(text, at, value, out);
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
        return after_stray_quote(text, at, value, out);
      }
      before = c;
      ++at;
      if (stray && ends_field(at)) return whole(at);
    }
    auto next = at;
    while (next < text.size() && is_blank(text[next]) && !ends_field(next)) ++next;
    if (ends_field(next)) return whole(next);
    if (!to_closing_quote) return after_stray_quote(text, at, value, out);
    value += quote;
    value += text.substr(at, next - at);
    before = text[next];
    if (before != quote && (before != escape || escape == '\0')) value += before;
    at = next + 1;
  }
}

std::size_t csv_splitter::split(std::string_view text, std::size_t from, std::vector<csv_field>& fields) {
  fields.clear();
  unescaped_.clear();
  auto at = from;
  while (true) {
    while (settings_.trim_leading && !ends_record(text, at) && is_blank(text[at]) && !at_separator(text, at)) ++at;
    csv_field field;
    const bool quoted = settings_.quote != '\0' && at < text.size() && text[at] == settings_.quote;
    at = quoted ? quoted_field(text, at + 1, field, fields) : plain_field(text, at, field);
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
