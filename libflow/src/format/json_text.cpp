#include "format/json_text.hpp"

#include <cmath>

#include "format/line_scanner.hpp"
#include "format/text_value.hpp"
#include "function/value_text.hpp"

namespace flow {
namespace {

void append_escape(std::string& out, char c) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += digits[static_cast<unsigned char>(c) >> 4];
      out += digits[static_cast<unsigned char>(c) & 15];
  }
}

void append_body(std::string& out, const json_token& text) {
  if (!text.escaped) return append_json_string(out, text.text());
  std::string plain;
  unescape_json(text.text(), plain);
  append_json_string(out, plain);
}

void append_integer_again(std::string& out, std::string_view digits) {
  const bool negative = digits[0] == '-';
  digits.remove_prefix(std::min(digits.find_first_not_of("-0"), digits.size()));
  if (negative && !digits.empty()) out += '-';
  out += digits.empty() ? "0" : digits;
}

void append_real_again(std::string& out, std::string_view text) {
  const double value = read_double(text).value_or(0);
  if (!std::isfinite(value)) out += '"';
  append_double(out, value);
  if (!std::isfinite(value)) out += '"';
}

class rewriter {
 public:
  rewriter(std::string& out, const json_syntax& syntax) : out_(out), syntax_(syntax) {}

  void value(const json_token& token) {
    switch (token.kind) {
      case json_kind::object:
      case json_kind::list:
        return container(token);
      case json_kind::string:
        return append_body(out_, token);
      case json_kind::integer:
        return append_integer_again(out_, token.text());
      case json_kind::real:
        return append_real_again(out_, token.text());
      case json_kind::not_finite:
        out_ += token.text().find('N') == 0 ? "\"NaN\"" : token.text()[0] == '-' ? "\"-Infinity\"" : "\"Infinity\"";
        return;
      default:
        out_ += token.text();
    }
  }

 private:
  void container(const json_token& token) {
    const bool object = token.kind == json_kind::object;
    json_scanner scanner(token.text(), syntax_);
    scanner.jump(token.begin + 1);
    out_ += object ? '{' : '[';
    for (bool first = true; !scanner.take(object ? '}' : ']'); first = false) {
      if (!first) {
        scanner.take(',');
        out_ += ',';
      }
      scanner.skip_blanks();
      json_token part;
      if (object) {
        scanner.name(part);
        append_body(out_, part);
        out_ += ':';
        scanner.take(':');
        scanner.skip_blanks();
      }
      scanner.value(part);
      value(part);
    }
    out_ += object ? '}' : ']';
  }

  std::string& out_;
  const json_syntax& syntax_;
};

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  const auto start = out.size();
  out += '"';
  std::size_t plain = 0;
  unsigned char seen = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    seen |= static_cast<unsigned char>(c);
    if (static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, plain, i - plain);
    append_escape(out, c);
    plain = i + 1;
  }
  out.append(text, plain);
  out += '"';
  if (seen >= 0x80 && !valid_utf8(text)) {
    out.resize(start);
    append_json_string(out, repaired_utf8(text));
  }
}

void append_json_again(std::string& out, const json_token& value, const json_syntax& syntax) {
  rewriter(out, syntax).value(value);
}

}  // namespace flow
