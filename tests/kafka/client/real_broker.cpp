// The fixture itself, and the client on a real broker.
#include <chrono>

#include <boost/test/unit_test.hpp>

#include "kafka/kafka_client.hpp"
#include "kafka_broker.hpp"
#include "kafka_probe.hpp"

using namespace flow;
using namespace flow::test;

BOOST_AUTO_TEST_SUITE(real_broker)

BOOST_AUTO_TEST_CASE(what_is_produced_is_read_back_in_order_per_partition) {
  kafka_probe probe(shared_broker().servers());
  const auto topic = unique_name("echo");
  probe.create_topic(topic, 2);
  probe.produce(topic, {{.value = "a", .key = "k", .partition = 1, .timestamp = 1000, .headers = {{"h", "x"}}},
                        {.value = "b"},
                        {.value = "", .partition = 1, .tombstone = true}});
  const auto rows = probe.read(topic);
  BOOST_REQUIRE_EQUAL(rows.size(), 3u);
  BOOST_TEST(rows[0].value == "b");
  BOOST_TEST(
      (rows[1] == record{.value = "a", .key = "k", .partition = 1, .timestamp = 1000, .headers = {{"h", "x"}}, .offset = 0}));
  BOOST_TEST(rows[2].tombstone);
}

BOOST_AUTO_TEST_CASE(aborted_rows_are_seen_only_by_a_reader_of_the_uncommitted) {
  kafka_probe probe(shared_broker().servers());
  const auto topic = unique_name("transactions");
  probe.create_topic(topic, 1);
  probe.produce_transaction(topic, numbered_records(2));
  probe.produce_transaction(topic, numbered_records(3), false);
  BOOST_TEST(probe.read(topic).size() == 2u);
  BOOST_TEST(probe.read(topic, false).size() == 5u);
  BOOST_TEST(probe.watermarks(topic, 0).second == 7);
}

BOOST_AUTO_TEST_CASE(a_broker_that_was_killed_comes_back_with_its_data) {
  kafka_broker broker;
  kafka_probe probe(broker.servers());
  probe.create_topic("t", 1);
  probe.produce("t", numbered_records(5));
  broker.kill();
  broker.start();
  BOOST_TEST(kafka_probe(broker.servers()).read("t").size() == 5u);
}

BOOST_AUTO_TEST_CASE(a_client_without_a_broker_knows_what_its_connection_said) {
  rdkafka_conf conf(rd_kafka_conf_new());
  set_property(*conf, "bootstrap.servers", "127.0.0.1:1");
  const kafka_client client(RD_KAFKA_CONSUMER, std::move(conf), "lost");
  const rd_kafka_metadata_t* found = nullptr;
  BOOST_TEST((rd_kafka_metadata(client.get(), 0, nullptr, &found, 1000) != RD_KAFKA_RESP_ERR_NO_ERROR));
  rd_kafka_poll(client.get(), 0);
  const auto why = client.last_connection_error();
  BOOST_TEST(why.find("Connection refused") != std::string::npos, why);
}

BOOST_AUTO_TEST_SUITE_END()
