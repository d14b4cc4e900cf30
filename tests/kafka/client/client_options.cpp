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

BOOST_AUTO_TEST_CASE(what_the_source_owns_is_refused_with_what_to_use_instead) {
  for (const auto* name :
       {"group.id", "auto.offset.reset", "enable.auto.commit", "enable.auto.offset.store", "key.deserializer",
        "value.deserializer", "interceptor.classes", "enable.partition.eof", "partition.assignment.strategy"}) {
    const auto why = refusal(with(std::string("kafka.") + name, "x"), kafka_role::source);
    BOOST_TEST(why.find("invalid_option: option \"kafka." + std::string(name) + "\" is not supported: ") == 0u, why);
  }
  const auto why = refusal(with("kafka.auto.offset.reset", "earliest"), kafka_role::source);
  BOOST_TEST(why.find("startingOffsets") != std::string::npos, why);
}

BOOST_AUTO_TEST_CASE(what_the_sink_owns_is_refused_with_what_to_use_instead) {
  for (const auto* name :
       {"transactional.id", "enable.idempotence", "key.serializer", "value.serializer", "interceptor.classes"}) {
    const auto why = refusal(with(std::string("kafka.") + name, "x"), kafka_role::sink);
    BOOST_TEST(why.find("invalid_option: option \"kafka." + std::string(name) + "\" is not supported: ") == 0u, why);
  }
}

BOOST_AUTO_TEST_CASE(a_name_of_the_java_client_is_explained) {
  const auto why = refusal(with("kafka.ssl.truststore.location", "/x.jks"), kafka_role::source);
  BOOST_TEST(
      why ==
      "invalid_option: option \"kafka.ssl.truststore.location\" is the Java client's; give the CA certificates as PEM by "
      "kafka.ssl.ca.location");
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
