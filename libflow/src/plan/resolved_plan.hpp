#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "flow/aggregate_function.hpp"
#include "flow/bound_expression.hpp"
#include "flow/logical_plan.hpp"
#include "flow/time.hpp"

/// A query after analysis: every name is looked up, every column has a number of its own that follows it through the tree.
/// Expressions stay trees, with references written as path {"#<id>", members...}, so that rules can move them about;
/// they are bound to column positions only when operators are made.
namespace flow::plan {

/// One output column of a resolved node. Columns passed on unchanged keep their id; a dataset may show one id twice.
struct resolved_column {
  std::string name;
  std::vector<std::string> qualifiers;
  data_type type;
  int id = 0;
  /// Set on a column that carries a watermark (or the window of one): the delay.
  std::optional<duration> event_time;
  bool hidden = false;  ///< Made by the analyzer beside the user's columns: only its id leads to it, never its name.
};

using resolved_columns = std::vector<resolved_column>;

struct resolved_plan;
using resolved_ptr = std::shared_ptr<const resolved_plan>;

enum class resolved_kind {
  scan,         ///< `source`, `columns` read of it.
  project,      ///< output[i] = values[i].
  filter,       ///< `condition`.
  window,       ///< The child's columns and, last, the window of time values[0] (a null time drops the row).
  generate,     ///< The child's columns in `kept` and the generated ones; values[0] is the collection.
  watermark,    ///< Event time in column `column`, `delay`.
  aggregate,    ///< `key_count` keys, then calls, in `values`.
  join,         ///< children[0] and [1], `condition` (may be null), `how`.
  unite,        ///< Children agree in number and types of columns.
  deduplicate,  ///< By the columns `ids`.
  sort,         ///< `orders`, keeps `count` rows if not negative.
  limit,        ///< `count`.
};

struct generator {
  bool outer = false;
  bool with_position = false;
  bool inline_structs = false;
};

struct resolved_plan {
  resolved_kind kind = resolved_kind::scan;
  std::vector<resolved_ptr> children;
  resolved_columns output;
  bool streaming = false;

  source_provider_ptr source;
  std::vector<int> columns;
  std::vector<expression_ptr> values;
  expression_ptr condition;
  duration size{}, slide{}, start{};
  generator generates;
  std::vector<int> kept;  ///< Ids of the child's columns a generate passes on.
  int column = 0;
  duration delay{};
  std::size_t key_count = 0;
  join_type how = join_type::inner;
  std::vector<int> ids;
  bool within_watermark = false;
  std::vector<sort_order> orders;
  std::int64_t count = -1;
  std::string uid;
};

/// The same node over other children.
resolved_ptr with_children(const resolved_plan& node, std::vector<resolved_ptr> children);
resolved_ptr make_filter_node(resolved_ptr child, expression_ptr condition);
resolved_ptr make_project_node(resolved_ptr child, resolved_columns output, std::vector<expression_ptr> values);

/// The column with this id, or null.
const resolved_column* find_column(const resolved_columns& columns, int id);
/// Position of the first column with this id. @pre there is one.
int position_of(const resolved_columns& columns, int id);
/// The first column that carries event time, or null.
const resolved_column* event_time_column(const resolved_columns& columns);

// --- Resolved expressions.

expression_ptr reference_to(int id);
/// The id a reference names, or nothing if it is not a resolved reference.
std::optional<int> referenced_id(const expression& e);
/// The id of a reference that names a whole column, not a member of it.
std::optional<int> whole_column(const expression& e);
/// Ids of all columns read, ascending.
std::vector<int> columns_read(const expression& e);
void add_columns_read(const expression& e, std::vector<int>& ids);
/// The expression with each sub-expression replaced for which `replace` gives something; outermost first.
expression_ptr rewrite(const expression_ptr& e, const std::function<expression_ptr(const expression_ptr&)>& replace);
/// References to a column in `values` replaced by its value.
expression_ptr substitute(const expression_ptr& e, const std::map<int, expression_ptr>& values);
std::vector<expression_ptr> conjuncts(const expression_ptr& e);
expression_ptr conjunction(const std::vector<expression_ptr>& parts);
bool all_in(const std::vector<int>& ids, const resolved_columns& columns);

/// Binds a resolved expression over a node's output.
bound_ptr bind_resolved(const expression& e, const resolved_columns& columns);
/// What an aggregate call says around its arguments, bound.
aggregate_options options_of(const expression& call, const resolved_columns& columns);
/// Whether it may be evaluated at another place or another number of times.
bool is_movable(const expression& e, const resolved_columns& columns);

/// SQL text with `name#id` for columns.
std::string text_of(const expression& e, const resolved_columns& columns);
/// The tree, one node a line, children indented.
std::string text_of(const resolved_plan& node);

}  // namespace flow::plan
