#include "sql/parse_session.hpp"

#include <algorithm>
#include <set>

#include "flow/error.hpp"
#include "sql/keyword.hpp"
#include "sql/words.hpp"

namespace flow::sql {

namespace {

using token = grammar::token;

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// What a reader can use of a list of possible words: whole notions rather than everything they may begin with.
std::string describe(const std::vector<std::string>& expected) {
  const std::set<std::string> words(expected.begin(), expected.end());
  const auto has = [&](const char* word) { return words.contains(word); };
  if (has("a number") && has("(") && has("-")) return "an expression";
  if (has("SELECT") && has("VALUES")) return "a query";
  if (has("a name") && has("ARRAY") && has("STRUCT") && !has("ALL")) return "a type";
  std::vector<std::string> chosen;
  // Behind a whole expression any operator may follow; what helps is what would end it.
  const bool whole = has("+");
  if (has("a name") && !whole) chosen.emplace_back("a name");
  for (const char* word : {")", "]", ",", "THEN", "FROM", "the end of the text"}) {
    if (has(word)) chosen.emplace_back(word);
  }
  if (has("END") && !has("a name")) chosen.emplace_back("END");
  if (has(">") && !whole) chosen.emplace_back(">");
  for (const char* word :
       {"(", ".", "AND", "BY", "WHEN", "JOIN", "ON", "AS", "NULL", "a number", "a string", "a unit of time"}) {
    if (has(word) && chosen.size() < 4 && !(whole && !chosen.empty())) chosen.emplace_back(word);
  }
  std::string text;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    if (i > 0) text += i + 1 == chosen.size() ? " or " : ", ";
    const bool notion = chosen[i].starts_with("a ") || chosen[i].starts_with("the ");
    text += notion ? chosen[i] : "'" + chosen[i] + "'";
  }
  return text;
}

}  // namespace

parse_session::parse_session(std::string_view text, grammar::token_kind_type what)
    : text_(text), what_(what), scanner_(open_scanner(text)) {}

parse_session::~parse_session() { close_scanner(scanner_); }

void parse_session::run() {
  grammar parser(*this);
  parser.parse();
}

grammar::symbol_type parse_session::next_token() {
  if (!started_) {
    started_ = true;
    return grammar::symbol_type(what_, text_range{});
  }
  auto word = take_word();
  using kind = grammar::symbol_kind;
  const auto found = word.kind();
  if (found == kind::S_INTERVAL || (inside_interval_ && found == kind::S_UNIT)) {
    inside_interval_ = true;
    join_sign();
  } else if (found != kind::S_INTEGER && found != kind::S_DECIMAL && found != kind::S_STRING) {
    inside_interval_ = false;
  }
  if (type_may_open_ && found == kind::S_LESS) ++type_depth_;
  if (type_depth_ > 0 && found == kind::S_GREATER) --type_depth_;
  type_may_open_ = found == kind::S_ARRAY || found == kind::S_MAP || found == kind::S_STRUCT;
  return word;
}

grammar::symbol_type parse_session::take_word() {
  if (ahead_.empty()) return scan(scanner_, *this);
  auto word = std::move(ahead_.front());
  ahead_.pop_front();
  return word;
}

const grammar::symbol_type& parse_session::word_ahead(std::size_t i) {
  while (ahead_.size() <= i) ahead_.push_back(scan(scanner_, *this));
  return ahead_[i];
}

// INTERVAL -1 MONTH: three words must be seen to tell a sign from an operator between two values.
void parse_session::join_sign() {
  using kind = grammar::symbol_kind;
  const auto sign = word_ahead(0).kind();
  if (sign != kind::S_PLUS && sign != kind::S_MINUS) return;
  const auto number = word_ahead(1).kind();
  if (number != kind::S_INTEGER && number != kind::S_DECIMAL && number != kind::S_STRING) return;
  if (word_ahead(2).kind() != kind::S_UNIT) return;
  ahead_.pop_front();
  auto& text = ahead_.front().value.as<std::string>();
  if (sign == kind::S_MINUS) text = text.starts_with('-') ? text.substr(1) : "-" + text;
}

std::string parse_session::excerpt(text_range where) const {
  return std::string(text_.substr(where.begin, where.end - where.begin));
}

std::string parse_session::place(text_range where, const std::string& what) const {
  const auto begin = std::min(where.begin, text_.size());
  const auto before = text_.substr(0, begin);
  const auto line_begin = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  const auto line_end = std::min(text_.find('\n', begin), text_.size());
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const auto column = code_points(text_.substr(line_begin, begin - line_begin));
  std::string shown(text_.substr(line_begin, line_end - line_begin));
  std::replace(shown.begin(), shown.end(), '\t', ' ');
  return "line " + std::to_string(line) + ", column " + std::to_string(column + 1) + ": " + what + "\n  " + shown + "\n  " +
         std::string(column, ' ') + "^";
}

void parse_session::refuse(text_range where, const std::string& what) const {
  throw error(errc::syntax_error, place(where, what));
}

void parse_session::refuse_word(text_range where, const std::vector<std::string>& expected) const {
  const auto word = excerpt(where);
  const auto found = word.empty() ? "the end of the text" : "'" + word + "'";
  const auto wanted = describe(expected);
  auto what = wanted.empty() ? "unexpected " + found : "expected " + wanted + ", found " + found;
  if (is_keyword(word) && (wanted == "an expression" || wanted.find("a name") != std::string::npos)) {
    what += " (a reserved word: write `" + word + "` to name a column)";
  }
  refuse(where, what);
}

no_value parse_session::unsupported(text_range where, const std::string& what, const std::string& instead) const {
  throw error(errc::unsupported_plan, place(where, what + " is not supported; " + instead));
}

}  // namespace flow::sql
