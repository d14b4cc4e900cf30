#include "kafka/client_options.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include "flow/error.hpp"

namespace flow {

namespace {

constexpr std::string_view prefix = "kafka.";

struct refusal {
  std::string_view name;
  std::string_view why;
};

constexpr std::string_view offsets_are_ours =
    "is not supported: which records are read is decided by the query, and offsets live in its checkpoint, not in a consumer "
    "group";
constexpr std::string_view transactions_are_ours =
    "is not supported: the sink owns its producers and their transactions; say exactly-once or at-least-once by the option "
    "\"deliveryGuarantee\"";

/// What a reader may not say, because the engine says it.
constexpr std::array source_refusals{
    refusal{"auto.offset.reset",
            "is not supported: set the option \"startingOffsets\" to earliest or latest to say where to start. The query keeps "
            "its own "
            "offsets, so that no record is missed when topics or partitions are added; startingOffsets applies only when a "
            "query starts "
            "for the first time, and a restart takes up where it left off"},
    refusal{"group.id",
            "is not supported: partitions are assigned by the query itself and no group is joined; \"groupIdPrefix\" names the "
            "clients for the broker's log and its rights"},
    refusal{"group.instance.id", offsets_are_ours},
    refusal{"group.protocol.type", offsets_are_ours},
    refusal{"partition.assignment.strategy", offsets_are_ours},
    refusal{"enable.auto.commit", offsets_are_ours},
    refusal{"auto.commit.enable", offsets_are_ours},
    refusal{"auto.commit.interval.ms", offsets_are_ours},
    refusal{"enable.auto.offset.store", offsets_are_ours},
    refusal{"offset.store.method", offsets_are_ours},
    refusal{"enable.partition.eof", "is not supported: the source sets it to know where a partition ends"},
    refusal{"consume.callback.max.messages", "is not supported: the source decides how much it takes, by the query's credit"},
    refusal{"key.deserializer",
            "is not supported: keys are read as BINARY; decode them by expressions, such as CAST(key AS STRING)"},
    refusal{
        "value.deserializer",
        "is not supported: values are read as BINARY; decode them by expressions, such as CAST(value AS STRING) or from_json"},
};

constexpr std::array sink_refusals{
    refusal{"key.serializer", "is not supported: the column key is written as the bytes it has (STRING or BINARY)"},
    refusal{"value.serializer",
            "is not supported: the column value is written as the bytes it has (STRING or BINARY); encode it by expressions, "
            "such as "
            "to_json"},
    refusal{"transactional.id", transactions_are_ours},
    refusal{"enable.idempotence", transactions_are_ours},
    refusal{"enable.gapless.guarantee", transactions_are_ours},
    refusal{"acks", transactions_are_ours},
    refusal{"request.required.acks", transactions_are_ours},
    refusal{"delivery.report.only.error", "is not supported: the sink counts every delivery report"},
    refusal{"dr_cb", "is not supported: the sink counts every delivery report"},
    refusal{"dr_msg_cb", "is not supported: the sink counts every delivery report"},
    refusal{"group.id", "is not supported: the sink's group holds the epoch marker and is named by the query"},
};

/// Names of the Java client, and how librdkafka says the same.
constexpr std::array java_names{
    refusal{"interceptor.classes", "is not supported: interceptors could change the records"},
    refusal{"sasl.jaas.config",
            "is the Java client's; give kafka.sasl.mechanism, kafka.sasl.username and kafka.sasl.password instead"},
    refusal{"sasl.client.callback.handler.class", "is the Java client's; librdkafka has kafka.sasl.oauthbearer.* instead"},
    refusal{"sasl.login.callback.handler.class", "is the Java client's; librdkafka has kafka.sasl.oauthbearer.* instead"},
    refusal{"sasl.login.class", "is the Java client's; librdkafka has kafka.sasl.oauthbearer.* instead"},
    refusal{"ssl.truststore.location", "is the Java client's; give the CA certificates as PEM by kafka.ssl.ca.location"},
    refusal{"ssl.truststore.password", "is the Java client's; give the CA certificates as PEM by kafka.ssl.ca.location"},
    refusal{"ssl.truststore.type", "is the Java client's; give the CA certificates as PEM by kafka.ssl.ca.location"},
    refusal{"ssl.truststore.certificates", "is the Java client's; give the CA certificates as PEM by kafka.ssl.ca.pem"},
    refusal{"ssl.keystore.type",
            "is the Java client's; kafka.ssl.keystore.location is PKCS#12 here, kafka.ssl.certificate.location PEM"},
    refusal{"ssl.keystore.key", "is the Java client's; give the private key as PEM by kafka.ssl.key.pem"},
    refusal{"ssl.keystore.certificate.chain", "is the Java client's; give the certificate as PEM by kafka.ssl.certificate.pem"},
    refusal{"max.poll.records",
            "is the Java client's; batches follow the query's credit, and kafka.fetch.max.bytes bounds a fetch"},
    refusal{"default.api.timeout.ms", "is the Java client's; kafka.socket.timeout.ms bounds a request"},
    refusal{"request.timeout.ms", "means acknowledgement of writes in librdkafka; kafka.socket.timeout.ms bounds a request"},
    refusal{"buffer.memory", "is the Java client's; librdkafka has kafka.queue.buffering.max.kbytes"},
    refusal{"max.block.ms", "is the Java client's; the sink waits for room in its queue by itself"},
    refusal{"receive.buffer.bytes", "is the Java client's; librdkafka has kafka.socket.receive.buffer.bytes"},
    refusal{"send.buffer.bytes", "is the Java client's; librdkafka has kafka.socket.send.buffer.bytes"},
    refusal{"partitioner.class", "is the Java client's; librdkafka has kafka.partitioner, or give the column partition"},
    refusal{"metric.reporters", "is the Java client's; progress reports tell the lag"},
};

template <class Refusals>
void refuse_if_listed(const Refusals& listed, const std::string& name) {
  const auto found = std::find_if(listed.begin(), listed.end(), [&](const refusal& each) { return each.name == name; });
  if (found == listed.end()) return;
  throw error(errc::invalid_option, "option \"kafka." + name + "\" " + std::string(found->why));
}

void check(const std::string& name, kafka_role role) {
  role == kafka_role::source ? refuse_if_listed(source_refusals, name) : refuse_if_listed(sink_refusals, name);
  if (role == kafka_role::source || name != "request.timeout.ms") refuse_if_listed(java_names, name);
}

bool has_prefix(std::string_view key) {
  return key.size() > prefix.size() && std::equal(prefix.begin(), prefix.end(), key.begin(), [](char a, char b) {
           return a == static_cast<char>(std::tolower(static_cast<unsigned char>(b)));
         });
}

}  // namespace

std::int64_t kafka_client_options::integer(std::string_view name, std::int64_t fallback) const {
  const auto found = properties.find(std::string(name));
  if (found == properties.end()) return fallback;
  const auto& text = found->second;
  std::int64_t number = fallback;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

kafka_client_options read_kafka_options(const options& from, kafka_role role) {
  kafka_client_options read;
  const rdkafka_conf trial(rd_kafka_conf_new());
  for (const auto& [key, value] : from.values()) {
    if (!has_prefix(key)) continue;
    from.find(key);
    auto name = key.substr(prefix.size());
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    check(name, role);
    set_property(*trial, name, value);
    read.properties[name] = value;
  }
  from.required("kafka.bootstrap.servers", role == kafka_role::source ? "the brokers to read from, such as localhost:9092"
                                                                      : "the brokers to write to, such as localhost:9092");
  return read;
}

rdkafka_conf make_conf(const kafka_client_options& from) {
  rdkafka_conf conf(rd_kafka_conf_new());
  for (const auto& [name, value] : from.properties) set_property(*conf, name, value);
  return conf;
}

void set_property(rd_kafka_conf_t& conf, const std::string& name, const std::string& value) {
  char why[512];
  const auto result = rd_kafka_conf_set(&conf, name.c_str(), value.c_str(), why, sizeof why);
  if (result == RD_KAFKA_CONF_OK) return;
  throw error(result == RD_KAFKA_CONF_UNKNOWN ? errc::unknown_option : errc::invalid_option,
              "option \"kafka." + name + "\": " + why + "; kafka.* options are librdkafka's properties (its CONFIGURATION.md)");
}

}  // namespace flow
