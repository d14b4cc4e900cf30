#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "flow/connector_registry.hpp"
#include "kafka/client_options.hpp"
#include "sources/kafka/offset_bound.hpp"

namespace flow {

/// Which partitions are read: exactly one of the three.
struct kafka_subscription {
  std::vector<std::string> topics;          ///< subscribe
  std::string pattern;                      ///< subscribePattern: RE2, matching whole names
  std::vector<topic_partition> partitions;  ///< assign

  /// "Subscribe[orders]", "SubscribePattern[o.*]", "Assign[orders-0, orders-1]", as Spark prints it.
  std::string description() const;
};

/// The checked options of format("kafka") as a source.
struct kafka_settings {
  bool streaming = true;
  kafka_client_options client;
  kafka_subscription what;
  offset_bound start, end;
  /// startingOffsetsByTimestampStrategy = latest: a partition without a record that late starts at its end.
  bool start_at_latest_without_match = false;
  bool fail_on_data_loss = true;
  std::optional<std::int64_t> max_offsets, min_offsets;  ///< Per trigger.
  duration max_trigger_delay;
  int min_partitions = 0;
  std::chrono::milliseconds poll_timeout{120'000};  ///< How long a bounded range may give nothing before the query ends.
  int offset_attempts = 3;
  std::chrono::milliseconds attempt_interval{1000};
  bool include_headers = false;
  std::string client_id_prefix;
};

/// @throws error{invalid_option, unknown_option, invalid_argument}.
kafka_settings read_kafka_settings(const source_request& request);

/// key, value BINARY; topic STRING; partition INT; offset BIGINT; timestamp TIMESTAMP; timestampType INT; and with headers
/// ARRAY<STRUCT<key: STRING, value: BINARY>>.
schema_ptr kafka_schema(bool include_headers);

}  // namespace flow
