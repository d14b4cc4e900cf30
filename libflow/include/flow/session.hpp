#pragma once

#include <memory>
#include <string>
#include <vector>

#include "flow/connector_registry.hpp"
#include "flow/dataset.hpp"
#include "flow/engine.hpp"

namespace flow {

/// Reads a stream or a bounded table: Spark's DataStreamReader and DataFrameReader.
class reader {
 public:
  reader(std::shared_ptr<session_state> session, bool streaming);

  reader& format(std::string name);
  reader& schema(schema_ptr schema);
  reader& schema(std::string_view ddl) { return schema(parse_schema(ddl)); }
  reader& option(std::string key, std::string value);
  reader& option(std::string key, const char* value) { return option(std::move(key), std::string(value)); }
  reader& option(std::string key, bool value) { return option(std::move(key), std::string(value ? "true" : "false")); }
  reader& option(std::string key, std::int64_t value) { return option(std::move(key), std::to_string(value)); }
  reader& option(std::string key, int value) { return option(std::move(key), std::to_string(value)); }
  dataset load();
  dataset load(std::string path) { return option("path", std::move(path)).load(); }
  dataset text(std::string path) { return format("text").load(std::move(path)); }
  dataset json(std::string path) { return format("json").load(std::move(path)); }
  dataset csv(std::string path) { return format("csv").load(std::move(path)); }

 private:
  std::shared_ptr<session_state> session_;
  bool streaming_;
  std::string format_ = "text";
  source_request request_;
};

/// A thread-safe input that the program pushes rows into. Bounded: push() waits, try_push() says no. Copies are handles on
/// the same input. Rows are kept until an epoch that holds them is committed, so a query restarted in the same process reads
/// them again.
class push_input {
 public:
  /// Waits while the input is full. @throws error{illegal_state} after close(), error{type_mismatch} for another schema.
  void push(const batch& rows);
  /// False if the input is full.
  bool try_push(const batch& rows);
  /// Adds rows to several inputs before any query is told, so that one epoch takes them all. Does not wait for room.
  static void push_together(const std::vector<std::pair<push_input, batch>>& rows);
  /// No more rows will come; available_now queries and process_all_available need not wait.
  void close();
  dataset stream() const;  ///< The unbounded table of what is pushed.

  struct channel;
  push_input(std::shared_ptr<channel> state, dataset stream);

 private:
  std::shared_ptr<channel> channel_;
  std::shared_ptr<dataset> stream_;
};

/// The queries of one session. Source: Spark's StreamingQueryManager.
class query_manager {
 public:
  explicit query_manager(std::shared_ptr<session_state> session) : session_(std::move(session)) {}
  std::vector<query_ptr> active() const;
  /// By id or by name; null if there is none.
  query_ptr get(std::string_view id_or_name) const;
  /// Waits until any query of the session ends. @throws what ended it.
  void await_any_termination() const;

 private:
  std::shared_ptr<session_state> session_;
};

/// The entry: makes datasets, holds views and tables, runs queries. No global state: several may live in one process. The last
/// copy's destruction stops its queries and waits for them.
class session {
 public:
  static session make(session_options options = {});

  reader read_stream() const;
  reader read() const;
  /// A bounded table of given rows.
  dataset create_dataset(const schema_ptr& schema, std::vector<batch> rows) const;
  /// A bounded in-memory input of `capacity_rows` rows.
  push_input push_stream(const schema_ptr& schema, std::int64_t capacity_rows = 1 << 20) const;
  dataset table(std::string_view name) const;
  /// A SELECT over views, tables and memory sinks.
  dataset sql(std::string_view text) const;
  query_manager streams() const;
  /// Adds or finds connectors of this session.
  connector_registry& connectors() const;
  /// Settings by Spark's name; unknown ones are refused. @throws error{unknown_option, invalid_option}.
  void set(std::string_view key, std::string_view value) const;

 private:
  explicit session(std::shared_ptr<session_state> state) : state_(std::move(state)) {}
  std::shared_ptr<session_state> state_;
};

}  // namespace flow
