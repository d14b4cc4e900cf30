// What is in a log besides rows must not stop an epoch's end: control records, aborted transactions, compacted ones.
#include <boost/test/unit_test.hpp>

#include "kafka_rows.hpp"

using namespace flow;
using namespace flow::test;
using list = std::vector<std::string>;

BOOST_AUTO_TEST_SUITE(transactions)

BOOST_AUTO_TEST_CASE(a_range_that_ends_in_control_records_ends) {
  const kafka_topic topic;
  topic.probe.produce_transaction(topic.name, numbered_records(2));
  BOOST_TEST(read_values(topic.options()) == (list{"0:v0", "0:v1"}));
}

BOOST_AUTO_TEST_CASE(aborted_rows_are_skipped_wherever_they_are) {
  const kafka_topic topic;
  topic.probe.produce_transaction(topic.name, numbered_records(3, 0, 100), false);
  topic.probe.produce_transaction(topic.name, numbered_records(2));
  topic.probe.produce_transaction(topic.name, numbered_records(300, 0, 200), false);
  BOOST_TEST(read_values(topic.options()) == (list{"0:v0", "0:v1"}));
  BOOST_TEST(read_values(topic.options({{"kafka.isolation.level", "read_uncommitted"}})).size() == 305u);
}

BOOST_AUTO_TEST_CASE(only_aborted_rows_are_nothing) {
  const kafka_topic topic;
  topic.probe.produce_transaction(topic.name, numbered_records(3), false);
  BOOST_TEST(read_values(topic.options()).empty());
}

BOOST_AUTO_TEST_CASE(rows_of_an_open_transaction_come_when_it_commits) {
  for (const auto& when : both_modes()) {
    const kafka_topic topic;
    const auto s = two_threads();
    arrived_rows got;
    const auto query = start_reading(s, topic.options({{"startingOffsets", "earliest"}}), when, got);
    const auto end = topic.probe.begin_transaction(topic.name, numbered_records(2));
    topic.probe.produce(topic.name, numbered_records(2, 0, 2));
    query->process_all_available();
    BOOST_TEST(got.size() == 0u);
    end(true);
    BOOST_TEST(got.wait_for(4));
    query->process_all_available();
    query->stop();
    BOOST_TEST(got.values() == numbered_values(4));
  }
}

BOOST_AUTO_TEST_CASE(epochs_end_behind_each_transaction_in_both_modes) {
  for (const auto& when : both_modes()) {
    const kafka_topic topic(2);
    const auto s = two_threads();
    arrived_rows got;
    const auto query = start_reading(s, topic.options({{"startingOffsets", "earliest"}}), when, got);
    for (int i = 0; i < 6; ++i) {
      topic.probe.produce_transaction(topic.name, numbered_records(2, i % 2, 10 * i), i % 3 != 0);
      query->process_all_available();
    }
    BOOST_TEST(got.size() == 8u);
    const auto end = query->last_progress()["sources"][0]["endOffset"][topic.name];
    query->stop();
    // Three transactions of two records and a control record in each partition. In continuous mode the last control record
    // may come after the last barrier: it is passed over again at a restart.
    if (when.what != trigger::kind::continuous) BOOST_TEST(end.dump() == R"({"0":9,"1":9})");
  }
}

BOOST_AUTO_TEST_CASE(gaps_of_a_compacted_topic_do_not_stall_the_end) {
  const kafka_topic topic(1, {{"cleanup.policy", "compact"},
                              {"segment.ms", "100"},
                              {"min.cleanable.dirty.ratio", "0.001"},
                              {"max.compaction.lag.ms", "100"},
                              {"min.compaction.lag.ms", "0"},
                              {"delete.retention.ms", "0"}});
  // The cleaner passes over closed segments only: later records close those before.
  std::size_t left = 0;
  int written = 0;
  for (int round = 0; round < 200; ++round) {
    std::vector<record> records;
    for (int i = 0; i < 20; ++i, ++written)
      records.push_back({.value = "v" + std::to_string(written), .key = "k" + std::to_string(i % 2)});
    topic.probe.produce(topic.name, records);
    left = topic.probe.read(topic.name).size();
    if (left + 30 < static_cast<std::size_t>(written)) break;
  }
  BOOST_REQUIRE_LT(left, static_cast<std::size_t>(written));
  const auto values = read_values(topic.options());
  BOOST_TEST(values.back() == "0:v" + std::to_string(written - 1));
  BOOST_TEST(values.size() <= left);
}

BOOST_AUTO_TEST_SUITE_END()
