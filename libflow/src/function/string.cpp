#include <algorithm>
#include <numeric>

#include <arrow/api.h>

#include "flow/error.hpp"
#include "function/register.hpp"
#include "function/row_kernels.hpp"
#include "function/signature.hpp"
#include "function/utf8.hpp"
#include "function/value_text.hpp"

namespace flow {

namespace {

using std::string_view;
using i32 = std::int32_t;

bool is_binary(const bound_ptr& e) { return e->type()->id() == arrow::Type::BINARY; }
bound_ptr int_literal(i32 v) { return bind_literal(std::make_shared<arrow::Int32Scalar>(v)); }
bound_ptr text_literal(const std::string& v) { return bind_literal(std::make_shared<arrow::StringScalar>(v)); }

/// Characters [from, until) counted from 0, of those there are.
string_view characters(string_view text, std::int64_t from, std::int64_t until) {
  if (until <= std::max<std::int64_t>(from, 0)) return {};
  const auto start = character_offset(text, from);
  return text.substr(start, character_offset(text.substr(start), until - std::max<std::int64_t>(from, 0)));
}

/// SQL's substring: 1-based, from the end when negative.
string_view sql_substring(string_view text, std::int64_t position, std::int64_t length) {
  const std::int64_t from = position > 0 ? position - 1 : position < 0 ? character_count(text) + position : 0;
  return characters(text, from, from + length);
}

string_view byte_substring(string_view bytes, std::int64_t position, std::int64_t length) {
  const auto size = static_cast<std::int64_t>(bytes.size());
  const std::int64_t from = position > 0 ? position - 1 : position < 0 ? size + position : 0;
  const auto start = std::clamp<std::int64_t>(from, 0, size), end = std::clamp<std::int64_t>(from + length, start, size);
  return bytes.substr(static_cast<std::size_t>(start), static_cast<std::size_t>(end - start));
}

scalar_binding bind_substring(bound_list a) {
  if (a.size() < 3) a.push_back(int_literal(std::numeric_limits<i32>::max()));
  const auto type = a[0]->type();
  auto kernel = is_binary(a[0])
                    ? map_text<string_view, i32, i32>(
                          type, [](string_sink& out, string_view s, i32 p, i32 n) { out.append(byte_substring(s, p, n)); })
                    : map_text<string_view, i32, i32>(
                          type, [](string_sink& out, string_view s, i32 p, i32 n) { out.append(sql_substring(s, p, n)); });
  return {std::move(a), type, std::move(kernel), true};
}

void pad(string_sink& out, string_view text, i32 length, string_view filler, bool left) {
  if (length <= 0) return;
  const auto missing = length - character_count(text);
  if (missing <= 0 || filler.empty()) return out.append(characters(text, 0, length));
  if (!left) out.append(text);
  const auto unit = character_count(filler);
  for (i32 i = 0; i < missing / unit; ++i) out.append(filler);
  out.append(characters(filler, 0, missing % unit));
  if (left) out.append(text);
}

void pad_bytes(string_sink& out, string_view bytes, i32 length, string_view filler, bool left) {
  if (length <= 0) return;
  const auto whole = static_cast<std::size_t>(length);
  const auto missing = whole > bytes.size() && !filler.empty() ? whole - bytes.size() : 0;
  if (!left) out.append(bytes.substr(0, whole));
  for (std::size_t i = 0; i < missing; ++i) out.push(filler[i % filler.size()]);
  if (left) out.append(bytes.substr(0, whole));
}

/// The arguments at these places as texts, where they are not all BINARY.
bool all_binary(const function_text& f, bound_list& a, const std::vector<std::size_t>& places) {
  if (std::all_of(places.begin(), places.end(), [&](std::size_t i) { return is_binary(a[i]); })) return true;
  for (const auto i : places) {
    auto converted = convert(a[i], accepts::text);
    if (converted == nullptr) refuse_arguments(f, a, "it takes texts or BINARY");
    a[i] = std::move(converted);
  }
  return false;
}

bind_rule pad_rule(const function_text& f, bool left) {
  return [f, left](bound_list a) -> scalar_binding {
    if (a.size() < 3) {
      a.push_back(is_binary(a[0]) ? bind_literal(std::make_shared<arrow::BinaryScalar>(arrow::Buffer::FromString({'\0'})))
                                  : text_literal(" "));
    }
    if (all_binary(f, a, {0, 2})) {
      auto bytes = map_text<string_view, i32, string_view>(
          types::binary(), [left](string_sink& out, string_view s, i32 n, string_view p) { pad_bytes(out, s, n, p, left); });
      return {std::move(a), types::binary(), std::move(bytes), true};
    }
    auto kernel = map_text<string_view, i32, string_view>(
        types::string(), [left](string_sink& out, string_view s, i32 n, string_view p) { pad(out, s, n, p, left); });
    return {std::move(a), types::string(), std::move(kernel), true};
  };
}

bool contains_character(string_view set, string_view character) {
  for (std::size_t at = set.find(character); at != string_view::npos; at = set.find(character, at + 1)) {
    if (!is_continuation(set[at])) return true;
  }
  return false;
}

string_view trim(string_view text, string_view set, bool left, bool right) {
  while (left && !text.empty()) {
    const auto length = character_offset(text, 1);
    if (!contains_character(set, text.substr(0, length))) break;
    text.remove_prefix(length);
  }
  while (right && !text.empty()) {
    auto start = text.size() - 1;
    while (start > 0 && is_continuation(text[start])) --start;
    if (!contains_character(set, text.substr(start))) break;
    text.remove_suffix(text.size() - start);
  }
  return text;
}

/// trim(set, text) in Spark's order for trim, ltrim, rtrim; btrim(text, set).
void define_trim(function_catalog& c, const std::string& name, bool left, bool right, bool text_first, const char* where) {
  const auto usage = text_first ? name + "(str [, characters])" : name + "([characters, ] str)";
  define(c, {name, usage, std::string("The text without blanks, or without these characters, ") + where + "."},
         takes({accepts::text, accepts::text}, 1), [=](bound_list a) -> scalar_binding {
           if (a.size() == 1) {
             a.push_back(text_literal(" "));
           } else if (!text_first) {
             std::swap(a[0], a[1]);
           }
           auto kernel = map_text<string_view, string_view>(
               types::string(),
               [=](string_sink& out, string_view s, string_view set) { out.append(trim(s, set, left, right)); });
           return {std::move(a), types::string(), std::move(kernel), true};
         });
}

/// A text function that works through a buffer of its own.
template <class F>
scalar_kernel rewrite(F f) {
  return map_text<string_view>(types::string(), [f, buffer = std::string()](string_sink& out, string_view s) mutable {
    buffer.clear();
    f(buffer, s);
    out.append(buffer);
  });
}

bool is_ascii(string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

void reverse_text(std::string& out, string_view text) {
  while (!text.empty()) {
    auto start = text.size() - 1;
    while (start > 0 && is_continuation(text[start])) --start;
    out += text.substr(start);
    text = text.substr(0, start);
  }
}

void replace_all(string_sink& out, string_view text, string_view from, string_view to) {
  if (from.empty()) return out.append(text);
  for (auto at = text.find(from); at != string_view::npos; at = text.find(from)) {
    out.append(text.substr(0, at));
    out.append(to);
    text.remove_prefix(at + from.size());
  }
  out.append(text);
}

void translate(string_sink& out, string_view text, string_view from, string_view to) {
  while (!text.empty()) {
    const auto character = text.substr(0, character_offset(text, 1));
    text.remove_prefix(character.size());
    auto rest = from, images = to;
    bool found = false;
    while (!rest.empty() && !found) {
      const auto key = rest.substr(0, character_offset(rest, 1));
      const auto image = images.substr(0, character_offset(images, 1));
      found = key == character;
      if (found) out.append(image);
      rest.remove_prefix(key.size());
      images.remove_prefix(image.size());
    }
    if (!found) out.append(character);
  }
}

void overlay(string_sink& out, string_view text, string_view part, i32 position, i32 length) {
  const auto covered = length >= 0 ? length : character_count(part);
  out.append(sql_substring(text, 1, position - 1));
  out.append(part);
  out.append(sql_substring(text, std::int64_t{position} + covered, std::numeric_limits<i32>::max()));
}

void overlay_bytes(string_sink& out, string_view bytes, string_view part, i32 position, i32 length) {
  const auto covered = length >= 0 ? std::int64_t{length} : static_cast<std::int64_t>(part.size());
  out.append(byte_substring(bytes, 1, position - 1));
  out.append(part);
  out.append(byte_substring(bytes, std::int64_t{position} + covered, std::numeric_limits<i32>::max()));
}

scalar_binding bind_overlay(const function_text& f, bound_list a) {
  if (a.size() < 4) a.push_back(int_literal(-1));
  if (is_binary(a[0]) != is_binary(a[1])) refuse_arguments(f, a, "text and part are both texts or both BINARY");
  const bool binary = all_binary(f, a, {0, 1});
  const auto& type = binary ? types::binary() : types::string();
  return {std::move(a), type, map_text<string_view, string_view, i32, i32>(type, binary ? overlay_bytes : overlay), true};
}

void substring_index(string_sink& out, string_view text, string_view delimiter, i32 count) {
  if (count == 0 || delimiter.empty()) return;
  std::size_t at = 0;
  if (count > 0) {
    for (auto from = std::size_t{0};; from = at + 1) {
      at = text.find(delimiter, from);
      if (at == string_view::npos) return out.append(text);
      if (--count == 0) return out.append(text.substr(0, at));
    }
  }
  for (auto end = string_view::npos;; end = at - 1) {
    at = text.rfind(delimiter, end);
    if (at == string_view::npos) return out.append(text);
    if (++count == 0) return out.append(text.substr(at + delimiter.size()));
    if (at == 0) return out.append(text);
  }
}

i32 levenshtein(string_view a, string_view b) {
  std::u32string x, y;
  while (!a.empty()) x += take_character(a);
  while (!b.empty()) y += take_character(b);
  std::vector<i32> row(y.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 1; i <= x.size(); ++i) {
    i32 diagonal = row[0];
    row[0] = static_cast<i32>(i);
    for (std::size_t j = 1; j <= y.size(); ++j) {
      const i32 above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (x[i - 1] == y[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[y.size()];
}

void soundex(std::string& out, string_view text) {
  static constexpr string_view codes = "01230127022455012623017202";
  const auto letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  if (text.empty() || !letter(text[0])) {
    out += text;
    return;
  }
  const auto code = [&](char c) { return codes[static_cast<std::size_t>((c & ~0x20) - 'A')]; };
  out += static_cast<char>(text[0] & ~0x20);
  char last = code(text[0]);
  for (std::size_t i = 1; i < text.size() && out.size() < 4; ++i) {
    if (!letter(text[i])) {
      last = '0';
      continue;
    }
    const char digit = code(text[i]);
    if (digit == '7') continue;
    if (digit != '0' && digit != last) out += digit;
    last = digit;
  }
  out.append(4 - std::min<std::size_t>(out.size(), 4), '0');
}

/// Parts of all rows joined; a null part makes the row null.
scalar_binding bind_concat(const function_text& f, bound_list a) {
  const bool lists = std::any_of(a.begin(), a.end(), [](const bound_ptr& e) { return is_list_type(*e->type()); });
  if (lists) {
    auto call = bind_call("array_concat", std::move(a));
    const auto list_type = call->type();
    return {{std::move(call)},
            list_type,
            [](std::span<const arrow::Datum> v, std::int64_t, const evaluation_context&) { return v[0]; },
            true};
  }
  const bool bytes = !a.empty() && std::all_of(a.begin(), a.end(), is_binary);
  a = convert_all(f, takes_many({bytes ? accepts::binary : accepts::text}, 0), std::move(a));
  const auto type = bytes ? types::binary() : types::string();
  auto kernel = [type](std::span<const arrow::Datum> arguments, std::int64_t rows, const evaluation_context&) -> arrow::Datum {
    auto validity = combine_validity(arguments, rows);
    if (validity.all_null) return all_null(type, rows);
    std::vector<reader<string_view>> parts;
    for (const auto& v : arguments) parts.emplace_back(v);
    string_sink out(rows, rows * 24);
    for (std::int64_t i = 0; i < rows; ++i) {
      if (validity.valid(i)) {
        for (const auto& part : parts) out.append(part[i]);
      }
      out.next();
    }
    return out.finish(type, std::move(validity));
  };
  return {std::move(a), type, kernel, true};
}

/// Texts and arrays of text joined with a separator, nulls left out.
scalar_binding bind_concat_ws(const function_text& f, bound_list a) {
  for (auto& e : a) {
    if (is_list_type(*e->type()) && !is_nested_type(*element_type(*e->type()))) {
      e = bind_cast(e, types::list(types::string()));
    } else if (auto text = convert(e, accepts::text)) {
      e = std::move(text);
    } else {
      refuse_arguments(f, a, "it joins texts and arrays of text");
    }
  }
  auto kernel = [](std::span<const arrow::Datum> arguments, std::int64_t rows, const evaluation_context&) -> arrow::Datum {
    arrow::ArrayVector parts;
    for (const auto& v : arguments) parts.push_back(as_array(v, rows));
    const auto& separators = static_cast<const arrow::StringArray&>(*parts[0]);
    string_sink out(rows, rows * 24);
    for (std::int64_t i = 0; i < rows; ++i) {
      bool first = true;
      const auto add = [&](string_view piece) {
        if (!first) out.append(separators.GetView(i));
        first = false;
        out.append(piece);
      };
      for (std::size_t k = 1; k < parts.size() && separators.IsValid(i); ++k) {
        if (parts[k]->IsNull(i)) continue;
        if (parts[k]->type_id() == arrow::Type::STRING) {
          add(static_cast<const arrow::StringArray&>(*parts[k]).GetView(i));
          continue;
        }
        const auto& list = static_cast<const arrow::ListArray&>(*parts[k]);
        const auto& texts = static_cast<const arrow::StringArray&>(*list.values());
        for (auto j = list.value_offset(i); j < list.value_offset(i + 1); ++j) {
          if (texts.IsValid(j)) add(texts.GetView(j));
        }
      }
      out.next();
    }
    const std::array<arrow::Datum, 1> separator{arrow::Datum(parts[0])};
    return out.finish(types::string(), combine_validity(separator, rows));
  };
  return {std::move(a), types::string(), kernel, true};
}

scalar_kernel length_kernel(bool binary, int factor) {
  return map_values<i32, string_view>(
      types::integer(), [=](string_view s) { return binary ? static_cast<i32>(s.size()) * factor : character_count(s); });
}

void define_lengths(function_catalog& c) {
  using enum accepts;
  define(c, {"length", "length(str)", "Characters of a text, bytes of a BINARY."}, takes({bytes}),
         [](bound_list a) -> scalar_binding {
           const bool binary = is_binary(a[0]);
           return {std::move(a), types::integer(), length_kernel(binary, 1), true};
         });
  define_synonyms(c, {"len", "char_length", "character_length"});
  define(c, {"octet_length", "octet_length(str)", "Bytes of a text or BINARY."}, takes({bytes}), types::integer(),
         length_kernel(true, 1));
  define(c, {"bit_length", "bit_length(str)", "Bits of a text or BINARY."}, takes({bytes}), types::integer(),
         length_kernel(true, 8));
}

void define_case(function_catalog& c) {
  using enum accepts;
  const auto mapped = [](auto ascii, auto any_text) {
    return rewrite([=](std::string& out, string_view s) {
      if (!is_ascii(s)) return any_text(out, s);
      out.resize(s.size());
      std::transform(s.begin(), s.end(), out.begin(), ascii);
    });
  };
  const auto upper = [](char ch) { return static_cast<char>(ch - (ch >= 'a' && ch <= 'z' ? 32 : 0)); };
  const auto lower = [](char ch) { return static_cast<char>(ch + (ch >= 'A' && ch <= 'Z' ? 32 : 0)); };
  define(c, {"upper", "upper(str)", "The text in capitals."}, takes({text}), types::string(), mapped(upper, append_upper));
  define_synonyms(c, {"ucase"});
  define(c, {"lower", "lower(str)", "The text in small letters."}, takes({text}), types::string(), mapped(lower, append_lower));
  define_synonyms(c, {"lcase"});
  define(c, {"initcap", "initcap(str)", "Each word with a capital first letter."}, takes({text}), types::string(),
         rewrite(append_title));
}

void define_edits(function_catalog& c) {
  using enum accepts;
  const auto& s = types::string();
  define(c, {"reverse", "reverse(a)", "The text or array backwards."}, takes({any}), [](bound_list a) -> scalar_binding {
    if (is_list_type(*a[0]->type())) {
      auto call = bind_call("array_reverse", std::move(a));
      const auto type = call->type();
      return {{std::move(call)},
              type,
              [](std::span<const arrow::Datum> v, std::int64_t, const evaluation_context&) { return v[0]; },
              true};
    }
    if (a[0]->type()->id() == arrow::Type::BINARY) {
      auto backwards = [](string_sink& out, string_view b) {
        std::for_each(b.rbegin(), b.rend(), [&](char byte) { out.push(byte); });
      };
      return {std::move(a), types::binary(), map_text<string_view>(types::binary(), backwards), true};
    }
    a = convert_all({"reverse", "reverse(a)", ""}, takes({text}), std::move(a));
    return {std::move(a), types::string(), rewrite(reverse_text), true};
  });
  define(c, {"repeat", "repeat(str, n)", "The text n times."}, takes({text, integer}), s,
         map_text<string_view, i32>(s, [](string_sink& out, string_view t, i32 n) {
           for (i32 i = 0; i < n; ++i) out.append(t);
         }));
  define(c, {"space", "space(n)", "n blanks."}, takes({integer}), s, map_text<i32>(s, [](string_sink& out, i32 n) {
           for (i32 i = 0; i < n; ++i) out.push(' ');
         }));
  define(c, {"replace", "replace(str, search [, replacement])", "Every occurrence replaced."}, takes({text, text, text}, 2),
         [](bound_list a) -> scalar_binding {
           if (a.size() < 3) a.push_back(text_literal(""));
           return {std::move(a), types::string(), map_text<string_view, string_view, string_view>(types::string(), replace_all),
                   true};
         });
  define(c, {"translate", "translate(str, from, to)", "Characters of `from` replaced by those of `to` at the same place."},
         takes({text, text, text}), s, map_text<string_view, string_view, string_view>(s, translate));
  const function_text overlaid{"overlay", "overlay(str, part, pos [, len])",
                               "The text or BINARY with `len` characters or bytes from `pos` replaced."};
  define(c, overlaid, takes({any, any, integer, integer}, 3),
         [overlaid](bound_list a) { return bind_overlay(overlaid, std::move(a)); });
  define(c, {"soundex", "soundex(str)", "The Soundex code of a text."}, takes({plain_text}), s, rewrite(soundex));
  define(c, {"quote", "quote(str)", "The text in single quotes, those within escaped."}, takes({text}), s,
         rewrite([](std::string& out, string_view t) {
           out += '\'';
           for (const char ch : t) {
             if (ch == '\'') out += '\\';
             out += ch;
           }
           out += '\'';
         }));
  define(c, {"chr", "chr(n)", "The character of code n modulo 256."}, takes({bigint}), s,
         map_text<std::int64_t>(s, [](string_sink& out, std::int64_t n) {
           if (n < 0) return;
           std::string text;
           append_character(text, static_cast<char32_t>(n & 0xFF));
           out.append(text);
         }));
  define_synonyms(c, {"char"});
  define(c, {"ascii", "ascii(str)", "The code of the first character; 0 for ''."}, takes({text}), types::integer(),
         map_values<i32, string_view>(types::integer(),
                                      [](string_view t) { return t.empty() ? 0 : static_cast<i32>(take_character(t)); }));
  define(c, {"levenshtein", "levenshtein(a, b [, most])", "The edits that make b of a; -1 if there are more than `most`."},
         takes({text, text, integer}, 2), [](bound_list a) -> scalar_binding {
           if (a.size() < 3) a.push_back(bind_literal(std::make_shared<arrow::Int32Scalar>(std::numeric_limits<i32>::max())));
           auto kernel =
               map_values<i32, string_view, string_view, i32>(types::integer(), [](string_view x, string_view y, i32 most) {
                 const auto edits = levenshtein(x, y);
                 return edits > most ? -1 : edits;
               });
           return {std::move(a), types::integer(), std::move(kernel), true};
         });
}

void define_parts(function_catalog& c) {
  using enum accepts;
  const auto& s = types::string();
  define(c, {"substring", "substring(str, pos [, len])", "`len` characters from `pos` (from 1; from the end when negative)."},
         takes({bytes, integer, integer}, 2), bind_substring);
  define_synonyms(c, {"substr", "mid"});
  define(c, {"left", "left(str, n)", "The first n characters."}, takes({bytes, integer}), [](bound_list a) -> scalar_binding {
    const auto type = a[0]->type();
    const bool binary = type->id() == arrow::Type::BINARY;
    auto kernel = map_text<string_view, i32>(type, [binary](string_sink& out, string_view t, i32 n) {
      out.append(binary ? byte_substring(t, 1, n) : characters(t, 0, n));
    });
    return {std::move(a), type, std::move(kernel), true};
  });
  define(c, {"right", "right(str, n)", "The last n characters."}, takes({text, integer}), s,
         map_text<string_view, i32>(s, [](string_sink& out, string_view t, i32 n) {
           if (n > 0) out.append(sql_substring(t, -std::int64_t{n}, std::numeric_limits<i32>::max()));
         }));
  define(c,
         {"substring_index", "substring_index(str, delimiter, n)",
          "What stands before the n-th delimiter, or after, from the end."},
         takes({text, text, integer}), s, map_text<string_view, string_view, i32>(s, substring_index));
  const function_text lpad{"lpad", "lpad(str, len [, pad])",
                           "The text or BINARY filled up on the left, or cut, to `len` characters or bytes."};
  define(c, lpad, takes({any, integer, any}, 2), pad_rule(lpad, true));
  const function_text rpad{"rpad", "rpad(str, len [, pad])",
                           "The text or BINARY filled up on the right, or cut, to `len` characters or bytes."};
  define(c, rpad, takes({any, integer, any}, 2), pad_rule(rpad, false));
  define_trim(c, "trim", true, true, false, "at both ends");
  define_trim(c, "ltrim", true, false, false, "at the left");
  define_trim(c, "rtrim", false, true, false, "at the right");
  define_trim(c, "btrim", true, true, true, "at both ends");
}

}  // namespace

void register_strings(function_catalog& c) {
  using enum accepts;
  define_lengths(c);
  define_case(c);
  define_parts(c);
  define_edits(c);
  const function_text concat{"concat", "concat(a, ...)", "Texts, BINARY or arrays one after another."};
  define(c, concat, takes_many({any}, 0), [concat](bound_list a) { return bind_concat(concat, std::move(a)); });
  define_synonyms(c, {"||"});
  const function_text joined{"concat_ws", "concat_ws(separator, a, ...)",
                             "Texts and arrays of text joined; nulls are left out."};
  define(c, joined, takes_many({any}, 1), [joined](bound_list a) { return bind_concat_ws(joined, std::move(a)); });
}

}  // namespace flow
