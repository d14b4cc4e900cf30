#include "format/json_scanner.hpp"

#include <cctype>
#include <cstring>

#include "types/ascii.hpp"

namespace flow {
namespace {

/// Jackson's limit.
constexpr int deepest_nesting = 1000;

bool read_hex(const char* from, unsigned& value) {
  value = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = hex_digit(from[i]);
    if (digit < 0) return false;
    value = value * 16 + static_cast<unsigned>(digit);
  }
  return true;
}

void append_utf8(std::string& out, unsigned code) {
  const auto put = [&](unsigned byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

bool is_name_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$' || (c & 0x80) != 0;
}

}  // namespace

bool json_scanner::skip_comments() {
  while (at_ < end_ && *at_ == '/') {
    const std::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
    if (rest.starts_with("/*")) {
      const auto close = rest.find("*/", 2);
      if (close == std::string_view::npos) return false;
      at_ += close + 2;
    } else if (rest.starts_with("//")) {
      at_ += std::min(rest.find('\n'), rest.size());
    } else {
      return false;
    }
    while (at_ < end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r')) ++at_;
  }
  return true;
}

bool json_scanner::word(std::string_view text, json_kind kind, json_token& out) {
  if (!std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(text)) return false;
  const auto* after = at_ + text.size();
  if (after < end_ && is_name_character(*after)) return false;
  out = {kind, false, at_, after};
  at_ = after;
  return true;
}

bool json_scanner::non_numeric(json_token& out) {
  // At the letter behind a minus.
  if (!syntax_->non_numeric) return false;
  const auto* first = out.begin;
  if (!word("Infinity", json_kind::not_finite, out) && !word("INF", json_kind::not_finite, out)) return false;
  out.begin = first;
  return true;
}

bool json_scanner::rare_value(json_token& out, int depth) {
  switch (*at_) {
    case '{':
    case '[':
      return container(out, depth);
    case '\'':
      return syntax_->single_quotes && string('\'', out);
    case 't':
      return word("true", json_kind::boolean, out);
    case 'f':
      return word("false", json_kind::boolean, out);
    case 'n':
      return word("null", json_kind::null, out);
    case 'N':
      return syntax_->non_numeric && word("NaN", json_kind::not_finite, out);
    case 'I':
      return syntax_->non_numeric && (word("Infinity", json_kind::not_finite, out) || word("INF", json_kind::not_finite, out));
    case '+': {
      if (!syntax_->non_numeric) return false;
      const auto* first = at_++;
      if (!word("Infinity", json_kind::not_finite, out) && !word("INF", json_kind::not_finite, out)) return false;
      out.begin = first;
      return true;
    }
    default:
      return false;
  }
}

bool json_scanner::container(json_token& out, int depth) {
  if (depth >= deepest_nesting) return false;
  const bool object = *at_ == '{';
  const auto* first = at_++;
  if (!(object ? members(depth + 1) : elements(depth + 1))) return false;
  out = {object ? json_kind::object : json_kind::list, false, first, at_};
  return true;
}

bool json_scanner::members(int depth) {
  json_token ignored;
  if (take('}')) return true;
  while (true) {
    if (!skip_blanks() || !name(ignored) || !take(':') || !skip_blanks() || !value(ignored, depth)) return false;
    if (take('}')) return true;
    if (!take(',')) return false;
  }
}

bool json_scanner::elements(int depth) {
  json_token ignored;
  if (take(']')) return true;
  while (true) {
    if (!skip_blanks() || !value(ignored, depth)) return false;
    if (take(']')) return true;
    if (!take(',')) return false;
  }
}

bool json_scanner::name(json_token& out) {
  if (at_ >= end_) return false;
  if (*at_ == '"') return string('"', out);
  if (*at_ == '\'' && syntax_->single_quotes) return string('\'', out);
  if (!syntax_->unquoted_names) return false;
  const auto* first = at_;
  while (at_ < end_ && is_name_character(*at_)) ++at_;
  out = {json_kind::string, false, first, at_};
  return at_ != first && !std::isdigit(static_cast<unsigned char>(*first));
}

bool json_scanner::escape() {
  if (end_ - at_ < 2) return false;
  const char c = at_[1];
  if (c == 'u') {
    unsigned code = 0;
    if (end_ - at_ < 6 || !read_hex(at_ + 2, code)) return false;
    at_ += 6;
    return true;
  }
  if (std::strchr("\"\\/bfnrt", c) == nullptr || c == '\0') {
    if (!syntax_->any_escape && !(c == '\'' && syntax_->single_quotes)) return false;
  }
  at_ += 2;
  return true;
}

void unescape_json(std::string_view body, std::string& out) {
  for (std::size_t i = 0; i < body.size();) {
    const auto next = std::min(body.find('\\', i), body.size());
    out.append(body.substr(i, next - i));
    if (next == body.size()) return;
    const char c = body[next + 1];
    i = next + 2;
    switch (c) {
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
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
      case 'u': {
        unsigned code = 0, low = 0;
        read_hex(body.data() + i, code);
        i += 4;
        const bool high = code >= 0xD800 && code < 0xDC00;
        if (high && i + 6 <= body.size() && body[i] == '\\' && body[i + 1] == 'u' && read_hex(body.data() + i + 2, low) &&
            low >= 0xDC00 && low < 0xE000) {
          append_utf8(out, 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00));
          i += 6;
        } else if (code >= 0xD800 && code < 0xE000) {
          out += '?';
        } else {
          append_utf8(out, code);
        }
        break;
      }
      default:
        out += c;
    }
  }
}

}  // namespace flow
