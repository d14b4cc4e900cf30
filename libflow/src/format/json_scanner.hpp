#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace flow {

/// What JSON texts may hold beyond the standard: Spark's allow... options with Spark's defaults.
struct json_syntax {
  bool single_quotes = true;
  bool unquoted_names = false;
  bool comments = false;
  bool leading_zeros = false;
  bool non_numeric = true;
  bool control_characters = false;
  bool any_escape = false;
  bool one_line = false;  ///< A line's end is no blank: texts may be followed by other lines.
};

enum class json_kind : std::uint8_t { none, object, list, string, integer, real, not_finite, boolean, null };

/// One value where it stands in the text. A string without its quotes; `escaped` if it holds a backslash. An object or array
/// with its brackets.
struct json_token {
  json_kind kind = json_kind::none;
  bool escaped = false;
  const char* begin = nullptr;
  const char* end = nullptr;

  std::string_view text() const { return {begin, static_cast<std::size_t>(end - begin)}; }
};

/// Bytes that must be readable behind a text.
inline constexpr std::size_t json_padding = 64;

/// Steps over JSON text and checks all it steps over. Reads up to json_padding bytes behind the text's end, whatever they are.
class json_scanner {
 public:
  json_scanner(std::string_view text, const json_syntax& syntax)
      : at_(text.data()), end_(text.data() + text.size()), syntax_(&syntax) {}

  bool at_end() const { return at_ >= end_; }
  const char* at() const { return at_; }
  void jump(const char* to) { at_ = to; }
  const char* end() const { return end_; }

  /// Blanks, and comments if allowed. False for an open comment.
  bool skip_blanks() {
    while (at_ < end_ && (*at_ == ' ' || *at_ == '\t' || ((*at_ == '\n' || *at_ == '\r') && !syntax_->one_line))) ++at_;
    return !syntax_->comments || at_ >= end_ || *at_ != '/' || skip_comments();
  }
  /// The character c, after blanks.
  bool take(char c) {
    if (at_ < end_ && *at_ == c) {
      ++at_;
      return true;
    }
    if (!skip_blanks() || at_ >= end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  bool peek(char c) const { return at_ < end_ && *at_ == c; }

  /// The value that begins here (blanks are skipped already).
  bool value(json_token& out, int depth = 0) {
    if (at_ >= end_) return false;
    switch (*at_) {
      case '"':
        return string('"', out);
      case '-':
      case '0':
      case '1':
      case '2':
      case '3':
      case '4':
      case '5':
      case '6':
      case '7':
      case '8':
      case '9':
        return number(out);
      default:
        return rare_value(out, depth);
    }
  }
  /// A member's name.
  bool name(json_token& out);

  /// The value that begins here, found by a look at what most values are: a text without escapes, or a whole number. False
  /// leaves everything as it was, and value() finds out.
  bool plain_value(json_token& out) {
    if (*at_ == '"') {
      const auto* first = at_ + 1;
      const auto* close = find_special(first, end_, '"');
      if (close >= end_ || *close != '"') return false;
      out = {json_kind::string, false, first, close};
      at_ = close + 1;
      return true;
    }
    return plain_number(out);
  }

#if defined(__SSE2__)
  /// All ones for each quote, backslash and control character of 16 bytes.
  static __m128i specials_in(const char* from, char quote) {
    const auto bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    return _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(quote)), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))),
                        _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes));
  }
#endif

  /// The first quote, backslash or control character, or somewhere behind `end`.
  static const char* find_special(const char* from, const char* end, char quote) {
#if defined(__SSE2__)
    while (true) {
      const auto mask = static_cast<unsigned>(_mm_movemask_epi8(specials_in(from, quote)));
      if (mask != 0) return from + std::countr_zero(mask);
      from += 16;
      if (from >= end) return end;
    }
#else
    while (from < end && *from != quote && *from != '\\' && static_cast<unsigned char>(*from) > 0x1F) ++from;
    return from;
#endif
  }

 private:
  bool skip_comments();
  bool rare_value(json_token& out, int depth);
  bool container(json_token& out, int depth);
  bool members(int depth);
  bool elements(int depth);
  bool word(std::string_view text, json_kind kind, json_token& out);
  bool escape();

  bool string(char quote, json_token& out) {
    ++at_;
    out = {json_kind::string, false, at_, nullptr};
    while (true) {
      at_ = find_special(at_, end_, quote);
      if (at_ >= end_) return false;
      if (*at_ == quote) {
        out.end = at_++;
        return true;
      }
      if (*at_ == '\\') {
        out.escaped = true;
        if (!escape()) return false;
      } else {
        if (!syntax_->control_characters) return false;
        ++at_;
      }
    }
  }

  bool digits() {
    const auto* first = at_;
    while (at_ < end_ && static_cast<unsigned char>(*at_ - '0') < 10) ++at_;
    return at_ != first;
  }

  bool plain_number(json_token& out) {
#if defined(__SSE2__)
    const auto bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at_));
    const auto low = _mm_sub_epi8(bytes, _mm_set1_epi8('0'));
    const auto digit = _mm_cmpeq_epi8(_mm_min_epu8(low, _mm_set1_epi8(9)), low);
    const auto count = std::countr_one(static_cast<unsigned>(_mm_movemask_epi8(digit)));
    const auto* after = at_ + count;
    if (count == 0 || (*at_ == '0' && count > 1) || after >= end_ || (*after != ',' && *after != '}')) return false;
    out = {json_kind::integer, false, at_, after};
    at_ = after;
    return true;
#else
    return false;
#endif
  }

  bool number(json_token& out) {
    out = {json_kind::integer, false, at_, nullptr};
    if (*at_ == '-') ++at_;
    const auto* first = at_;
    if (!digits()) return non_numeric(out);
    if (*first == '0' && at_ - first > 1 && !syntax_->leading_zeros) return false;
    if (at_ < end_ && (*at_ == '.' || *at_ == 'e' || *at_ == 'E')) {
      out.kind = json_kind::real;
      if (*at_ == '.') {
        ++at_;
        if (!digits()) return false;
      }
      if (at_ < end_ && (*at_ == 'e' || *at_ == 'E')) {
        ++at_;
        if (at_ < end_ && (*at_ == '+' || *at_ == '-')) ++at_;
        if (!digits()) return false;
      }
    }
    out.end = at_;
    return true;
  }
  bool non_numeric(json_token& out);

  const char* at_;
  const char* end_;
  const json_syntax* syntax_;
};

/// The string a token stands for, appended to `out`. A lone surrogate becomes '?', as in Java.
void unescape_json(std::string_view body, std::string& out);

}  // namespace flow
