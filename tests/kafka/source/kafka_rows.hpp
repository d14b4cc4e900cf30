#pragma once

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <flow/flow.hpp>
#include <nlohmann/json.hpp>

#include "kafka_broker.hpp"
#include "kafka_probe.hpp"
#include "tests/engine/engine_fixture.hpp"

namespace flow::test {

using option_list = std::vector<std::pair<std::string, std::string>>;

/// A topic of its own on the shared broker, and how to read it.
class kafka_topic {
 public:
  explicit kafka_topic(int partitions = 1, const std::map<std::string, std::string>& config = {},
                       const std::string& servers = shared_broker().servers())
      : name(unique_name("topic")), probe(servers), servers_(servers) {
    probe.create_topic(name, partitions, config);
  }

  option_list options(const option_list& more = {}) const {
    option_list all{{"kafka.bootstrap.servers", servers_}};
    const auto chosen = [](const auto& each) {
      return each.first == "subscribe" || each.first == "subscribePattern" || each.first == "assign";
    };
    if (std::none_of(more.begin(), more.end(), chosen)) all.emplace_back("subscribe", name);
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  const std::string name;
  mutable kafka_probe probe;

 private:
  std::string servers_;
};

inline dataset load_kafka(reader from, const option_list& options) {
  from.format("kafka");
  for (const auto& [key, value] : options) from.option(key, value);
  return from.load();
}

/// key, value and headers as text.
inline dataset as_text(const dataset& rows) {
  return rows.select_expr("topic", "partition", "offset", "CAST(value AS STRING) AS value");
}

/// Values read once, in order per partition: "0:v0".
inline std::vector<std::string> read_values(const option_list& options) {
  const auto s = two_threads();
  std::vector<std::string> values;
  for (const auto& part : load_kafka(s.read(), options).select_expr("partition", "CAST(value AS STRING) AS value").collect()) {
    for (const auto& row : batch_to_json(*part)) {
      values.push_back(std::to_string(row[0].get<int>()) + ":" + (row[1].is_null() ? "null" : row[1].get<std::string>()));
    }
  }
  return values;
}

/// What the start or the run of a bounded read says.
inline std::string read_refusal(const option_list& options) {
  try {
    read_values(options);
  } catch (const error& e) {
    return e.what();
  }
  return "";
}

/// Rows that a query's foreach was given, with a wait for a number of them.
class arrived_rows {
 public:
  void add(const batch& rows) {
    const std::lock_guard lock(mutex_);
    for (const auto& row : batch_to_json(*rows)) rows_.push_back(row);
    grown_.notify_all();
  }
  /// False if they do not come within a minute.
  bool wait_for(std::size_t count) const {
    std::unique_lock lock(mutex_);
    return grown_.wait_for(lock, std::chrono::minutes(1), [&] { return rows_.size() >= count; });
  }
  std::vector<nlohmann::json> rows() const {
    const std::lock_guard lock(mutex_);
    return rows_;
  }
  std::size_t size() const { return rows().size(); }
  /// The value column ("CAST(value AS STRING) AS value" is the fourth of as_text) in order of topic, partition and offset.
  std::vector<std::string> values() const {
    auto all = rows();
    std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
      return std::tuple(a[0].template get<std::string>(), a[1].template get<int>(), a[2].template get<std::int64_t>()) <
             std::tuple(b[0].template get<std::string>(), b[1].template get<int>(), b[2].template get<std::int64_t>());
    });
    std::vector<std::string> values;
    for (const auto& row : all) values.push_back(row[3].is_null() ? "null" : row[3].template get<std::string>());
    return values;
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable grown_;
  std::vector<nlohmann::json> rows_;
};

/// A query that hands the topic's rows (as_text) to `into`.
inline query_ptr start_reading(const session& s, const option_list& options, const trigger& when, arrived_rows& into,
                               const std::string& checkpoint = "") {
  auto writer = as_text(load_kafka(s.read_stream(), options)).write_stream();
  writer.trigger(when);
  if (!checkpoint.empty()) writer.option("checkpointLocation", checkpoint);
  return writer.foreach ([&into](const batch& rows) { into.add(rows); }).start();
}

/// "v<first>" .. "v<first + count - 1>".
inline std::vector<std::string> numbered_values(int count, int first = 0) {
  std::vector<std::string> all;
  for (int i = first; i < first + count; ++i) all.push_back("v" + std::to_string(i));
  return all;
}

/// Both modes, for rules that hold in both.
inline std::vector<trigger> both_modes() { return {trigger(), trigger::continuous("5 ms")}; }

}  // namespace flow::test
