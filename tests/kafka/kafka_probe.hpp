#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kafka/kafka_client.hpp"

namespace flow::test {

/// A record as tests write and read it.
struct record {
  std::string value;
  std::optional<std::string> key = std::nullopt;
  int partition = 0;
  std::int64_t timestamp = 0;  ///< Milliseconds; 0: now.
  std::vector<std::pair<std::string, std::string>> headers = {};
  bool tombstone = false;    ///< Written with a null value.
  std::int64_t offset = -1;  ///< Known of records that were read.

  bool operator==(const record&) const = default;
};

using client_properties = std::map<std::string, std::string>;

/// What tests do to a broker, by plain librdkafka: topics, records in and out. Every call waits until it is done and throws
/// std::runtime_error if it fails.
class kafka_probe {
 public:
  /// @param properties  librdkafka's, such as those of a user of a broker with rights.
  explicit kafka_probe(std::string servers, client_properties properties = {});
  ~kafka_probe();
  kafka_probe(kafka_probe&&) noexcept;

  void create_topic(const std::string& name, int partitions, const std::map<std::string, std::string>& config = {});
  void delete_topic(const std::string& name);
  void add_partitions(const std::string& name, int total);
  /// Records before this offset expire.
  void delete_records(const std::string& topic, int partition, std::int64_t before);
  /// Lets `principal` ("User:bob") do everything with `topic`, or denies it the operation.
  void create_acl(const std::string& topic, const std::string& principal, rd_kafka_AclOperation_t operation,
                  rd_kafka_AclPermissionType_t permission);

  /// Outside a transaction; returns when all are acknowledged.
  void produce(const std::string& topic, const std::vector<record>& records);
  /// In one transaction, which is then committed or aborted; returns when readers see so.
  void produce_transaction(const std::string& topic, const std::vector<record>& records, bool commit = true);
  /// A transaction that goes on until the call of the result: true commits, false aborts.
  std::function<void(bool commit)> begin_transaction(const std::string& topic, const std::vector<record>& records);

  /// Everything from the beginning to what is the end now, in order per partition, partitions in order; read_committed
  /// unless told otherwise.
  std::vector<record> read(const std::string& topic, bool committed_only = true);
  /// {earliest, latest}; latest is the last stable offset.
  std::pair<std::int64_t, std::int64_t> watermarks(const std::string& topic, int partition);
  int partition_count(const std::string& topic);

 private:
  rdkafka_conf conf() const;
  rd_kafka_t* admin();
  rd_kafka_t* producer();
  void wait_for_markers(const std::string& topic, int partition) const;
  void wait_for_result(rd_kafka_queue_t* queue, const std::string& what);

  std::string servers_;
  client_properties properties_;
  std::unique_ptr<kafka_client> producer_;
  std::shared_ptr<kafka_client> idle_transactional_;
};

/// "v0".."v(n-1)", to partition `partition`.
std::vector<record> numbered_records(int count, int partition = 0, int first = 0);

}  // namespace flow::test
