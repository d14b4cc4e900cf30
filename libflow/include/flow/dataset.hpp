#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "flow/batch.hpp"
#include "flow/column.hpp"
#include "flow/logical_plan.hpp"
#include "flow/output_mode.hpp"
#include "flow/streaming_query.hpp"
#include "flow/trigger.hpp"

namespace flow {

class session_state;
class grouped_dataset;
class stream_writer;

/// A table, bounded or unbounded, described by a logical plan: Spark's DataFrame. Immutable; verbs return new ones. Names and
/// types are checked as each verb is called, so the error points at the line that is wrong.
class dataset {
 public:
  dataset(std::shared_ptr<session_state> session, logical_plan_ptr plan);

  /// Columns, each a column or a name; stars and one generator (explode) are allowed.
  template <class... Columns>
  dataset select(const Columns&... columns) const {
    return select_list({to_expression(columns)...});
  }
  dataset select_list(std::vector<expression_ptr> columns) const;
  /// Columns as SQL text: select_expr("id", "v * 2 AS w").
  template <class... Texts>
  dataset select_expr(const Texts&... sql) const {
    return select_list({parse_expression(sql)...});
  }
  dataset where(const column& condition) const;
  dataset where(std::string_view sql) const;
  dataset filter(const column& condition) const { return where(condition); }
  dataset filter(std::string_view sql) const { return where(sql); }
  /// Adds a column, or replaces the one of this name in its place.
  dataset with_column(std::string name, const column& value) const;
  dataset with_column_renamed(std::string from, std::string to) const;
  dataset drop(std::vector<std::string> names) const;
  template <class... Names>
  dataset drop(std::string first, Names... more) const {
    return drop(std::vector<std::string>{std::move(first), std::move(more)...});
  }
  dataset as(std::string alias) const;

  template <class... Keys>
  grouped_dataset group_by(const Keys&... keys) const;
  grouped_dataset group_by_list(std::vector<expression_ptr> keys) const;
  /// Aggregates over all rows.
  template <class... Aggregates>
  dataset agg(const Aggregates&... aggregates) const;

  /// Event time in `time_column`; rows more than `delay` behind the greatest seen may be dropped by stateful operators.
  dataset with_watermark(std::string time_column, std::string delay) const;
  dataset unite(const dataset& other) const;  ///< UNION ALL by position.
  dataset union_all(const dataset& other) const { return unite(other); }
  dataset distinct() const;
  dataset drop_duplicates(std::vector<std::string> columns = {}) const;
  dataset drop_duplicates_within_watermark(std::vector<std::string> columns = {}) const;
  dataset join(const dataset& right, const column& condition, std::string how = "inner") const;
  dataset join(const dataset& right, std::vector<std::string> using_columns, std::string how = "inner") const;
  template <class... Orders>
  dataset order_by(const Orders&... orders) const {
    return sort_list({to_order(orders)...});
  }
  dataset sort_list(std::vector<sort_order> orders) const;
  dataset limit(std::int64_t rows) const;
  /// A stable name of the state of the last stateful verb, so that the plan around it may change between restarts.
  dataset uid(std::string name) const;

  void create_or_replace_temp_view(std::string name) const;
  bool is_streaming() const;
  schema_ptr schema() const;
  std::vector<std::string> columns() const;
  /// Prints the schema as a tree.
  void print_schema(std::ostream& out) const;
  void print_schema() const;
  /// The plan; with `extended`, all four stages of planning.
  std::string explain_string(bool extended = false) const;
  void explain(bool extended = false) const;

  // For bounded tables. @throws error{unsupported_plan} for streams.
  std::vector<batch> collect() const;
  std::int64_t count() const;
  /// Prints the first rows as Spark's table.
  void show(int rows = 20, bool truncate = true) const;
  void show(std::ostream& out, int rows = 20, int truncate = 20) const;

  /// @throws error{unsupported_plan} for bounded tables.
  stream_writer write_stream() const;

  const logical_plan_ptr& plan() const { return plan_; }
  const std::shared_ptr<session_state>& session() const { return session_; }

 private:
  static expression_ptr to_expression(const column& c) { return c.expr(); }
  static expression_ptr to_expression(std::string_view name) { return name == "*" ? expressions::star() : col(name).expr(); }
  static sort_order to_order(const column& c);
  static sort_order to_order(std::string_view name) { return to_order(col(name)); }
  dataset derive(logical_plan next) const;

  friend class grouped_dataset;

  std::shared_ptr<session_state> session_;
  logical_plan_ptr plan_;
};

/// Rows grouped by keys, awaiting their aggregates: Spark's RelationalGroupedDataset.
class grouped_dataset {
 public:
  grouped_dataset(dataset input, std::vector<expression_ptr> keys) : input_(std::move(input)), keys_(std::move(keys)) {}

  template <class... Aggregates>
  dataset agg(const Aggregates&... aggregates) const {
    return agg_list({dataset::to_expression(aggregates)...});
  }
  dataset agg_list(std::vector<expression_ptr> aggregates, expression_ptr having = nullptr) const;
  dataset count() const;  ///< A column "count".
  dataset sum(std::string column) const;
  dataset avg(std::string column) const;
  dataset min(std::string column) const;
  dataset max(std::string column) const;

 private:
  dataset input_;
  std::vector<expression_ptr> keys_;
};

template <class... Keys>
grouped_dataset dataset::group_by(const Keys&... keys) const {
  return group_by_list({to_expression(keys)...});
}

template <class... Aggregates>
dataset dataset::agg(const Aggregates&... aggregates) const {
  return group_by_list({}).agg(aggregates...);
}

/// Where and how a stream's results go: Spark's DataStreamWriter.
class stream_writer {
 public:
  explicit stream_writer(dataset input);

  stream_writer& format(std::string name);  ///< "console", "memory", "text", "json", "csv", "noop", ...
  stream_writer& option(std::string key, std::string value);
  stream_writer& option(std::string key, const char* value) { return option(std::move(key), std::string(value)); }
  stream_writer& option(std::string key, bool value) { return option(std::move(key), std::string(value ? "true" : "false")); }
  stream_writer& option(std::string key, std::int64_t value) { return option(std::move(key), std::to_string(value)); }
  stream_writer& option(std::string key, int value) { return option(std::move(key), std::to_string(value)); }
  stream_writer& partition_by(std::vector<std::string> columns);
  stream_writer& output_mode(flow::output_mode mode);
  stream_writer& output_mode(std::string_view mode) { return output_mode(parse_output_mode(mode)); }
  stream_writer& trigger(flow::trigger when);
  stream_writer& query_name(std::string name);
  /// Calls `fn` for every batch of results, on the pipeline's thread. At least once after a crash.
  stream_writer& foreach (std::function<void(const batch& rows)> fn);
  /// Calls `fn` with each epoch's whole result as a bounded dataset, and Spark's batch id; the same id again after a crash.
  stream_writer& foreach_batch(std::function<void(const dataset& rows, std::int64_t batch_id)> fn);

  // Engine settings that Spark spells otherwise or does not have; each also an option of the same name in camelCase
  // ("parallelism", "stateStore", "memoryLimit", "minBatchesToRetain", "idleTimeout", "stateCacheBytes").
  stream_writer& parallelism(int instances);
  stream_writer& state_store(std::string_view kind);

  /// Plans and starts. @throws error: everything that can be known to be wrong before the first row.
  query_ptr start();
  query_ptr start(std::string path) { return option("path", std::move(path)).start(); }

 private:
  struct settings;
  dataset input_;
  std::shared_ptr<settings> settings_;
};

}  // namespace flow
