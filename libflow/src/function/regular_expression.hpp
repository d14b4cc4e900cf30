#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <re2/re2.h>

/// Java's regular expressions by RE2, which takes linear time. Look-around, back-references and possessive quantifiers do not
/// exist there and are refused by name.
namespace flow {

/// @throws error{evaluation_failed} with the pattern and what is wrong with it.
std::unique_ptr<const RE2> compile_expression(std::string_view pattern);
/// The pattern compiled once, at the first call: a bad pattern fails when rows are evaluated, not when it is bound.
std::function<const RE2&()> lazy_expression(std::string pattern);

/// Patterns that differ by row, each compiled once.
class expression_cache {
 public:
  const RE2& get(std::string_view pattern);

 private:
  std::unordered_map<std::string, std::unique_ptr<const RE2>> compiled_;
};

/// The text a pattern stands for when nothing in it has a special meaning, or only escaped characters do.
std::optional<std::string> plain_text(std::string_view pattern);

/// Calls `f(groups)` for each match from left to right until it returns false; groups[0] is the whole match.
template <class F>
void for_each_match(const RE2& pattern, std::string_view text, int groups, F f) {
  std::vector<re2::StringPiece> found(static_cast<std::size_t>(groups));
  const re2::StringPiece whole(text.data(), text.size());
  std::size_t from = 0;
  while (from <= text.size() && pattern.Match(whole, from, text.size(), RE2::UNANCHORED, found.data(), groups)) {
    if (!f(std::span<const re2::StringPiece>(found))) return;
    from = static_cast<std::size_t>(found[0].data() - text.data()) + found[0].size();
    if (!found[0].empty()) continue;
    ++from;
    while (from < text.size() && (text[from] & 0xC0) == 0x80) ++from;
  }
}

inline std::string_view view(const re2::StringPiece& piece) { return {piece.data(), piece.size()}; }

}  // namespace flow
