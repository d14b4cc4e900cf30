#include <algorithm>
#include <array>

#include <arrow/api.h>

#include "flow/error.hpp"
#include "format/line_scanner.hpp"
#include "function/register.hpp"
#include "function/row_kernels.hpp"
#include "function/signature.hpp"
#include "function/utf8.hpp"

namespace flow {

namespace {

using std::string_view;

/// The check sum of card numbers.
bool passes_luhn(string_view digits) {
  int sum = 0;
  bool second = false;
  for (auto c = digits.rbegin(); c != digits.rend(); ++c) {
    if (*c < '0' || *c > '9') return false;
    const int digit = (*c - '0') * (second ? 2 : 1);
    sum += digit / 10 + digit % 10;
    second = !second;
  }
  return !digits.empty() && sum % 10 == 0;
}

/// What takes the place of a kind of character; nothing leaves it.
using replacement = std::optional<std::string>;

struct mask_rule {
  replacement upper{"X"}, lower{"x"}, digit{"n"}, other;

  const replacement& of(char32_t c) const {
    if (c >= '0' && c <= '9') return digit;
    if (lower_character(c) != c) return upper;
    if (upper_character(c) != c || c == U'\u00DF') return lower;
    return other;
  }
};

void append_masked(string_sink& out, string_view text, const mask_rule& rule) {
  while (!text.empty()) {
    const auto* begin = text.data();
    const auto c = take_character(text);
    const auto& instead = rule.of(c);
    if (instead) {
      out.append(*instead);
      if (c > 0xFFFF) out.append(*instead);  // Java's characters have 16 bits.
    } else {
      out.append({begin, static_cast<std::size_t>(text.data() - begin)});
    }
  }
}

scalar_binding bind_mask(const function_text& f, bound_list a) {
  mask_rule rule;
  const std::array parts{&rule.upper, &rule.lower, &rule.digit, &rule.other};
  for (std::size_t i = 1; i < a.size(); ++i) {
    const auto value = a[i]->constant();
    if (!value) refuse_arguments(f, a, "what takes a character's place is constant");
    *parts[i - 1] = value->is_valid ? constant_text(*a[i]) : std::nullopt;
    if (*parts[i - 1] && character_count(**parts[i - 1]) != 1)
      refuse_arguments(f, a, "what takes a character's place is one character");
  }
  auto kernel =
      map_text<string_view>(types::string(), [rule](string_sink& out, string_view text) { append_masked(out, text, rule); });
  return {{a[0]}, types::string(), std::move(kernel), true};
}

/// elt(n, a, b, ...) is CASE n WHEN 1 THEN a WHEN 2 THEN b END.
scalar_binding bind_elt(const function_text& f, bound_list a) {
  const auto number = convert(a[0], accepts::integer);
  if (!number) refuse_arguments(f, a, "it takes a number first");
  bound_list values(a.begin() + 1, a.end());
  const bool bytes =
      std::all_of(values.begin(), values.end(), [](const auto& v) { return v->type()->id() == arrow::Type::BINARY; });
  bound_list branches;
  for (std::size_t i = 0; i < values.size(); ++i) {
    auto value = convert(values[i], bytes ? accepts::binary : accepts::text);
    if (!value) refuse_arguments(f, a, "it chooses among texts or BINARY");
    branches.push_back(
        bind_call("=", {number, bind_literal(std::make_shared<arrow::Int32Scalar>(static_cast<std::int32_t>(i + 1)))}));
    branches.push_back(std::move(value));
  }
  auto chosen = bind_call("case", std::move(branches));
  const auto type = chosen->type();
  return {{std::move(chosen)},
          type,
          [](std::span<const arrow::Datum> v, std::int64_t, const evaluation_context&) { return v[0]; },
          true};
}

/// BINARY of hexadecimal digits, Base64 or UTF-8 text.
scalar_binding bind_to_binary(const function_text& f, bound_list a, bool try_it) {
  const auto given = a.size() > 1 ? a[1]->constant() : std::make_shared<arrow::StringScalar>("hex");
  if (!given) refuse_arguments(f, a, "the format is constant");
  std::string name;
  if (given->is_valid) append_lower(name, given->ToString());
  bound_ptr value;
  if (name == "utf-8" || name == "utf8") {
    value = bind_cast(a[0], types::binary());
  } else if (name == "base64") {
    value = bind_call("try_unbase64", {a[0]});
  } else if (name == "hex") {
    value = bind_call("unhex", {a[0]});
  } else if (!given->is_valid || try_it) {
    value = bind_literal(arrow::MakeNullScalar(types::binary()));
  } else {
    refuse_arguments(f, a, "the format is one of the constants 'hex', 'utf-8' and 'base64'");
  }
  const bool must_be = !try_it && given->is_valid;
  auto kernel = [must_be, name](std::span<const arrow::Datum> v, std::int64_t rows, const evaluation_context&) -> arrow::Datum {
    if (!must_be) return v[0];
    const null_reader digits(v[1]), bytes(v[0]);
    for (std::int64_t i = 0; i < rows; ++i) {
      if (bytes(i) && !digits(i))
        throw error(errc::evaluation_failed,
                    "to_binary: '" + std::string(reader<string_view>(v[1])[i]) + "' cannot be read as " + name);
    }
    return v[0];
  };
  return {{std::move(value), a[0]}, types::binary(), std::move(kernel), true};
}

}  // namespace

void register_string_check(function_catalog& c) {
  using enum accepts;
  const auto& s = types::string();
  define(c, {"luhn_check", "luhn_check(str)", "Whether digits pass the check of card numbers (Luhn)."}, takes({text}),
         types::boolean(), map_values<bool, string_view>(types::boolean(), passes_luhn));
  const function_text mask{"mask", "mask(str [, upper [, lower [, digit [, other]]]])",
                           "Capitals, small letters and digits replaced by X, x and n; NULL leaves a kind as it is."};
  define(c, mask, takes({plain_text, plain_text, plain_text, plain_text, plain_text}, 1),
         [mask](bound_list a) { return bind_mask(mask, std::move(a)); });
  const function_text elt{"elt", "elt(n, a, ...)", "The n-th argument (from 1); null if there is none."};
  define(c, elt, takes_many({any}, 2), [elt](bound_list a) { return bind_elt(elt, std::move(a)); });
  for (const bool try_it : {false, true}) {
    const std::string name = try_it ? "try_to_binary" : "to_binary";
    const function_text f{name, name + "(str [, format])",
                          std::string("The BINARY of a text in the format 'hex' (default), 'utf-8' or 'base64'.") +
                              (try_it ? " Null when it cannot be decoded." : "")};
    define(c, f, takes({text, text}, 1), [f, try_it](bound_list a) { return bind_to_binary(f, std::move(a), try_it); });
  }
  define(c, {"is_valid_utf8", "is_valid_utf8(str)", "Whether the text is good UTF-8."}, takes({bytes}), types::boolean(),
         map_values<bool, string_view>(types::boolean(), valid_utf8));
  define(c, {"make_valid_utf8", "make_valid_utf8(str)", "The text with U+FFFD for what is no UTF-8."}, takes({bytes}), s,
         map_text<string_view>(s, [](string_sink& out, string_view text) { out.append(repaired_utf8(text)); }));
  define(c, {"validate_utf8", "validate_utf8(str)", "The text; fails unless it is good UTF-8."}, takes({bytes}), s,
         map_text<string_view>(s, [](string_sink& out, string_view text) {
           if (!valid_utf8(text)) throw error(errc::evaluation_failed, "validate_utf8: a text is no UTF-8");
           out.append(text);
         }));
  define(c, {"try_validate_utf8", "try_validate_utf8(str)", "The text, or null unless it is good UTF-8."}, takes({bytes}), s,
         map_text<string_view>(s, [](string_sink& out, string_view text) {
           out.append(text);
           return valid_utf8(text);
         }));
}

}  // namespace flow
