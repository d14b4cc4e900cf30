#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "kafka/client_options.hpp"
#include "kafka/kafka_error.hpp"

using namespace flow;

namespace {

options with(std::string key, std::string value) {
  options given;
  given.set("kafka.bootstrap.servers", "127.0.0.1:9092");
  given.set(std::move(key), std::move(value));
  return given;
}

std::string refusal(const options& given, kafka_role role) {
  try {
    read_kafka_options(given, role);
  } catch (const error& e) {
    return std::string(to_string(e.code())) + ": " + e.what();
  }
  return "";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(client_options)

BOOST_AUTO_TEST_CASE(a_property_of_librdkafka_is_passed_on_without_its_prefix) {
  const auto given = with("kafka.Fetch.Wait.Max.ms", "7");
  const auto read = read_kafka_options(given, kafka_role::source);
  BOOST_TEST(read.properties.at("fetch.wait.max.ms") == "7");
  BOOST_TEST(read.servers() == "127.0.0.1:9092");
  BOOST_CHECK_NO_THROW(given.finish("format \"kafka\""));
  char value[16];
  std::size_t size = sizeof value;
  const auto conf = make_conf(read);
  BOOST_TEST((rd_kafka_conf_get(conf.get(), "fetch.wait.max.ms", value, &size) == RD_KAFKA_CONF_OK));
  BOOST_TEST(std::string(value) == "7");
}

BOOST_AUTO_TEST_CASE(sasl_and_tls_settings_pass) {
  auto given = with("kafka.security.protocol", "SASL_SSL");
  given.set("kafka.sasl.mechanism", "SCRAM-SHA-512");
  given.set("kafka.sasl.username", "u");
  given.set("kafka.sasl.password", "p");
  given.set("kafka.ssl.endpoint.identification.algorithm", "none");
  BOOST_TEST(read_kafka_options(given, kafka_role::source).properties.size() == 6u);
  BOOST_TEST(read_kafka_options(given, kafka_role::sink).properties.size() == 6u);
}

BOOST_AUTO_TEST_CASE(no_servers_are_asked_for_by_name) {
  options none;
  BOOST_TEST(refusal(none, kafka_role::source) ==
             "invalid_option: option \"kafka.bootstrap.servers\" is missing: the brokers to read from, such as localhost:9092");
}

BOOST_AUTO_TEST_CASE(a_property_librdkafka_does_not_know_is_refused_with_its_words) {
  const auto why = refusal(with("kafka.fetch.wait.maximum", "7"), kafka_role::source);
  BOOST_TEST(why.find("unknown_option: option \"kafka.fetch.wait.maximum\": No such configuration property") == 0u, why);
}

BOOST_AUTO_TEST_CASE(a_value_librdkafka_does_not_take_is_refused_with_its_words) {
  const auto why = refusal(with("kafka.fetch.wait.max.ms", "soon"), kafka_role::source);
  BOOST_TEST(why.find("invalid_option: option \"kafka.fetch.wait.max.ms\": Invalid value for configuration property") == 0u,
             why);
}

using property_hints = std::vector<std::pair<std::string, std::string>>;

/// Each property is refused by its name, with a message that has the words beside it.
void check_refused(kafka_role role, const property_hints& all) {
  for (const auto& [name, hint] : all) {
    const auto why = refusal(with("kafka." + name, "x"), role);
    BOOST_TEST(why.find("invalid_option: option \"kafka." + name + "\" ") == 0u, why);
    BOOST_TEST(why.find(hint) != std::string::npos, why);
  }
}

BOOST_AUTO_TEST_CASE(what_the_source_owns_is_refused_with_what_to_use_instead) {
  const std::string offsets = "is not supported: which records are read is decided by the query";
  check_refused(kafka_role::source, {{"auto.offset.reset", "startingOffsets"},
                                     {"group.id", "groupIdPrefix"},
                                     {"group.instance.id", offsets},
                                     {"group.protocol.type", offsets},
                                     {"partition.assignment.strategy", offsets},
                                     {"enable.auto.commit", offsets},
                                     {"auto.commit.enable", offsets},
                                     {"auto.commit.interval.ms", offsets},
                                     {"enable.auto.offset.store", offsets},
                                     {"offset.store.method", offsets},
                                     {"enable.partition.eof", "to know where a partition ends"},
                                     {"consume.callback.max.messages", "the query's credit"},
                                     {"key.deserializer", "CAST(key AS STRING)"},
                                     {"value.deserializer", "from_json"},
                                     {"interceptor.classes", "could change the records"}});
}

BOOST_AUTO_TEST_CASE(what_the_sink_owns_is_refused_with_what_to_use_instead) {
  check_refused(kafka_role::sink, {{"key.serializer", "the column key is written as the bytes it has"},
                                   {"value.serializer", "to_json"},
                                   {"transactional.id", "deliveryGuarantee"},
                                   {"enable.idempotence", "deliveryGuarantee"},
                                   {"enable.gapless.guarantee", "deliveryGuarantee"},
                                   {"acks", "deliveryGuarantee"},
                                   {"request.required.acks", "deliveryGuarantee"},
                                   {"delivery.report.only.error", "counts every delivery report"},
                                   {"dr_cb", "counts every delivery report"},
                                   {"dr_msg_cb", "counts every delivery report"},
                                   {"group.id", "the sink's group holds the epoch marker"},
                                   {"interceptor.classes", "could change the records"}});
}

BOOST_AUTO_TEST_CASE(a_name_of_the_java_client_is_explained) {
  const property_hints names{
      {"sasl.jaas.config", "kafka.sasl.username"},
      {"sasl.client.callback.handler.class", "kafka.sasl.oauthbearer"},
      {"sasl.login.callback.handler.class", "kafka.sasl.oauthbearer"},
      {"sasl.login.class", "kafka.sasl.oauthbearer"},
      {"ssl.truststore.location", "is the Java client's; give the CA certificates as PEM by kafka.ssl.ca.location"},
      {"ssl.truststore.password", "kafka.ssl.ca.location"},
      {"ssl.truststore.type", "kafka.ssl.ca.location"},
      {"ssl.truststore.certificates", "kafka.ssl.ca.pem"},
      {"ssl.keystore.type", "PKCS#12"},
      {"ssl.keystore.key", "kafka.ssl.key.pem"},
      {"ssl.keystore.certificate.chain", "kafka.ssl.certificate.pem"},
      {"max.poll.records", "kafka.fetch.max.bytes"},
      {"default.api.timeout.ms", "kafka.socket.timeout.ms"},
      {"buffer.memory", "kafka.queue.buffering.max.kbytes"},
      {"max.block.ms", "waits for room in its queue by itself"},
      {"receive.buffer.bytes", "kafka.socket.receive.buffer.bytes"},
      {"send.buffer.bytes", "kafka.socket.send.buffer.bytes"},
      {"partitioner.class", "kafka.partitioner"},
      {"metric.reporters", "progress reports tell the lag"}};
  check_refused(kafka_role::source, names);
  check_refused(kafka_role::sink, names);
}

BOOST_AUTO_TEST_CASE(an_error_says_what_where_and_what_to_do) {
  const auto failure =
      kafka_error(errc::unreadable_input, "cannot read topic \"t\"", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "detail");
  BOOST_TEST(std::string(failure.what()) ==
             "cannot read topic \"t\": Broker: Unknown topic or partition (detail); create the topic or correct its name");
  BOOST_TEST(is_outage(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN));
  BOOST_TEST(!is_outage(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED));
}

BOOST_AUTO_TEST_SUITE_END()
