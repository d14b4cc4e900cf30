#pragma once

#include <map>
#include <memory>
#include <string>

#include "flow/connector_registry.hpp"
#include "flow/error.hpp"
#include "kafka_broker.hpp"

namespace flow::test {

/// A row of these columns, and a table of these rows. (In braces a pair of strings would be a JSON object, and a list in a
/// list the list itself.)
template <class... Values>
nlohmann::json row(const Values&... values) {
  auto list = nlohmann::json::array();
  (list.push_back(values), ...);
  return list;
}
template <class... Rows>
nlohmann::json table(const Rows&... rows) {
  return row(rows...);
}

/// A Kafka sink driven as the engine drives it. Each start() is a process: it forgets everything but what prepare() returned.
class sink_under_test {
 public:
  explicit sink_under_test(std::string columns, std::map<std::string, std::string> options,
                           std::string servers = shared_broker().servers());

  /// Opens and recovers a sink, as the query `id`; the epoch it names. What an earlier start() made goes on living, as the
  /// process of another instance would.
  epoch start(epoch newest = {}, const nlohmann::json& prepared = nullptr);
  /// Ends the sink that runs.
  void stop() { sink_.reset(); }
  /// Gives the running sink away, to live on beside the next one.
  std::unique_ptr<sink> give_away() { return std::move(sink_); }

  void write(epoch e, const nlohmann::json& rows) { sink_->write(e, batch_from_json(schema_, rows)); }
  nlohmann::json prepare(epoch e) { return prepared_ = sink_->prepare(e); }
  void commit(epoch e) { sink_->commit(e, prepared_); }
  /// An epoch of these rows, to its end; what prepare() returned.
  nlohmann::json run(epoch e, const nlohmann::json& rows);

  sink& running() { return *sink_; }
  batch rows(const nlohmann::json& of) const { return batch_from_json(schema_, of); }
  sink_context context;  ///< To be changed before start().

 private:
  sink_provider_ptr provider_;
  schema_ptr schema_;
  std::unique_ptr<sink> sink_;
  nlohmann::json prepared_;
};

/// "code: message" of the error that the call throws, "" if none.
template <class Call>
std::string failure_of(const Call& call) {
  try {
    call();
  } catch (const error& e) {
    return std::string(to_string(e.code())) + ": " + e.what();
  }
  return "";
}

inline bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace flow::test
