#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// Code points in UTF-8 text. A byte that is no valid start counts as one character.
namespace flow {

inline bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

inline std::int32_t character_count(std::string_view text) {
  std::int32_t n = 0;
  for (const char c : text) n += is_continuation(c) ? 0 : 1;
  return n;
}

/// The byte at which character `n` starts, or the end.
inline std::size_t character_offset(std::string_view text, std::int64_t n) {
  std::size_t i = 0;
  while (i < text.size() && n > 0) {
    ++i;
    while (i < text.size() && is_continuation(text[i])) ++i;
    --n;
  }
  return i;
}

/// Takes the first code point off a text that is not empty.
char32_t take_character(std::string_view& text);
void append_character(std::string& out, char32_t c);

char32_t upper_character(char32_t c);
char32_t lower_character(char32_t c);
/// Java's toUpperCase and toLowerCase for Latin, Greek, Cyrillic and Armenian letters; others stay.
void append_upper(std::string& out, std::string_view text);
void append_lower(std::string& out, std::string_view text);
/// Each word (after a blank) with its first letter as a capital, the rest small.
void append_title(std::string& out, std::string_view text);

}  // namespace flow
