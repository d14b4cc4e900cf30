#include <arrow/api.h>

#include "flow/error.hpp"
#include "function/register.hpp"
#include "function/regular_expression.hpp"
#include "function/row_kernels.hpp"
#include "function/signature.hpp"
#include "function/utf8.hpp"

namespace flow {

namespace {

using std::string_view;
using i32 = std::int32_t;

/// A LIKE pattern as tokens: literal text, one character, any characters.
struct like_pattern {
  enum class kind { text, one, any };
  struct token {
    kind what;
    std::string text;
  };
  std::vector<token> tokens;

  like_pattern(string_view pattern, char escape) {
    for (std::size_t i = 0; i < pattern.size(); ++i) {
      if (pattern[i] == escape) {
        const bool fits =
            i + 1 < pattern.size() && (pattern[i + 1] == '_' || pattern[i + 1] == '%' || pattern[i + 1] == escape);
        if (!fits) {
          throw error(errc::evaluation_failed, "the LIKE pattern '" + std::string(pattern) + "' has the escape '" + escape +
                                                   "' before what needs none: double it to mean itself");
        }
        add_text(pattern[++i]);
      } else if (pattern[i] == '%') {
        if (tokens.empty() || tokens.back().what != kind::any) tokens.push_back({kind::any, ""});
      } else if (pattern[i] == '_') {
        tokens.push_back({kind::one, ""});
      } else {
        add_text(pattern[i]);
      }
    }
  }

  bool matches(string_view text) const { return matches(text, 0); }

 private:
  void add_text(char c) {
    if (tokens.empty() || tokens.back().what != kind::text) tokens.push_back({kind::text, ""});
    tokens.back().text += c;
  }

  /// Greedy with one point to come back to: the last '%' is the only one that need grow.
  bool matches(string_view text, std::size_t t) const {
    std::size_t saved_token = tokens.size();
    string_view saved_text;
    bool saved = false;
    while (true) {
      if (t == tokens.size()) {
        if (text.empty()) return true;
      } else if (tokens[t].what == kind::any) {
        if (t + 1 == tokens.size()) return true;
        saved = true;
        saved_token = ++t;
        saved_text = text;
        continue;
      } else if (tokens[t].what == kind::one ? !text.empty() : text.starts_with(tokens[t].text)) {
        text.remove_prefix(tokens[t].what == kind::one ? character_offset(text, 1) : tokens[t].text.size());
        ++t;
        continue;
      }
      if (!saved || saved_text.empty()) return false;
      saved_text.remove_prefix(character_offset(saved_text, 1));
      text = saved_text;
      t = saved_token;
    }
  }
};

std::string folded(string_view text) {
  std::string out;
  append_lower(out, text);
  return out;
}

char escape_of(const bound_list& a) {
  if (a.size() < 3) return '\\';
  const auto text = constant_text(*a[2]);
  if (!text || text->size() != 1) throw error(errc::type_mismatch, "the escape of LIKE is one constant character");
  return (*text)[0];
}

/// A constant pattern in its commonest forms without the matcher: equal, prefix, suffix, part.
scalar_kernel constant_like(const std::string& pattern, char escape) {
  using kind = like_pattern::kind;
  const auto plain = [](auto test) { return map_values<bool, string_view>(types::boolean(), test); };
  std::optional<like_pattern> compiled;
  try {
    compiled.emplace(pattern, escape);
  } catch (const error& e) {
    return [message = std::string(e.what())](std::span<const arrow::Datum>, std::int64_t,
                                             const evaluation_context&) -> arrow::Datum {
      throw error(errc::evaluation_failed, message);
    };
  }
  const auto& t = compiled->tokens;
  if (t.empty()) return plain([](string_view s) { return s.empty(); });
  if (t.size() == 1 && t[0].what == kind::text) return plain([p = t[0].text](string_view s) { return s == p; });
  if (t.size() == 2 && t[0].what == kind::text && t[1].what == kind::any) {
    return plain([p = t[0].text](string_view s) { return s.starts_with(p); });
  }
  if (t.size() == 2 && t[0].what == kind::any && t[1].what == kind::text) {
    return plain([p = t[1].text](string_view s) { return s.ends_with(p); });
  }
  if (t.size() == 3 && t[0].what == kind::any && t[1].what == kind::text && t[2].what == kind::any) {
    return plain([p = t[1].text](string_view s) { return s.find(p) != string_view::npos; });
  }
  return plain([p = std::make_shared<const like_pattern>(*compiled)](string_view s) { return p->matches(s); });
}

bind_rule like_rule(bool ignore_case) {
  return [ignore_case](bound_list a) -> scalar_binding {
    const char escape = escape_of(a);
    a.resize(2);
    const auto constant = constant_text(*a[1]);
    if (constant && !ignore_case) return {{a[0]}, types::boolean(), constant_like(*constant, escape), true};
    auto kernel =
        map_values<bool, string_view, string_view>(types::boolean(), [=](string_view s, string_view p) -> std::optional<bool> {
          if (!ignore_case) return like_pattern(p, escape).matches(s);
          return like_pattern(folded(p), escape).matches(folded(s));
        });
    return {std::move(a), types::boolean(), std::move(kernel), true};
  };
}

/// 1-based place of `part` at or after character `from`, 0 if it is not there.
i32 place_of(string_view part, string_view text, i32 from) {
  if (from < 1) return 0;
  if (part.empty()) return 1;
  const auto start = character_offset(text, from - 1);
  const auto at = text.find(part, start);
  return at == string_view::npos ? 0 : character_count(text.substr(0, at)) + 1;
}

scalar_binding bind_locate(bound_list a) {
  if (a.size() < 3) a.push_back(bind_literal(std::make_shared<arrow::Int32Scalar>(1)));
  const auto& type = types::integer();
  auto kernel = [places = map_values<i32, string_view, string_view, i32>(type, place_of)](
                    std::span<const arrow::Datum> v, std::int64_t rows, const evaluation_context& context) -> arrow::Datum {
    auto found = places(v, rows, context);
    const null_reader nowhere(v[2]);
    if (!nowhere.maybe()) return found;
    // A null start is no place: the answer is 0, whatever the texts are.
    const auto known = as_array(found, rows);
    const auto& numbers = static_cast<const arrow::Int32Array&>(*known);
    arrow::Int32Builder out;
    check(out.Reserve(rows));
    for (std::int64_t i = 0; i < rows; ++i) {
      if (nowhere(i)) {
        out.UnsafeAppend(0);
      } else {
        numbers.IsNull(i) ? out.UnsafeAppendNull() : out.UnsafeAppend(numbers.Value(i));
      }
    }
    return check(out.Finish());
  };
  return {std::move(a), type, kernel, true};
}

i32 find_in_set(string_view wanted, string_view set) {
  if (wanted.find(',') != string_view::npos) return 0;
  for (i32 n = 1;; ++n) {
    const auto comma = set.find(',');
    if (set.substr(0, comma) == wanted) return n;
    if (comma == string_view::npos) return 0;
    set.remove_prefix(comma + 1);
  }
}

/// A test of two texts, or of two BINARY.
template <class F>
void define_test(function_catalog& c, const function_text& f, F test) {
  define(c, f, takes({accepts::bytes, accepts::bytes}), types::boolean(),
         map_values<bool, string_view, string_view>(types::boolean(), test));
}

/// The text a LIKE ANY or LIKE ALL pattern list gives: the tests joined by `junction`.
bind_rule like_list_rule(const std::string& junction, bool negated) {
  return [=](bound_list a) -> scalar_binding {
    bound_ptr all;
    for (std::size_t i = 1; i < a.size(); ++i) {
      auto one = bind_call("like", {a[0], a[i]});
      if (negated) one = bind_call("not", {std::move(one)});
      all = all ? bind_call(junction, {std::move(all), std::move(one)}) : std::move(one);
    }
    return {{std::move(all)},
            types::boolean(),
            [](std::span<const arrow::Datum> v, std::int64_t, const evaluation_context&) { return v[0]; },
            true};
  };
}

}  // namespace

void register_string_search(function_catalog& c) {
  using enum accepts;
  define(c, {"like", "str LIKE pattern [ESCAPE c]", "Whether the whole text fits the pattern: % any characters, _ one."},
         takes({text, text, text}, 2), like_rule(false));
  define(c, {"ilike", "str ILIKE pattern [ESCAPE c]", "LIKE without regard to case."}, takes({text, text, text}, 2),
         like_rule(true));
  define(c, {"like_any", "str LIKE ANY (pattern, ...)", "Whether it is like any of these."}, takes_many({text, text}, 2),
         like_list_rule("or", false));
  define(c, {"like_all", "str LIKE ALL (pattern, ...)", "Whether it is like all of these."}, takes_many({text, text}, 2),
         like_list_rule("and", false));
  define_test(c, {"startswith", "startswith(str, prefix)", "Whether the text begins so."},
              [](string_view s, string_view p) { return s.starts_with(p); });
  define_test(c, {"endswith", "endswith(str, suffix)", "Whether the text ends so."},
              [](string_view s, string_view p) { return s.ends_with(p); });
  define_test(c, {"contains", "contains(str, part)", "Whether the text has this part."},
              [](string_view s, string_view p) { return s.find(p) != string_view::npos; });
  define(c, {"instr", "instr(str, part)", "The place (from 1) of the first occurrence, or 0."}, takes({text, text}),
         types::integer(), map_values<i32, string_view, string_view>(types::integer(), [](string_view s, string_view p) {
           return place_of(p, s, 1);
         }));
  define(c, {"locate", "locate(part, str [, from])", "The place (from 1) of the first occurrence at or after `from`, or 0."},
         takes({text, text, integer}, 2), bind_locate);
  define_synonyms(c, {"position"});
  define(c, {"find_in_set", "find_in_set(str, list)", "The place (from 1) in a list separated by commas, or 0."},
         takes({text, text}), types::integer(), map_values<i32, string_view, string_view>(types::integer(), find_in_set));
}

}  // namespace flow
