#pragma once

#include <string>
#include <vector>

#include "flow/planner.hpp"
#include "plan/resolved_plan.hpp"

namespace flow::plan {

/// Looks up every name of a plan and checks every type. Each occurrence of a source gets columns of its own, so that a plan may
/// meet itself in a join. One analyzer, one tree.
class analyzer {
 public:
  explicit analyzer(const relation_lookup& lookup) : lookup_(lookup) {}

  /// @throws error as analyze_output().
  resolved_ptr analyze(const logical_plan& node);

 private:
  /// One column of a projection: how it is computed and what it is called.
  struct item {
    resolved_column column;
    expression_ptr value;
  };

  resolved_ptr analyze_relation(const logical_plan& node);
  resolved_ptr analyze_scan(const logical_plan& node);
  resolved_ptr analyze_alias(const logical_plan& node);
  resolved_ptr analyze_project(const logical_plan& node);
  resolved_ptr analyze_with_columns(const logical_plan& node);
  resolved_ptr analyze_rename(const logical_plan& node);
  resolved_ptr analyze_drop(const logical_plan& node);
  resolved_ptr analyze_filter(const logical_plan& node);
  resolved_ptr analyze_aggregate(const logical_plan& node);
  resolved_ptr analyze_watermark(const logical_plan& node);
  resolved_ptr analyze_join(const logical_plan& node);
  resolved_ptr analyze_unite(const logical_plan& node);
  resolved_ptr analyze_deduplicate(const logical_plan& node);
  resolved_ptr analyze_sort(const logical_plan& node);
  resolved_ptr analyze_limit(const logical_plan& node);

  resolved_ptr aggregate(resolved_ptr input, std::vector<expression_ptr> keys, std::vector<expression_ptr> results,
                         const expression_ptr& having, const std::string& uid);
  resolved_ptr project(resolved_ptr input, std::vector<expression_ptr> list);
  resolved_ptr project_items(resolved_ptr input, std::vector<item> items);
  /// Puts a generate node for `call` on top of `input` and returns references to what it makes.
  std::vector<item> add_generator(resolved_ptr& input, const expression& call, const std::vector<std::string>& names);
  /// json_tuple: a struct on top of `input`, and references to its members.
  std::vector<item> add_tuple(resolved_ptr& input, const expression& call, const std::vector<std::string>& names);
  std::vector<item> expand_star(const expression& star, const resolved_columns& columns);
  item make_item(const expression_ptr& written, const std::string& name, const resolved_columns& columns);
  resolved_ptr join_using(resolved_plan joined, const std::vector<std::string>& names);
  resolved_ptr sort_with_hidden(const logical_plan& node, const resolved_ptr& child);

  /// Replaces calls of window() and window_time() in `list` by columns, which nodes put on top of `input` make.
  void extract_windows(resolved_ptr& input, std::vector<expression_ptr>& list);
  expression_ptr extract_window(resolved_ptr& input, const expression_ptr& e,
                                std::vector<std::pair<expression_ptr, int>>& made);
  int add_window(resolved_ptr& input, const expression& call);
  int add_window_time(resolved_ptr& input, const expression& call);

  /// The call's result column. @throws error when it does not fit.
  resolved_column call_column(const expression& call, const resolved_columns& columns);

  int new_id() { return next_id_++; }

  const relation_lookup& lookup_;
  int next_id_ = 0;
};

}  // namespace flow::plan
