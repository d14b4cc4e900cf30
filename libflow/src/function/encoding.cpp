#include <charconv>

#include <arrow/api.h>

#include "flow/error.hpp"
#include "format/line_scanner.hpp"
#include "function/register.hpp"
#include "function/row_kernels.hpp"
#include "function/signature.hpp"
#include "function/utf8.hpp"
#include "types/ascii.hpp"

namespace flow {

namespace {

using std::string_view;
using i64 = std::int64_t;

constexpr string_view upper_digits = "0123456789ABCDEF";
constexpr string_view base64_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void hex_of_bytes(string_sink& out, string_view bytes) {
  for (const char c : bytes) {
    out.push(upper_digits[static_cast<unsigned char>(c) >> 4]);
    out.push(upper_digits[static_cast<unsigned char>(c) & 15]);
  }
}

std::string in_base(std::uint64_t v, int base) {
  std::array<char, 72> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), v, base).ptr;
  std::string out(buffer.data(), end);
  for (char& c : out) c = static_cast<char>(c >= 'a' ? c - 32 : c);
  return out;
}

bool from_hex(string_sink& out, string_view text) {
  if (text.size() % 2 == 1) {
    if (hex_digit(text[0]) < 0) return false;
    out.push(static_cast<char>(hex_digit(text[0])));
    text.remove_prefix(1);
  }
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) return false;
    out.push(static_cast<char>(high << 4 | low));
  }
  return true;
}

void to_base64(string_sink& out, string_view bytes) {
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k) out.push(i + k <= bytes.size() ? base64_digits[group >> (18 - 6 * k) & 63] : '=');
  }
}

/// Other characters than digits are passed over, or `strict`: only blanks are.
bool from_base64(string_sink& out, string_view text, bool strict) {
  unsigned group = 0;
  int bits = 0;
  std::size_t digits = 0, padding = 0;
  for (const char c : text) {
    if (c == '=') {
      ++padding;
      continue;
    }
    const auto digit = base64_digits.find(c);
    if (digit == string_view::npos) {
      if (strict && string_view(" \t\r\n\f\v").find(c) == string_view::npos) return false;
      continue;
    }
    if (padding != 0) return false;
    ++digits;
    group = group << 6 | static_cast<unsigned>(digit);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out.push(static_cast<char>(group >> bits));
    }
  }
  return digits % 4 != 1 && (padding == 0 || (digits + padding) % 4 == 0);
}

/// conv(text, from, to): digits of one base in another; a negative target base keeps the sign.
bool convert_base(string_sink& out, string_view text, std::int32_t from, std::int32_t to) {
  const int base = std::abs(to);
  if (from < 2 || from > 36 || base < 2 || base > 36) return false;
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  if (text.empty()) return false;
  const bool negative = text.front() == '-';
  if (negative) text.remove_prefix(1);
  std::uint64_t value = 0;
  bool over = false;
  for (const char c : text) {
    const char low = static_cast<char>(c | 0x20);
    const int digit = c >= '0' && c <= '9' ? c - '0' : low >= 'a' && low <= 'z' ? low - 'a' + 10 : 99;
    if (digit >= from) break;
    std::uint64_t next = 0;
    over |= __builtin_mul_overflow(value, static_cast<std::uint64_t>(from), &next) ||
            __builtin_add_overflow(next, static_cast<std::uint64_t>(digit), &next);
    value = over ? ~std::uint64_t{0} : next;
  }
  if (negative && to > 0) value = static_cast<i64>(value) < 0 ? ~std::uint64_t{0} : 0 - value;
  bool sign = negative && to < 0;
  if (to < 0 && !negative && static_cast<i64>(value) < 0) {
    value = 0 - value;
    sign = true;
  }
  if (sign) out.push('-');
  out.append(in_base(value, base));
  return true;
}

void url_encode(string_sink& out, string_view text) {
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
                       c == '*' || c == '_';
    if (plain) {
      out.push(c);
    } else if (c == ' ') {
      out.push('+');
    } else {
      out.push('%');
      hex_of_bytes(out, string_view(&c, 1));
    }
  }
}

bool url_decode(string_sink& out, string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out.push(' ');
    } else if (text[i] != '%') {
      out.push(text[i]);
    } else {
      if (i + 2 >= text.size() || hex_digit(text[i + 1]) < 0 || hex_digit(text[i + 2]) < 0) return false;
      out.push(static_cast<char>(hex_digit(text[i + 1]) << 4 | hex_digit(text[i + 2])));
      i += 2;
    }
  }
  return true;
}

/// A decoder whose refusal is a failure, and its try_ twin whose refusal is null.
template <class F>
void define_decoder(function_catalog& c, const function_text& f, const data_type& type, F decode) {
  define(c, f, takes({accepts::text}), type,
         map_text<string_view>(type, [decode, name = f.name](string_sink& out, string_view s) {
           if (!decode(out, s)) throw error(errc::evaluation_failed, name + ": '" + std::string(s) + "' cannot be decoded");
         }));
  define(c, {"try_" + f.name, "try_" + f.usage, f.description + " Null when it cannot be decoded."}, takes({accepts::text}),
         type, map_text<string_view>(type, decode));
}

void encode(string_sink& out, string_view text, string_view charset) {
  const auto name = to_lower(charset);
  if (name == "utf-8" || name == "utf8") return out.append(text);
  const bool wide = name == "utf-16be" || name == "utf-16le" || name == "utf-16";
  const bool little = name == "utf-16le";
  const char32_t most = name == "us-ascii" ? 0x7F : 0xFF;
  if (!wide && name != "us-ascii" && name != "iso-8859-1")
    throw error(errc::evaluation_failed, "encode: '" + std::string(charset) + "' is no known character set");
  const auto unit = [&](char32_t u) {
    const char high = static_cast<char>(u >> 8), low = static_cast<char>(u);
    out.push(little ? low : high);
    out.push(little ? high : low);
  };
  if (name == "utf-16") unit(0xFEFF);
  while (!text.empty()) {
    const auto ch = take_character(text);
    if (wide && ch > 0xFFFF) {
      unit(0xD800 + ((ch - 0x10000) >> 10));
      unit(0xDC00 + ((ch - 0x10000) & 0x3FF));
    } else if (wide) {
      unit(ch);
    } else if (ch > most) {
      throw error(errc::evaluation_failed, "encode: a character has no code in " + std::string(charset));
    } else {
      out.push(static_cast<char>(ch));
    }
  }
}

void decode(string_sink& out, string_view bytes, string_view charset) {
  const auto name = to_lower(charset);
  const bool utf8 = name == "utf-8" || name == "utf8";
  if (utf8 && !valid_utf8(bytes)) throw error(errc::evaluation_failed, "decode: the bytes are no UTF-8");
  if (utf8 || name == "us-ascii") return out.append(bytes);
  std::string text;
  if (name == "iso-8859-1") {
    for (const char c : bytes) append_character(text, static_cast<unsigned char>(c));
    return out.append(text);
  }
  if (name != "utf-16be" && name != "utf-16le" && name != "utf-16")
    throw error(errc::evaluation_failed, "decode: '" + std::string(charset) + "' is no known character set");
  const bool little = name == "utf-16le";
  char32_t high = 0;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    const auto a = static_cast<unsigned char>(bytes[i]), b = static_cast<unsigned char>(bytes[i + 1]);
    const char32_t unit = little ? static_cast<char32_t>(b << 8 | a) : static_cast<char32_t>(a << 8 | b);
    if (unit == 0xFEFF && i == 0) continue;
    if (unit >= 0xD800 && unit < 0xDC00) {
      high = unit;
    } else if (unit >= 0xDC00 && unit < 0xE000) {
      append_character(text, 0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00));
    } else {
      append_character(text, unit);
    }
  }
  out.append(text);
}

/// decode(bytes, charset), or decode(value, search1, result1, ..., [default]).
scalar_binding bind_decode(const function_text& f, bound_list a) {
  if (a.size() == 2) {
    a = convert_all(f, takes({accepts::binary, accepts::text}), std::move(a));
    return {std::move(a), types::string(), map_text<string_view, string_view>(types::string(), decode), true};
  }
  bound_list branches;
  for (std::size_t i = 1; i + 1 < a.size(); i += 2) {
    branches.push_back(bind_call("<=>", {a[0], a[i]}));
    branches.push_back(a[i + 1]);
  }
  if (a.size() % 2 == 0) branches.push_back(a.back());
  auto e = bind_call("case", std::move(branches));
  const auto type = e->type();
  return {{std::move(e)}, type, [](std::span<const arrow::Datum> v, i64, const evaluation_context&) { return v[0]; }, true};
}

scalar_binding bind_hex(bound_list a) {
  if (is_numeric_type(*a[0]->type())) {
    a[0] = bind_cast(a[0], types::bigint());
    return {
        std::move(a), types::string(),
        map_text<i64>(types::string(), [](string_sink& out, i64 v) { out.append(in_base(static_cast<std::uint64_t>(v), 16)); }),
        true};
  }
  a = convert_all({"hex", "hex(a)", ""}, takes({accepts::bytes}), std::move(a));
  return {std::move(a), types::string(), map_text<string_view>(types::string(), hex_of_bytes), true};
}

std::int64_t crc32(string_view bytes) {
  std::uint32_t crc = ~0u;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int k = 0; k < 8; ++k) crc = crc >> 1 ^ (0xEDB88320u & (0u - (crc & 1)));
  }
  crc = ~crc;
  return crc;
}

}  // namespace

void register_encoding(function_catalog& c) {
  using enum accepts;
  const auto& s = types::string();
  define(c, {"hex", "hex(a)", "Hexadecimal digits of a number, a text or BINARY."}, takes({any}), bind_hex);
  define(c, {"unhex", "unhex(str)", "The BINARY of hexadecimal digits; null when they are none."}, takes({text}),
         types::binary(), map_text<string_view>(types::binary(), from_hex));
  define(c, {"bin", "bin(n)", "Binary digits."}, takes({bigint}), s,
         map_text<i64>(s, [](string_sink& out, i64 v) { out.append(in_base(static_cast<std::uint64_t>(v), 2)); }));
  define(c, {"conv", "conv(str, from, to)", "Digits of one base in another."}, takes({text, integer, integer}), s,
         map_text<string_view, std::int32_t, std::int32_t>(s, convert_base));
  define(c, {"base64", "base64(a)", "Base64 text of BINARY or a text."}, takes({binary}), s,
         map_text<string_view>(s, to_base64));
  define(c, {"unbase64", "unbase64(str)", "The BINARY of Base64 text."}, takes({text}), types::binary(),
         map_text<string_view>(types::binary(), [](string_sink& out, string_view digits) {
           if (!from_base64(out, digits, false))
             throw error(errc::evaluation_failed, "unbase64: '" + std::string(digits) + "' cannot be decoded");
         }));
  define(c, {"try_unbase64", "try_unbase64(str)", "The BINARY of Base64 text. Null when it cannot be decoded."}, takes({text}),
         types::binary(), map_text<string_view>(types::binary(), [](string_sink& out, string_view digits) {
           return from_base64(out, digits, true);
         }));
  define(c, {"url_encode", "url_encode(str)", "The text as a URL's form encoding."}, takes({text}), s,
         map_text<string_view>(s, url_encode));
  define_decoder(c, {"url_decode", "url_decode(str)", "The text of a URL's form encoding."}, s, url_decode);
  define(c, {"encode", "encode(str, charset)", "The text's bytes in a character set."}, takes({text, text}), types::binary(),
         map_text<string_view, string_view>(types::binary(), encode));
  const function_text decoded{"decode", "decode(binary, charset)",
                              "Bytes in a character set as text; or by cases: decode(v, search, result, ..., [default])."};
  define(c, decoded, takes_many({any}, 2), [decoded](bound_list a) { return bind_decode(decoded, std::move(a)); });
  define(c, {"crc32", "crc32(a)", "The CRC-32 of BINARY or a text."}, takes({binary}), types::bigint(),
         map_values<i64, string_view>(types::bigint(), crc32));
}

}  // namespace flow
