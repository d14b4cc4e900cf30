#include "function/utf8.hpp"

namespace flow {

char32_t take_character(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t length = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (length == 1 || length > text.size()) {
    text.remove_prefix(1);
    return first;
  }
  char32_t c = first & (0xFFu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) c = c << 6 | (static_cast<unsigned char>(text[i]) & 0x3Fu);
  text.remove_prefix(length);
  return c;
}

void append_character(std::string& out, char32_t c) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | (c >> shift & 0x3F)); };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    tail(0);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | c >> 12);
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0 | c >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

namespace {

bool within(char32_t c, char32_t first, char32_t last) { return c >= first && c <= last; }

/// Blocks where capital and small letters alternate, the capital at even (or odd) places.
bool alternates_from_even(char32_t c) {
  return (within(c, 0x100, 0x12F) || within(c, 0x132, 0x137) || within(c, 0x14A, 0x177) || within(c, 0x460, 0x481) ||
          within(c, 0x48A, 0x4BF) || within(c, 0x4D0, 0x52F) || within(c, 0x1E00, 0x1E95) || within(c, 0x1EA0, 0x1EFF));
}
bool alternates_from_odd(char32_t c) { return within(c, 0x139, 0x148) || within(c, 0x179, 0x17E) || within(c, 0x4C1, 0x4CE); }

}  // namespace

char32_t upper_character(char32_t c) {
  if (within(c, 'a', 'z')) return c - 32;
  if (c < 0xB5) return c;
  if (c == 0xB5) return 0x39C;
  if (within(c, 0xE0, 0xFE) && c != 0xF7) return c - 32;
  if (c == 0xFF) return 0x178;
  if (c == 0x131) return 'I';
  if (c == 0x17F) return 'S';
  if (alternates_from_even(c)) return c & ~1u;
  if (alternates_from_odd(c)) return c % 2 == 0 ? c - 1 : c;
  if (c == 0x3AC) return 0x386;
  if (within(c, 0x3AD, 0x3AF)) return c - 37;
  if (c == 0x3C2) return 0x3A3;
  if (within(c, 0x3B1, 0x3CB)) return c - 32;
  if (c == 0x3CC) return 0x38C;
  if (within(c, 0x3CD, 0x3CE)) return c - 63;
  if (within(c, 0x430, 0x44F)) return c - 32;
  if (within(c, 0x450, 0x45F)) return c - 80;
  if (within(c, 0x561, 0x586)) return c - 48;
  if (within(c, 0xFF41, 0xFF5A)) return c - 32;
  return c;
}

char32_t lower_character(char32_t c) {
  if (within(c, 'A', 'Z')) return c + 32;
  if (c < 0xC0) return c;
  if (within(c, 0xC0, 0xDE) && c != 0xD7) return c + 32;
  if (c == 0x130) return 'i';
  if (c == 0x178) return 0xFF;
  if (alternates_from_even(c)) return c | 1u;
  if (alternates_from_odd(c)) return c % 2 == 1 ? c + 1 : c;
  if (c == 0x386) return 0x3AC;
  if (within(c, 0x388, 0x38A)) return c + 37;
  if (c == 0x38C) return 0x3CC;
  if (within(c, 0x38E, 0x38F)) return c + 63;
  if (within(c, 0x391, 0x3AB) && c != 0x3A2) return c + 32;
  if (within(c, 0x400, 0x40F)) return c + 80;
  if (within(c, 0x410, 0x42F)) return c + 32;
  if (within(c, 0x531, 0x556)) return c + 48;
  if (within(c, 0xFF21, 0xFF3A)) return c + 32;
  return c;
}

void append_upper(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const auto c = take_character(text);
    if (c == 0xDF) {
      out += "SS";
    } else {
      append_character(out, upper_character(c));
    }
  }
}

void append_lower(std::string& out, std::string_view text) {
  while (!text.empty()) append_character(out, lower_character(take_character(text)));
}

void append_title(std::string& out, std::string_view text) {
  bool start = true;
  while (!text.empty()) {
    const auto c = take_character(text);
    if (!start) {
      append_character(out, lower_character(c));
    } else if (c == 0xDF) {
      out += "Ss";
    } else {
      append_character(out, upper_character(c));
    }
    start = c == ' ';
  }
}

}  // namespace flow
