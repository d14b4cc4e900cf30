#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "flow/servers_away.hpp"
#include "kafka/kafka_client.hpp"
#include "sources/kafka/kafka_settings.hpp"

namespace flow {

/// What a look at the brokers' metadata found.
struct found_partitions {
  std::vector<topic_partition> partitions;  ///< In order.
  std::vector<std::string> missing;         ///< Topics of subscribe or assign that do not exist.
};

/// Asks the brokers which partitions there are and where they begin and end. Has a client, and so a connection, of its own: a
/// question behind a waiting fetch would wait with it. Its methods may be called by any thread, and block.
class topic_view {
 public:
  explicit topic_view(const kafka_settings& settings);

  /// The partitions that the query's subscription names now. @throws error where the brokers cannot be reached or refuse.
  found_partitions find_partitions() const;
  /// Their earliest_offset or latest_offset; latest is the last stable offset for read_committed. A partition that does not
  /// exist (any more) is left out.
  partition_offsets offsets(const std::vector<topic_partition>& of, std::int64_t which) const;
  /// The first offset at or after the time (milliseconds since 1970) of each; latest_offset where there is none.
  partition_offsets offsets_at(const partition_offsets& times) const;

  /// One try instead of as many as fetchOffset.numRetries says, and no long one: for a look that comes again soon.
  topic_view glance() const;

 private:
  struct client;
  topic_view() = default;
  template <class Ask>
  auto retry(const Ask& ask) const;
  found_partitions ask_partitions() const;
  found_partitions ask_topic(const std::string& name, const std::vector<topic_partition>& wanted) const;
  partition_offsets ask_offsets(const partition_offsets& times) const;
  partition_offsets ask_offsets_by_topic(const partition_offsets& times) const;
  int timeout_ms() const;
  [[noreturn]] void fail(const std::string& what, rd_kafka_resp_err_t cause) const;

  std::shared_ptr<client> client_;
  int attempts_ = 3;
  std::chrono::milliseconds interval_{1000};
  std::chrono::milliseconds patience_{10'000};
  std::chrono::milliseconds first_patience_{3'000};  ///< Until brokers have answered once.
};

}  // namespace flow
