// Brokers that are down, elsewhere, or say no.
#include <future>

#include <boost/test/unit_test.hpp>

#include "flow/connector_registry.hpp"
#include "kafka_rows.hpp"

using namespace flow;
using namespace flow::test;

namespace {

/// Fails after one short try.
option_list impatient(const std::string& servers) {
  return {{"kafka.bootstrap.servers", servers}, {"fetchOffset.numRetries", "1"}, {"kafka.socket.timeout.ms", "1000"}};
}

/// For tests that kill it.
kafka_broker& broker_to_break() {
  static kafka_broker broker;
  broker.start();
  return broker;
}

std::string start_refusal(const option_list& options) {
  const auto s = two_threads();
  arrived_rows got;
  try {
    start_reading(s, options, trigger(), got)->await_termination();
  } catch (const error& e) {
    return e.what();
  }
  return "";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(outages)

BOOST_AUTO_TEST_CASE(a_wrong_address_is_told_at_the_start) {
  auto options = impatient("127.0.0.1:1");
  options.emplace_back("subscribe", "t");
  for (const auto& why : {start_refusal(options), read_refusal(options)}) {
    BOOST_TEST(why.find("cannot look up topic \"t\" of kafka.bootstrap.servers=127.0.0.1:1: ") == 0u, why);
    BOOST_TEST(why.find("Connection refused") != std::string::npos, why);
    BOOST_TEST(why.find("check that a broker runs at kafka.bootstrap.servers") != std::string::npos, why);
  }
}

BOOST_AUTO_TEST_CASE(a_missing_topic_is_told_at_the_start) {
  auto options = impatient(shared_broker().servers());
  options.emplace_back("subscribe", "no-such-topic");
  BOOST_TEST(start_refusal(options) == "topic \"no-such-topic\" does not exist at kafka.bootstrap.servers=" +
                                           shared_broker().servers() + "; create it or correct its name");
}

BOOST_AUTO_TEST_CASE(a_broker_that_is_down_is_tried_as_often_as_told_and_outages_end_without_loss) {
  auto& broker = broker_to_break();
  const kafka_topic topic(2, {}, broker.servers());
  broker.kill();
  const auto s = two_threads();
  arrived_rows micro, continuous;
  // Down at the start: started while someone brings the broker up.
  auto starting = std::async(std::launch::async, [&] {
    const option_list patient{
        {"startingOffsets", "earliest"}, {"fetchOffset.numRetries", "100"}, {"fetchOffset.retryIntervalMs", "100"}};
    return std::pair(start_reading(s, topic.options(patient), trigger(), micro),
                     start_reading(s, topic.options(patient), trigger::continuous("5 ms"), continuous));
  });
  broker.start();
  const auto [first, second] = starting.get();
  topic.probe.produce(topic.name, numbered_records(50));
  BOOST_TEST(micro.wait_for(50));
  BOOST_TEST(continuous.wait_for(50));
  // Down in the middle, with more written as soon as it is back.
  broker.kill();
  broker.start();
  topic.probe.produce(topic.name, numbered_records(50, 1, 50));
  BOOST_TEST(micro.wait_for(100));
  BOOST_TEST(continuous.wait_for(100));
  first->process_all_available();
  second->process_all_available();
  first->stop();
  second->stop();
  BOOST_TEST(micro.values() == numbered_values(100));
  BOOST_TEST(continuous.values() == numbered_values(100));
}

BOOST_AUTO_TEST_CASE(whoever_waits_for_all_rows_waits_for_brokers_that_are_away_for_20_seconds) {
  auto& broker = broker_to_break();
  const kafka_topic topic(1, {}, broker.servers());
  topic.probe.produce(topic.name, numbered_records(5));
  const auto s = two_threads();
  arrived_rows got;
  const auto query = start_reading(
      s, topic.options({{"startingOffsets", "earliest"}, {"fetchOffset.numRetries", "1"}, {"kafka.socket.timeout.ms", "1000"}}),
      trigger(), got);
  query->process_all_available();
  BOOST_TEST(got.size() == 5u);
  broker.kill();
  auto waiting = std::async(std::launch::async, [&] { query->process_all_available(); });
  BOOST_TEST((waiting.wait_for(std::chrono::seconds(20)) == std::future_status::timeout));
  broker.start();
  waiting.get();
  topic.probe.produce(topic.name, numbered_records(5, 0, 5));
  query->process_all_available();
  query->stop();
  BOOST_TEST(got.values() == numbered_values(10));
}

BOOST_AUTO_TEST_CASE(a_range_that_gives_nothing_for_too_long_is_an_error) {
  auto& broker = broker_to_break();
  const kafka_topic topic(1, {}, broker.servers());
  topic.probe.produce(topic.name, numbered_records(5));
  source_request request;
  request.streaming = false;
  for (const auto& [key, value] : topic.options({{"kafkaConsumer.pollTimeoutMs", "300"}})) request.options.set(key, value);
  connector_registry registry;
  register_sources(registry);
  const auto from = registry.source("kafka")(request)->make(false);
  from->restore(nullptr);
  const auto splits = from->discover({});
  BOOST_REQUIRE_EQUAL(splits.size(), 1u);
  broker.kill();
  const auto reader = from->open(splits[0], nullptr);
  batch rows;
  BOOST_CHECK_EXCEPTION(reader->read({}, rows), error, [&](const error& e) {
    const std::string why = e.what();
    BOOST_TEST(why.find("cannot read " + topic.name + "-0 of kafka.bootstrap.servers=" + broker.servers() +
                        " at offset 0: nothing came within 300 ms") == 0u,
               why);
    return e.code() == errc::unreadable_input;
  });
}

BOOST_AUTO_TEST_CASE(missing_rights_and_wrong_passwords_are_told) {
  const std::string jaas =
      "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"admin\" password=\"a\" "
      "user_admin=\"a\" user_bob=\"b\";";
  kafka_broker broker({"listeners=SASL_PLAINTEXT://127.0.0.1:@PORT@,CONTROLLER://127.0.0.1:@CONTROLLER@",
                       "advertised.listeners=SASL_PLAINTEXT://127.0.0.1:@PORT@",
                       "listener.security.protocol.map=SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
                       "inter.broker.listener.name=SASL_PLAINTEXT", "sasl.enabled.mechanisms=PLAIN",
                       "sasl.mechanism.inter.broker.protocol=PLAIN",
                       "listener.name.sasl_plaintext.plain.sasl.jaas.config=" + jaas,
                       "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                       "allow.everyone.if.no.acl.found=true", "super.users=User:admin;User:ANONYMOUS"});
  kafka_probe admin(broker.servers(), {{"security.protocol", "SASL_PLAINTEXT"},
                                       {"sasl.mechanism", "PLAIN"},
                                       {"sasl.username", "admin"},
                                       {"sasl.password", "a"}});
  for (const auto* topic : {"open", "unseen", "unread"}) {
    admin.create_topic(topic, 1);
    admin.produce(topic, numbered_records(2));
  }
  admin.create_acl("unseen", "User:bob", RD_KAFKA_ACL_OPERATION_ALL, RD_KAFKA_ACL_PERMISSION_TYPE_DENY);
  admin.create_acl("unread", "User:bob", RD_KAFKA_ACL_OPERATION_READ, RD_KAFKA_ACL_PERMISSION_TYPE_DENY);
  admin.create_acl("unread", "User:bob", RD_KAFKA_ACL_OPERATION_DESCRIBE, RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW);
  const auto as = [&](const std::string& topic, const std::string& user, const std::string& password) {
    auto options = impatient(broker.servers());
    options.insert(options.end(), {{"subscribe", topic},
                                   {"startingOffsets", "earliest"},
                                   {"kafka.security.protocol", "SASL_PLAINTEXT"},
                                   {"kafka.sasl.mechanism", "PLAIN"},
                                   {"kafka.sasl.username", user},
                                   {"kafka.sasl.password", password}});
    return options;
  };
  BOOST_TEST(read_values(as("open", "bob", "b")) == (std::vector<std::string>{"0:v0", "0:v1"}));
  const auto wrong = read_refusal(as("open", "bob", "x"));
  BOOST_TEST(wrong.find("check kafka.security.protocol and the kafka.sasl.* options") != std::string::npos, wrong);
  for (const auto* topic : {"unseen", "unread"}) {
    for (const auto& why : {read_refusal(as(topic, "bob", "b")), start_refusal(as(topic, "bob", "b"))}) {
      BOOST_TEST(why.find(topic) != std::string::npos, why);
      BOOST_TEST(why.find("grant this user the rights: Describe and Read on topics it reads") != std::string::npos, why);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
