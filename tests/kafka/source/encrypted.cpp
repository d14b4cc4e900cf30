// A broker that speaks TLS only, with a certificate made here, and knows its users by password.
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include <boost/test/unit_test.hpp>

#include "kafka_rows.hpp"

using namespace flow;
using namespace flow::test;

namespace {

/// A key and a certificate that signs itself, for localhost.
class certificate {
 public:
  certificate() : directory_(std::filesystem::temp_directory_path() / unique_name("flow-certificate")) {
    std::filesystem::create_directories(directory_);
    const auto keytool = "keytool -storetype PKCS12 -storepass secret -alias broker -keystore " + store() + " ";
    run(keytool + "-genkeypair -keyalg EC -dname CN=localhost -ext san=dns:localhost -validity 30");
    run(keytool + "-exportcert -rfc -file " + pem());
  }
  ~certificate() {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  certificate(const certificate&) = delete;
  certificate& operator=(const certificate&) = delete;

  std::string store() const { return (directory_ / "broker.p12").string(); }
  std::string pem() const { return (directory_ / "broker.pem").string(); }

 private:
  static void run(const std::string& command) {
    if (std::system((command + " 2> /dev/null").c_str()) != 0) throw std::runtime_error(command + " failed");
  }
  std::filesystem::path directory_;
};

/// A broker whose only listener for clients is of this protocol: SSL or SASL_SSL.
class encrypted_broker {
 public:
  explicit encrypted_broker(const std::string& protocol)
      : protocol_(protocol),
        broker_({"listeners=" + protocol + "://127.0.0.1:@PORT@,CONTROLLER://127.0.0.1:@CONTROLLER@",
                 "advertised.listeners=" + protocol + "://localhost:@PORT@",
                 "listener.security.protocol.map=" + protocol + ":" + protocol + ",CONTROLLER:PLAINTEXT",
                 "inter.broker.listener.name=" + protocol, "ssl.keystore.type=PKCS12", "ssl.keystore.password=secret",
                 "ssl.keystore.location=" + certificate_.store(), "ssl.truststore.type=PEM",
                 "ssl.truststore.location=" + certificate_.pem(), "sasl.enabled.mechanisms=PLAIN",
                 "sasl.mechanism.inter.broker.protocol=PLAIN",
                 "listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule "
                 "required username=\"admin\" password=\"a\" user_admin=\"a\";"}) {}

  std::string servers() const { return "localhost" + broker_.servers().substr(broker_.servers().find(':')); }
  client_properties properties() const {
    client_properties all{
        {"security.protocol", protocol_}, {"ssl.ca.location", certificate_.pem()}, {"broker.address.family", "v4"}};
    if (protocol_ == "SASL_SSL")
      all.merge(client_properties{{"sasl.mechanism", "PLAIN"}, {"sasl.username", "admin"}, {"sasl.password", "a"}});
    return all;
  }
  /// The options of a reader or writer that may give up soon, with these in the place of its properties or beside them.
  option_list options(const client_properties& other = {}) const {
    auto all = other;
    all.merge(properties());
    option_list given{{"kafka.bootstrap.servers", servers()}};
    for (const auto& [name, value] : all) given.emplace_back("kafka." + name, value);
    return given;
  }

 private:
  certificate certificate_;
  std::string protocol_;
  kafka_broker broker_;
};

option_list reading(const encrypted_broker& broker, const client_properties& other = {}) {
  auto options = broker.options(other);
  options.insert(options.end(), {{"subscribe", "in"}, {"startingOffsets", "earliest"}, {"fetchOffset.numRetries", "2"}});
  return options;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(encrypted)

BOOST_AUTO_TEST_CASE(tls_is_spoken_by_source_and_sink) {
  const encrypted_broker broker("SSL");
  kafka_probe probe(broker.servers(), broker.properties());
  for (const auto* topic : {"in", "out"}) probe.create_topic(topic, 1);
  probe.produce("in", numbered_records(3));
  const auto s = two_threads();
  const scratch_directory dir;
  auto writer = load_kafka(s.read_stream(), reading(broker)).select_expr("value").write_stream();
  writer.format("kafka").trigger(trigger::available_now());
  for (const auto& [key, value] : broker.options()) writer.option(key, value);
  writer.option("topic", "out").option("checkpointLocation", dir.at("checkpoint")).start()->await_termination();
  BOOST_TEST(probe.read("out").size() == 3u);
}

BOOST_AUTO_TEST_CASE(passwords_are_checked_over_tls_and_a_stranger_s_certificate_is_refused) {
  const encrypted_broker broker("SASL_SSL");
  kafka_probe probe(broker.servers(), broker.properties());
  probe.create_topic("in", 1);
  probe.produce("in", numbered_records(2));
  BOOST_TEST(read_values(reading(broker)) == (std::vector<std::string>{"0:v0", "0:v1"}));
  const auto wrong = read_refusal(reading(broker, {{"sasl.password", "guess"}}));
  BOOST_TEST(wrong.find("check kafka.security.protocol and the kafka.sasl.* options") != std::string::npos, wrong);
  const certificate other;
  const auto stranger = read_refusal(reading(broker, {{"ssl.ca.location", other.pem()}}));
  BOOST_TEST(stranger.find("certificate verify failed") != std::string::npos, stranger);
  BOOST_TEST(stranger.find("check kafka.security.protocol and the kafka.ssl.* options") != std::string::npos, stranger);
}

BOOST_AUTO_TEST_SUITE_END()
