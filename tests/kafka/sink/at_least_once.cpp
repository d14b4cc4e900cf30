#include <boost/test/unit_test.hpp>

#include "kafka_probe.hpp"
#include "sink_under_test.hpp"

using namespace flow;
using namespace flow::test;

namespace {

std::vector<std::string> values(kafka_probe& probe, const std::string& topic) {
  std::vector<std::string> all;
  for (const auto& each : probe.read(topic)) all.push_back(each.value);
  return all;
}

using strings = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(at_least_once)

BOOST_AUTO_TEST_CASE(rows_are_visible_before_their_epoch_ends) {
  kafka_probe probe(shared_broker().servers());
  const auto topic = unique_name("out");
  probe.create_topic(topic, 1);
  sink_under_test s("value STRING", {{"topic", topic}, {"deliveryGuarantee", "at-least-once"}});
  s.start();
  s.write({1}, {{"a"}});
  while (values(probe, topic).empty()) continue;
  BOOST_TEST(values(probe, topic) == (strings{"a"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(without_a_checkpoint_it_is_the_default) {
  kafka_probe probe(shared_broker().servers());
  const auto topic = unique_name("out");
  probe.create_topic(topic, 1);
  sink_under_test s("value STRING", {{"topic", topic}});
  s.context.checkpoint_dir = "";
  s.start();
  s.write({1}, {{"a"}});
  while (values(probe, topic).empty()) continue;
  BOOST_TEST(values(probe, topic) == (strings{"a"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_epoch_is_prepared_once_brokers_have_all_of_it) {
  kafka_probe probe(shared_broker().servers());
  const auto topic = unique_name("out");
  probe.create_topic(topic, 3);
  sink_under_test s("value STRING", {{"topic", topic}, {"deliveryGuarantee", "at-least-once"}, {"kafka.linger.ms", "50"}});
  s.start();
  auto many = nlohmann::json::array();
  for (int i = 0; i < 5000; ++i) many.push_back({std::to_string(i)});
  s.write({1}, many);
  s.prepare({1});
  BOOST_TEST(values(probe, topic).size() == 5000u);
}

BOOST_AUTO_TEST_CASE(a_restart_goes_on_from_the_newest_epoch) {
  kafka_probe probe(shared_broker().servers());
  const auto topic = unique_name("out");
  probe.create_topic(topic, 1);
  sink_under_test s("value STRING", {{"topic", topic}, {"deliveryGuarantee", "at-least-once"}});
  s.start();
  const auto note = s.run({1}, {{"a"}});
  BOOST_TEST((s.start({1}, note) == epoch{1}));
}

BOOST_AUTO_TEST_CASE(after_an_exactly_once_run_its_last_epoch_is_committed_or_written_again) {
  kafka_probe probe(shared_broker().servers());
  const auto topic = unique_name("out");
  probe.create_topic(topic, 1);
  sink_under_test exact("value STRING", {{"topic", topic}});
  sink_under_test loose("value STRING", {{"topic", topic}, {"deliveryGuarantee", "at-least-once"}});
  loose.context = exact.context;
  exact.start();
  const auto done = exact.run({1}, {{"a"}});
  BOOST_TEST((loose.start({1}, done) == epoch{1}));
  exact.start({1}, done);
  exact.write({2}, {{"b"}});
  const auto open = exact.prepare({2});
  BOOST_TEST((loose.start({2}, open) == epoch{1}));
  // The marker is gone: what is not known to be written is written again.
  loose.context.query_id = unique_name("another");
  BOOST_TEST((loose.start({2}, open) == epoch{1}));
}

BOOST_AUTO_TEST_CASE(rows_survive_a_broker_that_is_killed_and_comes_back) {
  kafka_broker broker;
  kafka_probe probe(broker.servers());
  probe.create_topic("out", 1);
  sink_under_test s("value STRING", {{"topic", "out"}, {"deliveryGuarantee", "at-least-once"}}, broker.servers());
  s.start();
  s.run({1}, {{"a"}});
  broker.kill();
  s.write({2}, {{"b"}, {"c"}});
  broker.start();
  s.prepare({2});
  BOOST_TEST(values(probe, "out") == (strings{"a", "b", "c"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
