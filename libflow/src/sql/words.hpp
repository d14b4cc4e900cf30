#pragma once

#include <string>
#include <string_view>

#include "sql/text_range.hpp"
#include "sql_grammar.hpp"

namespace flow::sql {

/// The token of a word: its keyword's, or NAME.
grammar::symbol_type make_word(std::string word, text_range where);
/// A backtick-quoted name without its quotes, doubled backticks made single.
std::string unquote(std::string_view quoted);
// The scanner (scanner.ll) over one text.
void* open_scanner(std::string_view text);
grammar::symbol_type scan(void* scanner, parse_session& session);
void close_scanner(void* scanner);

}  // namespace flow::sql
