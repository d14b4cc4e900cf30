#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>

#include "flow/operator_factory.hpp"
#include "flow/physical_plan.hpp"
#include "flow/planner.hpp"
#include "plan/resolved_plan.hpp"

namespace flow::plan {

/// Lays the operators of a resolved tree out in stages: stateless ones join the chain below them, keyed ones start a stage
/// behind an exchange.
class stage_builder {
 public:
  explicit stage_builder(const planner_options& options) : options_(options) {}

  physical_plan build(const resolved_plan& root);

 private:
  /// Adds the node and all below it; the id of the stage its rows leave.
  int place(const resolved_plan& node);
  int place_scan(const resolved_plan& node);
  /// Tells the source below what the condition on its rows asks of its texts.
  void ask_source(int at, const resolved_plan& node, const expression_ptr& condition);
  int place_project(const resolved_plan& node);
  int place_filter(const resolved_plan& node);
  int place_window(const resolved_plan& node);
  int place_generate(const resolved_plan& node);
  int place_watermark(const resolved_plan& node);
  int place_aggregate(const resolved_plan& node);
  int place_distinct_aggregate(const resolved_plan& node);
  int place_join(const resolved_plan& node);
  int place_unite(const resolved_plan& node);
  int place_deduplicate(const resolved_plan& node);
  int place_sort(const resolved_plan& node);
  int place_limit(const resolved_plan& node);

  physical_stage& stage(int id) { return plan_.stages.at(static_cast<std::size_t>(id)); }
  void append(int to, operator_spec spec);
  int add_stage(std::vector<stage_input> inputs, bool single, schema_ptr rows);
  /// The stage itself if it is single already, else a new single one behind a gather.
  int gathered(int from);
  /// The sliding window of an aggregation whose calls can be merged in any order: its node then gives panes.
  std::optional<sliding_window> use_panes(const resolved_plan& aggregate);
  /// A new stage behind a hash exchange on `keys`, or a gather when there are none.
  int exchanged(int from, std::vector<int> keys);
  aggregate_plan aggregate_of(const resolved_plan& node, const resolved_columns& input, std::size_t bound_keys) const;
  std::string uid_of(const resolved_plan& node, const std::string& kind);

  planner_options options_;
  physical_plan plan_;
  std::map<std::string, int> numbers_;
  std::map<const resolved_plan*, sliding_window> paned_;  ///< Window nodes that give panes.
};

/// The stages as text, the last one first.
std::string text_of(const physical_plan& plan);

}  // namespace flow::plan
