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

/// Gives a function the compiled pattern of each row: compiled once where it is constant.
class row_pattern {
 public:
  explicit row_pattern(const arrow::Datum& pattern) : texts_(pattern) {}

  const RE2& operator[](std::int64_t row) {
    if (texts_.constant()) return constant_ != nullptr ? *constant_ : *(constant_ = &cache_.get(texts_[0]));
    return cache_.get(texts_[row]);
  }

 private:
  reader<string_view> texts_;
  expression_cache cache_;
  const RE2* constant_ = nullptr;
};

re2::StringPiece piece(string_view text) { return {text.data(), text.size()}; }

/// A kernel over (text, pattern, ...): f(text, expression, row) -> value.
template <class Out, class F>
scalar_kernel match_kernel(const data_type& type, F f) {
  return [type, f](std::span<const arrow::Datum> arguments, std::int64_t rows, const evaluation_context&) -> arrow::Datum {
    row_pattern patterns(arguments[1]);
    std::int64_t row = 0;
    const auto validity = combine_validity(arguments, rows);
    if (validity.all_null) return all_null(type, rows);
    const reader<string_view> texts(arguments[0]);
    typename arrow::CTypeTraits<Out>::BuilderType builder;
    check(builder.Reserve(rows));
    for (; row < rows; ++row) {
      if (validity.valid(row)) {
        builder.UnsafeAppend(f(texts[row], patterns[row]));
      } else {
        builder.UnsafeAppendNull();
      }
    }
    return check(builder.Finish());
  };
}

void require_group(const RE2& pattern, i32 group, const char* function) {
  if (group >= 0 && group <= pattern.NumberOfCapturingGroups()) return;
  throw error(errc::evaluation_failed, std::string(function) + ": group " + std::to_string(group) +
                                           " was asked for, but the pattern '" + pattern.pattern() + "' has " +
                                           std::to_string(pattern.NumberOfCapturingGroups()));
}

arrow::Datum extract(std::span<const arrow::Datum> arguments, std::int64_t rows, const evaluation_context&) {
  auto validity = combine_validity(arguments, rows);
  if (validity.all_null) return all_null(types::string(), rows);
  row_pattern patterns(arguments[1]);
  const reader<string_view> texts(arguments[0]);
  const reader<i32> groups(arguments[2]);
  string_sink out(rows, rows * 16);
  std::vector<re2::StringPiece> found;
  for (std::int64_t i = 0; i < rows; ++i) {
    if (validity.valid(i)) {
      const auto& pattern = patterns[i];
      require_group(pattern, groups[i], "regexp_extract");
      found.assign(static_cast<std::size_t>(groups[i]) + 1, {});
      if (pattern.Match(piece(texts[i]), 0, texts[i].size(), RE2::UNANCHORED, found.data(), static_cast<int>(found.size()))) {
        out.append(view(found.back()));
      }
    }
    out.next();
  }
  return out.finish(types::string(), std::move(validity));
}

arrow::Datum extract_all(std::span<const arrow::Datum> arguments, std::int64_t rows, const evaluation_context&) {
  const auto type = types::list(types::string());
  const auto validity = combine_validity(arguments, rows);
  if (validity.all_null) return all_null(type, rows);
  row_pattern patterns(arguments[1]);
  const reader<string_view> texts(arguments[0]);
  const reader<i32> groups(arguments[2]);
  auto values = std::make_shared<arrow::StringBuilder>();
  arrow::ListBuilder out(arrow::default_memory_pool(), values, type);
  for (std::int64_t i = 0; i < rows; ++i) {
    if (!validity.valid(i)) {
      check(out.AppendNull());
      continue;
    }
    check(out.Append());
    require_group(patterns[i], groups[i], "regexp_extract_all");
    for_each_match(patterns[i], texts[i], groups[i] + 1, [&](std::span<const re2::StringPiece> found) {
      check(values->Append(view(found.back())));
      return true;
    });
  }
  return check(out.Finish());
}

/// Java's replacement text: $n and ${name} are groups, a backslash makes the next character plain.
void append_replacement(string_sink& out, string_view replacement, std::span<const re2::StringPiece> groups,
                        const RE2& pattern) {
  for (std::size_t i = 0; i < replacement.size(); ++i) {
    const char c = replacement[i];
    if (c == '\\' && i + 1 < replacement.size()) {
      out.push(replacement[++i]);
    } else if (c == '$') {
      std::size_t group = 0, digits = 0;
      while (i + 1 < replacement.size() && replacement[i + 1] >= '0' && replacement[i + 1] <= '9') {
        const auto longer = group * 10 + static_cast<std::size_t>(replacement[i + 1] - '0');
        if (digits > 0 && longer >= groups.size()) break;
        group = longer;
        ++digits;
        ++i;
      }
      if (digits == 0 || group >= groups.size()) {
        throw error(errc::evaluation_failed, "regexp_replace: the replacement '" + std::string(replacement) +
                                                 "' names a group that the pattern '" + pattern.pattern() + "' does not have");
      }
      out.append(view(groups[group]));
    } else {
      out.push(c);
    }
  }
}

arrow::Datum replace(std::span<const arrow::Datum> arguments, std::int64_t rows, const evaluation_context&) {
  auto validity = combine_validity(arguments, rows);
  if (validity.all_null) return all_null(types::string(), rows);
  row_pattern patterns(arguments[1]);
  const reader<string_view> texts(arguments[0]), replacements(arguments[2]);
  const reader<i32> positions(arguments[3]);
  string_sink out(rows, rows * 16);
  for (std::int64_t i = 0; i < rows; ++i) {
    if (validity.valid(i)) {
      const auto& pattern = patterns[i];
      const auto text = texts[i];
      std::size_t from = character_offset(text, positions[i] - 1);
      out.append(text.substr(0, from));
      const auto searched = text.substr(from);
      std::size_t done = 0;
      for_each_match(pattern, searched, pattern.NumberOfCapturingGroups() + 1, [&](std::span<const re2::StringPiece> groups) {
        const auto at = static_cast<std::size_t>(groups[0].data() - searched.data());
        out.append(searched.substr(done, at - done));
        append_replacement(out, replacements[i], groups, pattern);
        done = at + groups[0].size();
        return true;
      });
      out.append(searched.substr(done));
    }
    out.next();
  }
  return out.finish(types::string(), std::move(validity));
}

arrow::Datum substring(std::span<const arrow::Datum> arguments, std::int64_t rows, const evaluation_context&) {
  auto validity = combine_validity(arguments, rows);
  if (validity.all_null) return all_null(types::string(), rows);
  row_pattern patterns(arguments[1]);
  const reader<string_view> texts(arguments[0]);
  validity_writer nulls(std::move(validity), rows);
  string_sink out(rows, rows * 16);
  for (std::int64_t i = 0; i < rows; ++i) {
    re2::StringPiece found;
    if (nulls.valid(i) && patterns[i].Match(piece(texts[i]), 0, texts[i].size(), RE2::UNANCHORED, &found, 1)) {
      out.append(view(found));
    } else if (nulls.valid(i)) {
      nulls.set_null(i);
    }
    out.next();
  }
  return out.finish(types::string(), nulls.finish());
}

bind_rule with_group(scalar_kernel kernel, data_type type) {
  return [=](bound_list a) -> scalar_binding {
    if (a.size() < 3) a.push_back(bind_literal(std::make_shared<arrow::Int32Scalar>(1)));
    return {std::move(a), type, kernel, true};
  };
}

}  // namespace

void register_regexp(function_catalog& c) {
  using enum accepts;
  define(c, {"rlike", "str RLIKE regex", "Whether the pattern is found in the text."}, takes({text, text}), types::boolean(),
         match_kernel<bool>(types::boolean(), [](string_view t, const RE2& p) {
           return p.Match(piece(t), 0, t.size(), RE2::UNANCHORED, nullptr, 0);
         }));
  define_synonyms(c, {"regexp", "regexp_like"});
  define(c,
         {"regexp_extract", "regexp_extract(str, regex [, group])",
          "The group (1 by default) of the first match; '' without a match."},
         takes({text, text, integer}, 2), with_group(extract, types::string()));
  define(c, {"regexp_extract_all", "regexp_extract_all(str, regex [, group])", "The group (1 by default) of every match."},
         takes({text, text, integer}, 2), with_group(extract_all, types::list(types::string())));
  define(c,
         {"regexp_replace", "regexp_replace(str, regex, replacement [, from])", "Every match replaced; $1 is the first group."},
         takes({text, text, text, integer}, 3), [](bound_list a) -> scalar_binding {
           if (a.size() < 4) a.push_back(bind_literal(std::make_shared<arrow::Int32Scalar>(1)));
           return {std::move(a), types::string(), replace, true};
         });
  define(c, {"regexp_count", "regexp_count(str, regex)", "How many matches there are."}, takes({text, text}), types::integer(),
         match_kernel<i32>(types::integer(), [](string_view t, const RE2& p) {
           i32 n = 0;
           for_each_match(p, t, 1, [&](auto) { return ++n > 0; });
           return n;
         }));
  define(c, {"regexp_instr", "regexp_instr(str, regex)", "The place (from 1) of the first match, or 0."}, takes({text, text}),
         types::integer(), match_kernel<i32>(types::integer(), [](string_view t, const RE2& p) {
           re2::StringPiece found;
           if (!p.Match(piece(t), 0, t.size(), RE2::UNANCHORED, &found, 1)) return 0;
           return character_count(t.substr(0, static_cast<std::size_t>(found.data() - t.data()))) + 1;
         }));
  define(c, {"regexp_substr", "regexp_substr(str, regex)", "The first match, or null."}, takes({text, text}), types::string(),
         substring);
}

}  // namespace flow
