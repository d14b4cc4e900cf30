#include <utility>

#include "flow/expression.hpp"
#include "flow/logical_plan.hpp"
#include "flow/types.hpp"
#include "sql/parse_session.hpp"

namespace flow {

namespace {

auto parse(std::string_view text, sql::grammar::token_kind_type what) {
  sql::parse_session session(text, what);
  session.run();
  return std::move(session.result);
}

}  // namespace

expression_ptr parse_expression(std::string_view text) {
  return parse(text, sql::grammar::token::T_READ_EXPRESSION).expression;
}

logical_plan_ptr parse_query(std::string_view sql) { return parse(sql, sql::grammar::token::T_READ_QUERY).query; }

data_type parse_type(std::string_view ddl) { return parse(ddl, sql::grammar::token::T_READ_TYPE).type; }

schema_ptr parse_schema(std::string_view ddl) { return parse(ddl, sql::grammar::token::T_READ_SCHEMA).schema; }

sort_order parse_sort_order(std::string_view text) { return parse(text, sql::grammar::token::T_READ_ORDER).order; }

}  // namespace flow
