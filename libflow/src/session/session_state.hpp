#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "flow/memory_table.hpp"
#include "flow/planner.hpp"
#include "flow/session.hpp"

namespace flow {

/// Settings by Spark's names, checked as they are set.
class session_conf {
 public:
  /// @throws error{unknown_option} with the nearest name, error{invalid_option}.
  void set(std::string_view key, std::string_view value);
  /// What the settings say of a query, where its writer says nothing.
  void apply(query_settings& settings) const;
  /// spark.sql.streaming.checkpointLocation, "" if not set.
  std::string checkpoint_root() const;
  int parallelism() const;  ///< spark.sql.shuffle.partitions, 0 if not set.

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string, ignore_case_less> values_;
};

/// What all handles of one session share.
class session_state {
 public:
  explicit session_state(session_options options);
  ~session_state();
  session_state(const session_state&) = delete;
  session_state& operator=(const session_state&) = delete;

  const session_options& options() const { return options_; }
  connector_registry& connectors() { return connectors_; }
  session_conf& conf() { return conf_; }

  /// Makes a view. @throws error{invalid_argument} if it reads the table whose name it takes.
  void put_relation(const std::string& name, logical_plan_ptr plan);
  /// The plan with the views of now in the place of their names: it goes on to mean them when names come to mean others.
  logical_plan_ptr with_views(const logical_plan_ptr& plan) const;
  /// A view, or the rows a memory sink holds now; null if there is neither.
  logical_plan_ptr find_relation(std::string_view name) const;
  /// Finds relations of this session; valid as long as the session is.
  relation_lookup lookup() const;
  /// Names of all relations, for messages.
  std::vector<std::string> relation_names() const;
  /// Makes `rows` answer to `name` whenever it is looked up.
  void put_table(const std::string& name, std::function<logical_plan_ptr()> rows);

  /// The table of the memory sink of this name: the one there is if a query `resumes` with the same columns, else a new one.
  std::shared_ptr<memory_table> memory_table_of(const std::string& name, const schema_ptr& schema, bool resumes);

  /// Plans, checks and runs a query. @throws error.
  query_ptr start(physical_plan plan, sink_provider_ptr sink, query_settings settings);
  std::vector<query_ptr> queries() const;
  /// @throws error{illegal_state} if a running query has this name.
  void check_name_is_free(const std::string& name) const;

 private:
  session_options options_;
  session_conf conf_;
  connector_registry connectors_;
  mutable std::mutex mutex_;
  std::map<std::string, std::function<logical_plan_ptr()>, ignore_case_less> relations_;
  std::map<std::string, logical_plan_ptr, ignore_case_less> views_;  ///< Those of the relations that are.
  std::map<std::string, std::shared_ptr<memory_table>, ignore_case_less> memory_tables_;
  std::vector<query_ptr> queries_;
  std::unique_ptr<engine> engine_;
};

/// A scan of given rows.
logical_plan_ptr table_plan(const schema_ptr& schema, std::vector<batch> rows);

}  // namespace flow
