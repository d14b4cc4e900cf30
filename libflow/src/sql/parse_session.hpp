#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "flow/logical_plan.hpp"
#include "sql/select_plan.hpp"
#include "sql/syntax_tree.hpp"
#include "sql_grammar.hpp"

namespace flow::sql {

/// Stands for a value that is never made: what `unsupported` would return.
struct no_value {
  template <class T>
  operator T() const {
    return T{};
  }
};

/// One text on its way through the grammar: hands out its words, takes the result, and reports errors with their place.
class parse_session {
 public:
  /// `what` is one of the grammar's READ_ tokens.
  parse_session(std::string_view text, grammar::token_kind_type what);
  ~parse_session();
  parse_session(const parse_session&) = delete;
  parse_session& operator=(const parse_session&) = delete;

  void run();
  grammar::symbol_type next_token();
  /// Whether the scanner is between the angle brackets of a type.
  bool inside_type() const { return type_depth_ > 0; }
  std::string excerpt(text_range where) const;

  /// @throws error{syntax_error} "line 1, column 9: <what>", with the line and a caret below.
  [[noreturn]] void refuse(text_range where, const std::string& what) const;
  /// The same, from what the grammar could have gone on with.
  [[noreturn]] void refuse_word(text_range where, const std::vector<std::string>& expected) const;
  /// @throws error{unsupported_plan}: the text is right, but libflow has no such thing.
  [[noreturn]] no_value unsupported(text_range where, const std::string& what, const std::string& instead) const;

  struct {
    expression_ptr expression;
    logical_plan_ptr query;
    data_type type;
    schema_ptr schema;
    sort_order order;
  } result;
  table_scopes tables;

  /// The scanner's place in the text.
  text_range position;

 private:
  grammar::symbol_type take_word();
  const grammar::symbol_type& word_ahead(std::size_t i);
  void join_sign();
  std::string place(text_range where, const std::string& what) const;

  std::string_view text_;
  grammar::token_kind_type what_;
  bool started_ = false;
  bool type_may_open_ = false;
  bool inside_interval_ = false;
  std::deque<grammar::symbol_type> ahead_;  ///< Words scanned, but not yet handed out.
  int type_depth_ = 0;
  void* scanner_ = nullptr;
};

}  // namespace flow::sql
