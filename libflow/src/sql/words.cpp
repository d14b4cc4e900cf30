#include "sql/words.hpp"

#include <array>

#include "sql/keyword.hpp"
#include "types/ascii.hpp"

namespace flow::sql {

namespace {

using token = grammar::token;

struct keyword {
  std::string_view word;
  grammar::token_kind_type kind;
  bool name_anywhere = false;
};

constexpr std::array keywords{
    keyword{"and", token::T_AND},
    keyword{"or", token::T_OR},
    keyword{"not", token::T_NOT},
    keyword{"in", token::T_IN},
    keyword{"like", token::T_LIKE},
    keyword{"ilike", token::T_ILIKE},
    keyword{"rlike", token::T_RLIKE},
    keyword{"regexp", token::T_RLIKE},
    keyword{"between", token::T_BETWEEN},
    keyword{"is", token::T_IS},
    keyword{"case", token::T_CASE},
    keyword{"when", token::T_WHEN},
    keyword{"then", token::T_THEN},
    keyword{"else", token::T_ELSE},
    keyword{"as", token::T_AS},
    keyword{"distinct", token::T_DISTINCT},
    keyword{"div", token::T_DIV},
    keyword{"cast", token::T_CAST},
    keyword{"try_cast", token::T_TRY_CAST},
    keyword{"null", token::T_NULL_WORD},
    keyword{"true", token::T_TRUE_WORD},
    keyword{"false", token::T_FALSE_WORD},
    keyword{"select", token::T_SELECT},
    keyword{"from", token::T_FROM},
    keyword{"where", token::T_WHERE},
    keyword{"group", token::T_GROUP},
    keyword{"having", token::T_HAVING},
    keyword{"order", token::T_ORDER},
    keyword{"limit", token::T_LIMIT},
    keyword{"union", token::T_UNION},
    keyword{"except", token::T_EXCEPT},
    keyword{"minus", token::T_EXCEPT},
    keyword{"intersect", token::T_INTERSECT},
    keyword{"on", token::T_ON},
    keyword{"using", token::T_USING},
    keyword{"with", token::T_WITH},
    keyword{"values", token::T_VALUES},
    keyword{"join", token::T_JOIN},
    keyword{"outer", token::T_OUTER},
    keyword{"inner", token::T_INNER},
    keyword{"left", token::T_LEFT},
    keyword{"right", token::T_RIGHT},
    keyword{"full", token::T_FULL},
    keyword{"cross", token::T_CROSS},
    keyword{"natural", token::T_NATURAL},
    keyword{"lateral", token::T_LATERAL},
    keyword{"both", token::T_BOTH},
    keyword{"leading", token::T_LEADING},
    keyword{"trailing", token::T_TRAILING},
    keyword{"filter", token::T_FILTER},
    keyword{"over", token::T_OVER},
    keyword{"ignore", token::T_IGNORE},
    keyword{"respect", token::T_RESPECT},
    keyword{"within", token::T_WITHIN},
    keyword{"escape", token::T_ESCAPE},
    keyword{"to", token::T_TO},
    keyword{"semi", token::T_SEMI},
    keyword{"anti", token::T_ANTI},
    keyword{"offset", token::T_OFFSET},
    keyword{"pivot", token::T_PIVOT},
    keyword{"unpivot", token::T_UNPIVOT},
    keyword{"interval", token::T_INTERVAL},
    keyword{"for", token::T_FOR},
    keyword{"all", token::T_ALL, true},
    keyword{"any", token::T_ANY, true},
    keyword{"some", token::T_SOME, true},
    keyword{"unknown", token::T_UNKNOWN, true},
    keyword{"end", token::T_END, true},
    keyword{"by", token::T_BY, true},
    keyword{"asc", token::T_ASC, true},
    keyword{"desc", token::T_DESC, true},
    keyword{"nulls", token::T_NULLS, true},
    keyword{"first", token::T_FIRST, true},
    keyword{"last", token::T_LAST, true},
    keyword{"rollup", token::T_ROLLUP, true},
    keyword{"cube", token::T_CUBE, true},
    keyword{"grouping", token::T_GROUPING, true},
    keyword{"sets", token::T_SETS, true},
    keyword{"view", token::T_VIEW, true},
    keyword{"placing", token::T_PLACING, true},
    keyword{"array", token::T_ARRAY, true},
    keyword{"map", token::T_MAP, true},
    keyword{"struct", token::T_STRUCT, true},
    keyword{"comment", token::T_COMMENT, true},
    keyword{"partition", token::T_PARTITION, true},
    keyword{"rows", token::T_ROWS, true},
    keyword{"range", token::T_RANGE, true},
    keyword{"preceding", token::T_PRECEDING, true},
    keyword{"following", token::T_FOLLOWING, true},
    keyword{"unbounded", token::T_UNBOUNDED, true},
    keyword{"current", token::T_CURRENT, true},
    keyword{"row", token::T_ROW, true},
    keyword{"year", token::T_UNIT, true},
    keyword{"years", token::T_UNIT, true},
    keyword{"month", token::T_UNIT, true},
    keyword{"months", token::T_UNIT, true},
    keyword{"week", token::T_UNIT, true},
    keyword{"weeks", token::T_UNIT, true},
    keyword{"day", token::T_UNIT, true},
    keyword{"days", token::T_UNIT, true},
    keyword{"hour", token::T_UNIT, true},
    keyword{"hours", token::T_UNIT, true},
    keyword{"minute", token::T_UNIT, true},
    keyword{"minutes", token::T_UNIT, true},
    keyword{"second", token::T_UNIT, true},
    keyword{"seconds", token::T_UNIT, true},
    keyword{"millisecond", token::T_UNIT, true},
    keyword{"milliseconds", token::T_UNIT, true},
    keyword{"microsecond", token::T_UNIT, true},
    keyword{"microseconds", token::T_UNIT, true},
};

const keyword* find_keyword(std::string_view word) {
  static const auto index = [] {
    std::unordered_map<std::string_view, const keyword*> by_word;
    for (const auto& entry : keywords) by_word.emplace(entry.word, &entry);
    return by_word;
  }();
  const auto found = index.find(to_lower(word));
  return found == index.end() ? nullptr : found->second;
}

}  // namespace

grammar::symbol_type make_word(std::string word, text_range where) {
  const auto* found = find_keyword(word);
  if (found == nullptr) return grammar::make_NAME(std::move(word), where);
  return grammar::symbol_type(found->kind, std::move(word), where);
}

std::string unquote(std::string_view quoted) {
  std::string name;
  for (std::size_t i = 0; i < quoted.size(); ++i) {
    name += quoted[i];
    if (quoted[i] == '`') ++i;
  }
  return name;
}

bool is_keyword(std::string_view word) {
  const auto* found = find_keyword(word);
  return found != nullptr && !found->name_anywhere;
}

}  // namespace flow::sql
