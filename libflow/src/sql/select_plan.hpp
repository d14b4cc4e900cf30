#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "flow/logical_plan.hpp"
#include "sql/text_range.hpp"

/// What the clauses of a query become in a logical plan.
namespace flow::sql {

class parse_session;

struct group_by_syntax {
  bool present = false;
  std::vector<expression_ptr> keys;
};

struct select_syntax {
  bool distinct = false;
  std::vector<expression_ptr> items;
  logical_plan_ptr from;
  expression_ptr where;
  group_by_syntax group_by;
  expression_ptr having;
};

struct join_condition {
  expression_ptr on;
  std::vector<std::string> columns;
};

/// AS name(a, b).
struct relation_alias_syntax {
  std::string name;
  std::vector<std::string> columns;
};

/// The tables that WITH names, innermost scope last.
class table_scopes {
 public:
  void enter() { scopes_.emplace_back(); }
  void leave() { scopes_.pop_back(); }
  void add(const std::string& name, logical_plan_ptr plan);
  /// Null if no WITH names it.
  logical_plan_ptr find(const std::string& name) const;

 private:
  std::vector<std::map<std::string, logical_plan_ptr>> scopes_;
};

logical_plan_ptr make_select(const select_syntax& select, std::vector<sort_order> orders, std::optional<std::int64_t> limit,
                             parse_session& session, text_range where);
/// ORDER BY and LIMIT over a query that is no plain SELECT.
logical_plan_ptr make_ordered(logical_plan_ptr query, std::vector<sort_order> orders, std::optional<std::int64_t> limit);
logical_plan_ptr make_union(logical_plan_ptr left, logical_plan_ptr right, bool distinct);
/// VALUES (1, 'a'), (2, 'b'): columns col1, col2.
logical_plan_ptr make_values(const std::vector<expression_ptr>& rows, parse_session& session, text_range where);
logical_plan_ptr make_join(logical_plan_ptr left, logical_plan_ptr right, join_type how, join_condition condition);
logical_plan_ptr make_relation(const std::vector<std::string>& name, const relation_alias_syntax& alias,
                               const table_scopes& tables, parse_session& session, text_range where);
logical_plan_ptr make_aliased(logical_plan_ptr query, const relation_alias_syntax& alias, parse_session& session,
                              text_range where);
/// The query with its columns named anew, in order.
logical_plan_ptr make_renamed(const logical_plan_ptr& query, const std::vector<std::string>& names, parse_session& session,
                              text_range where);
logical_plan_ptr make_lateral_view(logical_plan_ptr input, bool outer, const expression_ptr& generator,
                                   const relation_alias_syntax& alias, parse_session& session, text_range where);

}  // namespace flow::sql
