#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "flow/aggregate_function.hpp"
#include "flow/bound_expression.hpp"
#include "flow/logical_plan.hpp"
#include "flow/output_mode.hpp"
#include "flow/stream_operator.hpp"

/// How the planner asks for operators. Declared here, defined one file per operator in the operators room, so that the
/// language knows what operators there are but not how they work. Columns are positions in the input schema.
namespace flow {

struct named_expression {
  std::string name;
  bound_ptr value;
};

/// Keeps the rows for which `predicate` (null: all rows) is true and computes `outputs` from them. Stateless.
operator_spec make_filter_project(const schema_ptr& input, bound_ptr predicate, std::vector<named_expression> outputs);
/// Keeps the rows for which `predicate` is true. Stateless.
operator_spec make_filter(const schema_ptr& input, bound_ptr predicate);
inline operator_spec make_project(const schema_ptr& input, std::vector<named_expression> outputs) {
  return make_filter_project(input, nullptr, std::move(outputs));
}

/// explode and its like: each row of `kept` input columns is repeated for every element of `collection` (array or map), with
/// the generated columns behind. Stateless.
struct generate_plan {
  bound_ptr collection;
  std::vector<int> kept;
  std::vector<std::string> names;  ///< Of the generated columns: {"col"}, {"key", "value"}, with position {"pos", "col"}.
  bool outer = false;              ///< A row without elements stays, with nulls.
  bool with_position = false;      ///< posexplode.
  bool inline_structs = false;     ///< inline: an array of structs gives the members as columns.
};
operator_spec make_generate(const schema_ptr& input, generate_plan plan);

/// Sees event times pass: micro-batch reports the greatest of the epoch (observed_event_time); continuous emits nothing itself
/// either, the driver turns observations into watermarks. Rows pass unchanged.
operator_spec make_watermark(const schema_ptr& input, int node, int column, duration delay);

/// The part of a group's key that carries event time: rows whose key time is at or before the watermark are late, and groups
/// are closed and forgotten by the same rule.
struct event_time_key {
  int key = 0;          ///< Which of the keys.
  bool window = false;  ///< The key is a window struct: its `end` counts. Else a TIMESTAMP: it counts itself.
};

/// A sliding window among the keys. The input has the pane (STRUCT<start, end> of length gcd(size, slide)) in place of the
/// window; the operator combines panes, so a row costs the same for any size / slide.
struct sliding_window {
  int key = 0;
  duration size{}, slide{}, start{};
};

enum class aggregate_stage {
  complete_rows,  ///< Rows in, results out: one operator does it all.
  partial,        ///< Rows in, keys and state columns out; no values over a barrier. In continuous mode flushed when idle.
  final,          ///< Keys and state columns in, results out.
};

struct aggregate_call {
  std::string name;            ///< Output column.
  aggregate_binding function;  ///< `arguments` bound to the operator's input (unused in `final`).
  bound_ptr filter;            ///< FILTER (WHERE ...), or null.
};

/// Hash aggregation by key. Output: keys, then results (partial: keys, then each call's state columns).
struct aggregate_plan {
  std::vector<named_expression> keys;  ///< Bound to the input; in `final`, the first columns.
  std::vector<aggregate_call> calls;
  aggregate_stage stage = aggregate_stage::complete_rows;
  output_mode mode = output_mode::update;
  std::optional<event_time_key> event_time;  ///< Only where the key column carries a watermark.
  std::optional<sliding_window> sliding;
  bool streaming = true;  ///< False: a bounded run; everything is emitted at the barrier, nothing is kept.
  /// Partial: the final aggregation behind it forgets no group. With state in memory, rows then name their groups by number
  /// and bring each key once (operators/group_link.hpp).
  bool receiver_keeps_groups = false;
  std::string uid;
};
operator_spec make_aggregate(const schema_ptr& input, aggregate_plan plan);

/// First row of every value of `columns` (empty: all columns). Keys are kept for ever, or until event time passes:
/// `event_time` is a column among the keys, or within_watermark keeps a key until its row's event time + delay.
struct deduplicate_plan {
  std::vector<int> columns;
  std::optional<int> event_time_column;  ///< The watermarked column of the input, if any: late rows are dropped.
  bool within_watermark = false;
  duration delay{};
  std::string uid;
};
operator_spec make_deduplicate(const schema_ptr& input, deduplicate_plan plan);

/// Sorts all rows of an epoch at its barrier and keeps the first `limit` (nothing: all). For complete mode and bounded runs.
struct sort_plan {
  struct key {
    bound_ptr value;
    bool descending = false;
    bool nulls_first = true;
  };
  std::vector<key> keys;
  std::optional<std::int64_t> limit;
};
operator_spec make_sort(const schema_ptr& input, sort_plan plan);

/// The first `count` rows: of the whole stream (append: the number given out is state), or of each epoch's result (`per_epoch`:
/// complete mode and bounded runs).
operator_spec make_limit(const schema_ptr& input, std::int64_t count, bool per_epoch, std::string uid);

/// Joins a stream (port 0) with a bounded table, read once at construction into a hash table. Output: left columns, then right
/// columns (semi, anti: left only).
struct table_join_plan {
  join_type how = join_type::inner;
  std::vector<bound_ptr> stream_keys, table_keys;  ///< Equal keys, converted to common types; null never matches.
  bound_ptr condition;                             ///< Over left columns, then right columns; null: none.
  std::function<std::vector<batch>()> table;       ///< Reads the bounded side.
  schema_ptr table_schema;
  bool stream_is_left = true;  ///< Order of output columns.
  std::optional<std::vector<int>>
      outputs;  ///< Which of left and right columns are given out, ascending (not semi, anti); none: all.
};
operator_spec make_table_join(const schema_ptr& input, table_join_plan plan);

/// Merges its inputs (UNION ALL); also what a stage without operators needs at its head. Rows pass unchanged.
operator_spec make_merge(const schema_ptr& input);

/// Splits batches by the key group of `keys`: part i goes to instance i of `parallelism`.
class row_partitioner {
 public:
  row_partitioner(const schema_ptr& input, std::vector<int> keys, std::uint32_t parallelism);
  /// parts[i] is null when no row goes to instance i.
  std::vector<batch> split(const batch& rows) const;

 private:
  std::vector<int> keys_;
  std::uint32_t parallelism_;
};

}  // namespace flow
