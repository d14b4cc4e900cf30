#include "sinks/kafka/sink_settings.hpp"

#include <algorithm>

#include "flow/error.hpp"

namespace flow {

namespace {

constexpr duration usual_transaction_timeout = seconds(60);
constexpr duration least_linger = milliseconds(2);
constexpr duration most_linger = milliseconds(20);  ///< What comes in such a time may have to be sent at the end.

std::string in_ms(duration d) { return std::to_string(d.microseconds / 1000); }

}  // namespace

kafka_sink_settings read_kafka_sink_settings(const sink_request& request) {
  const auto& given = request.options;
  kafka_sink_settings settings;
  settings.topic = given.text("topic", "");
  if (given.contains("topic") && settings.topic.empty()) {
    throw error(errc::invalid_option,
                "option \"topic\" is empty: name the topic to write to, or leave the option out and "
                "let the column topic name it for each row");
  }
  if (const auto said = given.choice("deliveryGuarantee", "", {"exactly-once", "at-least-once"}); !said.empty()) {
    settings.guarantee = said == "exactly-once" ? delivery_guarantee::exactly_once : delivery_guarantee::at_least_once;
  }
  settings.id_prefix = given.text("transactionalIdPrefix", "libflow");
  settings.start_timeout = milliseconds(given.integer("kafkaProducer.startTimeoutMs", 30'000, 1, 3'600'000));
  settings.client = read_kafka_options(given, kafka_role::sink);
  given.finish("format \"kafka\"");
  if (!request.partition_by.empty()) {
    throw error(errc::invalid_argument,
                "partition_by() is for files; records go to the partition that the column partition says, else by key");
  }
  return settings;
}

delivery_guarantee kafka_sink_settings::guarantee_for(const sink_context& context) const {
  const bool durable = !context.checkpoint_dir.empty();
  if (guarantee == delivery_guarantee::exactly_once && !durable) {
    throw error(errc::invalid_option,
                "option \"deliveryGuarantee\" says exactly-once, which needs the option checkpointLocation: without a "
                "checkpoint a restart cannot know what was written");
  }
  return guarantee.value_or(durable ? delivery_guarantee::exactly_once : delivery_guarantee::at_least_once);
}

duration kafka_sink_settings::transaction_timeout(const sink_context& context) const {
  const duration needed{2 * context.interval.microseconds};
  if (!client.contains("transaction.timeout.ms")) return std::max(usual_transaction_timeout, needed);
  const auto given = milliseconds(client.integer("transaction.timeout.ms", 0));
  if (given >= needed) return given;
  throw error(errc::invalid_option, "option \"kafka.transaction.timeout.ms\" is " + in_ms(given) +
                                        ", but the query's interval is " + in_ms(context.interval) +
                                        " ms: a transaction is open for up to two intervals, so the broker would abort it. "
                                        "Set at least " +
                                        in_ms(needed) + ", or a shorter interval");
}

/// Nobody sees a record before the commit, which sends what still waits: each request less leaves brokers time for the others.
duration kafka_sink_settings::transaction_linger(const sink_context& context) const {
  return std::clamp(context.interval, least_linger, most_linger);
}

rdkafka_conf kafka_sink_settings::producer_conf(const std::string& linger_ms) const {
  auto conf = make_conf(client);
  const auto unless_given = [&](const std::string& name, const std::string& value) {
    if (!client.contains(name)) set_property(*conf, name, value);
  };
  unless_given("partitioner", "murmur2_random");
  unless_given("queue.buffering.max.kbytes", "65536");
  unless_given("linger.ms", linger_ms);
  unless_given("reconnect.backoff.max.ms", "1000");
  return conf;
}

std::string kafka_sink_settings::description() const {
  return "KafkaSink[" + (topic.empty() ? std::string("topic by column") : topic) + "]";
}

}  // namespace flow
