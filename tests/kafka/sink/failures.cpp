// What goes wrong between a sink and its brokers, and what is said about it.
#include <chrono>

#include <boost/test/unit_test.hpp>

#include "kafka_probe.hpp"
#include "sink_under_test.hpp"

using namespace flow;
using namespace flow::test;

namespace {

const std::vector<std::string> guarantees{"exactly-once", "at-least-once"};

/// A broker on which only `admin` may do everything; others log in with their name as password.
kafka_broker guarded_broker() {
  return kafka_broker({
      "listeners=PLAINTEXT://127.0.0.1:@PORT@,CONTROLLER://127.0.0.1:@CONTROLLER@",
      "listener.security.protocol.map=PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
      "sasl.enabled.mechanisms=PLAIN",
      "sasl.mechanism.inter.broker.protocol=PLAIN",
      "listener.name.plaintext.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required "
      "username=\"admin\" password=\"admin\" user_admin=\"admin\" user_writer=\"writer\";",
      "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
      "super.users=User:admin;User:ANONYMOUS",
  });
}

std::map<std::string, std::string> as_user(const std::string& name, std::map<std::string, std::string> options) {
  options["kafka.security.protocol"] = "SASL_PLAINTEXT";
  options["kafka.sasl.mechanism"] = "PLAIN";
  options["kafka.sasl.username"] = name;
  options["kafka.sasl.password"] = name;
  return options;
}

client_properties admin() {
  return {{"security.protocol", "SASL_PLAINTEXT"},
          {"sasl.mechanism", "PLAIN"},
          {"sasl.username", "admin"},
          {"sasl.password", "admin"}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(kafka_sink_failures)

BOOST_AUTO_TEST_CASE(a_wrong_address_is_named_with_what_the_connection_said) {
  for (const auto& guarantee : guarantees) {
    sink_under_test s("value STRING",
                      {{"topic", "t"}, {"deliveryGuarantee", guarantee}, {"kafkaProducer.startTimeoutMs", "1500"}},
                      "127.0.0.1:1");
    const auto told = failure_of([&] { s.start(); });
    BOOST_TEST(contains(told, "restart_required"), told);
    BOOST_TEST(contains(told, "Connection refused"), told);
    BOOST_TEST(contains(told, "check that a broker runs at kafka.bootstrap.servers"), told);
  }
}

BOOST_AUTO_TEST_CASE(a_missing_topic_is_named_at_the_start) {
  for (const auto& guarantee : guarantees) {
    const auto topic = unique_name("missing");
    sink_under_test s("value STRING", {{"topic", topic}, {"deliveryGuarantee", guarantee}});
    const auto told = failure_of([&] { s.start(); });
    BOOST_TEST(contains(told, "unwritable_output"), told);
    BOOST_TEST(contains(told, topic), told);
    BOOST_TEST(contains(told, "create the topic or correct its name"), told);
  }
}

BOOST_AUTO_TEST_CASE(a_missing_topic_that_a_row_names_is_an_error) {
  const auto topic = unique_name("missing");
  sink_under_test s("topic STRING, value STRING", {});
  s.start();
  const auto told = failure_of([&] { s.write({1}, table(row(topic, "a"))); });
  BOOST_TEST(contains(told, "unwritable_output"), told);
  BOOST_TEST(contains(told, topic), told);
}

BOOST_AUTO_TEST_CASE(a_record_too_large_for_the_client_is_an_error_that_says_which_limits_to_raise) {
  kafka_probe probe(shared_broker().servers());
  for (const auto& guarantee : guarantees) {
    const auto topic = unique_name("small");
    probe.create_topic(topic, 1);
    sink_under_test s("value STRING",
                      {{"topic", topic}, {"deliveryGuarantee", guarantee}, {"kafka.message.max.bytes", "2000"}});
    s.start();
    const auto told = failure_of([&] { s.run({1}, {{std::string(5000, 'x')}}); });
    BOOST_TEST(contains(told, "unwritable_output"), told);
    BOOST_TEST(contains(told, "5000 bytes"), told);
    BOOST_TEST(contains(told, "kafka.message.max.bytes"), told);
  }
}

BOOST_AUTO_TEST_CASE(a_record_too_large_for_the_topic_is_an_error_that_says_which_limits_to_raise) {
  kafka_probe probe(shared_broker().servers());
  for (const auto& guarantee : guarantees) {
    const auto topic = unique_name("small");
    probe.create_topic(topic, 1, {{"max.message.bytes", "1000"}});
    sink_under_test s("value STRING", {{"topic", topic}, {"deliveryGuarantee", guarantee}});
    s.start();
    const auto told = failure_of([&] { s.run({1}, {{std::string(5000, 'x')}}); });
    BOOST_TEST(contains(told, "unwritable_output"), told);
    BOOST_TEST(contains(told, topic), told);
    BOOST_TEST(contains(told, "max.message.bytes"), told);
    BOOST_TEST(probe.read(topic).empty());
  }
}

BOOST_AUTO_TEST_CASE(a_transaction_timeout_above_the_brokers_limit_is_an_error_that_says_so) {
  kafka_probe probe(shared_broker().servers());
  const auto topic = unique_name("out");
  probe.create_topic(topic, 1);
  sink_under_test s("value STRING", {{"topic", topic}, {"kafka.transaction.timeout.ms", "1200000"}});
  const auto told = failure_of([&] { s.start(); });
  BOOST_TEST(contains(told, "unwritable_output"), told);
  BOOST_TEST(contains(told, "transaction.max.timeout.ms"), told);
}

BOOST_AUTO_TEST_CASE(a_transaction_that_the_broker_timed_out_asks_for_a_restart_and_none_of_it_is_seen) {
  kafka_broker broker({"transaction.abort.timed.out.transaction.cleanup.interval.ms=100"});
  kafka_probe probe(broker.servers());
  probe.create_topic("out", 1);
  sink_under_test s("value STRING", {{"topic", "out"}, {"kafka.transaction.timeout.ms", "5000"}}, broker.servers());
  s.start();
  const auto done = s.run({1}, {{"a"}});
  s.write({2}, {{"lost"}});
  const auto note = s.prepare({2});
  const auto open_from = probe.watermarks("out", 0).second;
  while (probe.watermarks("out", 0).second == open_from) continue;  // Until the broker aborts it.
  const auto told = failure_of([&] { s.commit({2}); });
  BOOST_TEST(contains(told, "restart_required"), told);
  BOOST_TEST((s.start({2}, note) == epoch{1}));
  s.run({2}, {{"b"}});
  const auto all = probe.read("out");
  BOOST_REQUIRE_EQUAL(all.size(), 2u);
  BOOST_TEST(all[1].value == "b");
}

BOOST_AUTO_TEST_CASE(missing_rights_are_named) {
  auto broker = guarded_broker();
  kafka_probe probe(broker.servers(), admin());
  probe.create_topic("out", 1);
  const auto told_to = [&](const std::string& guarantee) {
    sink_under_test s("value STRING", as_user("writer", {{"topic", "out"}, {"deliveryGuarantee", guarantee}}),
                      broker.servers());
    return failure_of([&] {
      s.start();
      s.run({1}, {{"a"}});
    });
  };
  const auto exactly = told_to("exactly-once");
  BOOST_TEST(contains(exactly, "unwritable_output"), exactly);
  BOOST_TEST(contains(exactly, "Write on the transactional id"), exactly);
  const auto hidden = told_to("at-least-once");
  BOOST_TEST(contains(hidden, "unwritable_output"), hidden);
  BOOST_TEST(contains(hidden, "Describe and Write on topics it writes"), hidden);
  probe.create_acl("out", "User:writer", RD_KAFKA_ACL_OPERATION_DESCRIBE, RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW);
  const auto powerless = told_to("at-least-once");
  BOOST_TEST(contains(powerless, "unwritable_output"), powerless);
  BOOST_TEST(contains(powerless, "IdempotentWrite on the cluster"), powerless);
  probe.create_topic("other", 1);
  probe.create_acl("other", "User:writer", RD_KAFKA_ACL_OPERATION_WRITE, RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW);
  const auto unwritable = told_to("at-least-once");
  BOOST_TEST(contains(unwritable, "unwritable_output"), unwritable);
  BOOST_TEST(contains(unwritable, "Describe and Write on topics it writes"), unwritable);
}

BOOST_AUTO_TEST_CASE(a_wrong_password_ends_the_start_at_once) {
  auto broker = guarded_broker();
  auto options = as_user("writer", {{"topic", "out"}, {"kafkaProducer.startTimeoutMs", "300000"}});
  options["kafka.sasl.password"] = "guess";
  sink_under_test s("value STRING", options, broker.servers());
  const auto begin = std::chrono::steady_clock::now();
  const auto told = failure_of([&] { s.start(); });
  BOOST_TEST(contains(told, "unwritable_output"), told);
  BOOST_TEST(contains(told, "kafka.sasl.*"), told);
  BOOST_TEST((std::chrono::steady_clock::now() - begin < std::chrono::seconds(120)));
}

BOOST_AUTO_TEST_CASE(a_sink_is_ended_soon_while_the_broker_does_not_answer_whatever_a_transaction_may_take) {
  kafka_broker broker;
  kafka_probe(broker.servers()).create_topic("out", 1);
  sink_under_test s("value STRING", {{"topic", "out"}, {"kafka.transaction.timeout.ms", "600000"}}, broker.servers());
  s.start();
  for (const std::uint64_t n : {1, 2}) s.run({n}, {{std::to_string(n)}});  // Each of its two producers knows the topic now.
  broker.kill();
  s.write({3}, {{"3"}});
  const auto begin = std::chrono::steady_clock::now();
  s.stop();
  BOOST_TEST((std::chrono::steady_clock::now() - begin < std::chrono::seconds(30)));
}

BOOST_AUTO_TEST_CASE(a_broker_that_dies_under_a_transaction_costs_at_most_a_restart_and_no_row) {
  kafka_broker broker;
  kafka_probe probe(broker.servers());
  probe.create_topic("out", 2);
  sink_under_test s("value STRING", {{"topic", "out"}}, broker.servers());
  s.start();
  epoch shown{1};
  auto note = s.run({1}, {{"1"}});
  for (std::uint64_t n = 2; n < 5; ++n) {
    const epoch now{n};
    nlohmann::json next;
    const auto told = failure_of([&] {
      s.write(now, {{std::to_string(n)}});
      if (n == 3) next = s.prepare(now);
      broker.kill();
      broker.start();
      if (n != 3) next = s.prepare(now);
      s.running().commit(now, next);
    });
    if (told.empty()) {
      note = next;
      continue;
    }
    BOOST_TEST(contains(told, "restart_required"), told);
    shown = next.is_null() ? s.start({n - 1}, note) : s.start(now, next);
    if (shown < now) {
      note = s.run(now, {{std::to_string(n)}});
    } else {
      note = next;
    }
  }
  std::vector<std::string> all;
  for (const auto& each : probe.read("out")) all.push_back(each.value);
  std::sort(all.begin(), all.end());
  BOOST_TEST(all == (std::vector<std::string>{"1", "2", "3", "4"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
