#include "format/format_option.hpp"

#include <charconv>
#include <cctype>

#include "flow/error.hpp"

namespace flow {

malformed_mode read_malformed_mode(const options& settings) {
  const auto mode = settings.choice("mode", "PERMISSIVE", {"PERMISSIVE", "DROPMALFORMED", "FAILFAST"});
  if (mode == "DROPMALFORMED") return malformed_mode::drop;
  return mode == "FAILFAST" ? malformed_mode::fail : malformed_mode::permissive;
}

void refuse_corrupt_column_alone(std::string_view format, std::string_view column) {
  throw error(errc::invalid_argument, "of the " + std::string(format) + " files only the column \"" + std::string(column) +
                                          "\" is read, but which rows are broken shows only where others are decoded; select "
                                          "another column of the files beside it");
}

void check_encoding(const options& settings) {
  for (const auto* key : {"encoding", "charset"}) {
    const auto text = settings.find(key);
    if (!text) continue;
    std::string plain;
    for (const char c : *text) {
      if (c != '-' && c != '_') plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    if (plain != "utf8" && plain != "usascii" && plain != "ascii") {
      throw error(errc::invalid_option, "option \"" + std::string(key) + "\" = \"" + *text +
                                            "\": only UTF-8 is read; convert the files first (iconv -f " + *text +
                                            " -t UTF-8)");
    }
  }
}

std::string unescaped(std::string_view key, std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char c = text[++i];
    switch (c) {
      case 't':
        out += '\t';
        break;
      case 'r':
        out += '\r';
        break;
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
        break;
      case 'n':
        out += '\n';
        break;
      case '"':
      case '\'':
      case '\\':
        out += c;
        break;
      case 'u': {
        unsigned code = 0;
        const auto digits = text.substr(i + 1, 4);
        const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
        if (read.ptr == digits.data() + 4 && code < 0x80) {
          out += static_cast<char>(code);
          i += 4;
          break;
        }
        [[fallthrough]];
      }
      default:
        throw error(errc::invalid_option, "option \"" + std::string(key) + "\" = \"" + std::string(text) +
                                              "\": unknown escape \\" + c +
                                              "; known are \\t \\r \\n \\b \\f \\\" \\' \\\\ and \\u00XX");
    }
  }
  return out;
}

std::string read_line_separator(const options& settings) {
  const auto text = settings.find("lineSep");
  if (!text) return "";
  if (text->empty()) throw error(errc::invalid_option, "option \"lineSep\" is empty: give the text that ends a line");
  return *text;
}

char read_character(const options& settings, std::string_view key, char fallback) {
  const auto text = settings.find(key);
  if (!text) return fallback;
  if (text->empty()) return '\0';
  if (text->size() == 1) return (*text)[0];
  const auto plain = unescaped(key, *text);
  if (plain.size() == 1) return plain[0];
  throw error(errc::invalid_option, "option \"" + std::string(key) + "\" = \"" + *text + "\": one ASCII character is expected");
}

double read_ratio(const options& settings, std::string_view key) {
  const auto text = settings.find(key);
  if (!text) return 1.0;
  double value = 0;
  const auto read = std::from_chars(text->data(), text->data() + text->size(), value);
  if (read.ec != std::errc{} || read.ptr != text->data() + text->size() || !(value > 0.0 && value <= 1.0)) {
    throw error(errc::invalid_option,
                "option \"" + std::string(key) + "\" = \"" + *text + "\": a number above 0 and up to 1 is expected");
  }
  return value;
}

}  // namespace flow
