#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "flow/expression.hpp"
#include "flow/source.hpp"
#include "flow/types.hpp"

namespace flow {

struct logical_plan;
using logical_plan_ptr = std::shared_ptr<const logical_plan>;

enum class plan_kind {
  relation,        ///< A name to be looked up among views and tables: `name`.
  scan,            ///< A source: `source`, `streaming`.
  alias,           ///< children[0] known as `name` to qualified names.
  project,         ///< `expressions`; may hold stars and one generator.
  with_columns,    ///< `expressions` (aliases) added or replaced in place.
  rename,          ///< `names[0]` -> `names[1]`.
  drop,            ///< `names` removed, unknown ones ignored.
  filter,          ///< expressions[0].
  aggregate,       ///< Output: `keys`, then `expressions` (aggregates); `having` over the output, or null.
  with_watermark,  ///< `name` column, `delay`.
  join,            ///< children[0] and [1]; `how`, `expressions[0]` condition or none, `names` for USING.
  unite,           ///< UNION ALL of the children, by position.
  deduplicate,     ///< `names`, empty for all columns; `within_watermark`.
  sort,            ///< `orders`.
  limit,           ///< `count`.
};

enum class join_type { inner, cross, left_outer, right_outer, full_outer, left_semi, left_anti };

struct sort_order {
  expression_ptr key;
  bool descending = false;
  bool nulls_first = true;  ///< Spark's default: first when ascending, last when descending.
};

/// A query as written: a tree of relational verbs with unresolved names. Immutable and shared between datasets; built by
/// dataset's verbs and by the SQL grammar, resolved by analyze().
struct logical_plan {
  plan_kind kind = plan_kind::relation;
  std::vector<logical_plan_ptr> children;
  std::string name;
  std::vector<std::string> names;
  std::vector<expression_ptr> expressions;
  std::vector<expression_ptr> keys;
  expression_ptr having;
  std::vector<sort_order> orders;
  std::int64_t count = 0;
  std::string delay;  ///< Of a watermark, as the user wrote it.
  join_type how = join_type::inner;
  bool within_watermark = false;
  source_provider_ptr source;
  bool streaming = false;
  std::string uid;  ///< From dataset::uid(), "" if none.
};

/// Reads one SELECT statement (SELECT [DISTINCT] ... FROM ... [JOIN] [WHERE] [GROUP BY] [HAVING] [ORDER BY] [LIMIT], UNION ALL,
/// sub-selects in FROM). @throws error{syntax_error}.
logical_plan_ptr parse_query(std::string_view sql);
/// Reads one ORDER BY item: "v DESC NULLS LAST". @throws error{syntax_error}.
sort_order parse_sort_order(std::string_view text);

/// The sort order that a column stands for: of column::desc() and its like, else ascending. Written as a call "asc", "desc",
/// "asc_nulls_last" or "desc_nulls_first" of the key.
sort_order to_sort_order(const expression_ptr& e);
expression_ptr from_sort_order(const sort_order& order);

}  // namespace flow
