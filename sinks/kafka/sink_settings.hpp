#pragma once

#include <optional>
#include <string>

#include "flow/connector_registry.hpp"
#include "kafka/client_options.hpp"

namespace flow {

enum class delivery_guarantee { exactly_once, at_least_once };

/// The checked options of one writer:
///
/// | option | default | |
/// |---|---|---|
/// | topic | | where records go; if not given, the column topic says it for each |
/// | deliveryGuarantee | exactly-once with a checkpoint | exactly-once or at-least-once |
/// | transactionalIdPrefix | libflow | begins the transactional ids and the marker's group, for rights granted by prefix |
/// | kafkaProducer.startTimeoutMs | 30000 | how long a start waits for brokers and for what a crash left |
/// | kafka.* | | librdkafka's properties |
struct kafka_sink_settings {
  std::string topic;  ///< "": the column says it.
  std::optional<delivery_guarantee> guarantee;
  std::string id_prefix;
  duration start_timeout;
  kafka_client_options client;

  /// What holds for a query: exactly-once needs a checkpoint.
  /// @throws error{invalid_option} if it was asked for without one.
  delivery_guarantee guarantee_for(const sink_context& context) const;
  /// kafka.transaction.timeout.ms as given, or long enough for the query's interval.
  /// @throws error{invalid_option} if the one given is shorter than two intervals: the broker would abort epochs under way.
  duration transaction_timeout(const sink_context& context) const;
  /// How long a record of a transaction may wait for others of its partition, unless kafka.linger.ms says it.
  duration transaction_linger(const sink_context& context) const;
  /// The user's properties, and where they say nothing: partitions as the Java client chooses them, 64 MiB of records waiting,
  /// and this linger.ms.
  rdkafka_conf producer_conf(const std::string& linger_ms) const;
  std::string description() const;
};

/// @throws error{invalid_option, unknown_option} naming the option.
kafka_sink_settings read_kafka_sink_settings(const sink_request& request);

}  // namespace flow
