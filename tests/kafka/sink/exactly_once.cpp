#include <chrono>

#include <boost/test/unit_test.hpp>

#include "kafka_probe.hpp"
#include "sink_under_test.hpp"
#include "sinks/kafka/epoch_marker.hpp"

using namespace flow;
using namespace flow::test;

namespace {

/// A topic of its own on the shared broker, and a sink that writes to it.
struct fixture {
  kafka_probe probe{shared_broker().servers()};
  std::string topic = unique_name("out");

  explicit fixture(int partitions = 1) { probe.create_topic(topic, partitions); }

  sink_under_test sink(const std::string& columns = "value STRING", std::map<std::string, std::string> options = {}) const {
    options.emplace("topic", topic);
    return sink_under_test(columns, std::move(options));
  }
  std::vector<std::string> values(bool committed_only = true) {
    std::vector<std::string> all;
    for (const auto& each : probe.read(topic, committed_only)) all.push_back(each.value);
    return all;
  }
  std::int64_t end_offset() { return probe.watermarks(topic, 0).second; }
};

using strings = std::vector<std::string>;

std::optional<epoch> marker_in(const std::string& group, const std::string& topic) {
  kafka_sink_settings settings;
  settings.client.properties["bootstrap.servers"] = shared_broker().servers();
  settings.start_timeout = seconds(20);
  return read_epoch_marker(settings, group, {topic});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(exactly_once)

BOOST_AUTO_TEST_CASE(every_part_of_a_record_is_written) {
  fixture f(3);
  auto s = f.sink("key STRING, value STRING, partition INT, headers ARRAY<STRUCT<key: STRING, value: BINARY>>");
  s.start();
  s.run({1}, table(row("k", "v", 2, row(row("a", "6869"), row("b", nullptr))), row(nullptr, nullptr, 1, nullptr),
                   row("", "", 0, nlohmann::json::array())));
  const auto all = f.probe.read(f.topic);
  BOOST_REQUIRE_EQUAL(all.size(), 3u);
  BOOST_TEST(
      (all[0].key == std::optional<std::string>("") && all[0].value.empty() && !all[0].tombstone && all[0].partition == 0));
  BOOST_TEST((!all[1].key && all[1].tombstone && all[1].headers.empty() && all[1].partition == 1));
  BOOST_TEST((all[2].key == std::optional<std::string>("k") && all[2].value == "v" && all[2].partition == 2));
  BOOST_REQUIRE_EQUAL(all[2].headers.size(), 2u);
  BOOST_TEST((all[2].headers[0] == std::pair<std::string, std::string>("a", "hi")));
  BOOST_TEST(all[2].headers[1].first == "b");
}

BOOST_AUTO_TEST_CASE(binary_columns_are_written_as_they_are) {
  fixture f;
  auto s = f.sink("key BINARY, value BINARY");
  s.start();
  s.run({1}, table(row("00ff", "fe00")));
  const auto all = f.probe.read(f.topic);
  BOOST_REQUIRE_EQUAL(all.size(), 1u);
  BOOST_TEST((all[0].key == std::string("\x00\xff", 2) && all[0].value == std::string("\xfe\x00", 2)));
}

BOOST_AUTO_TEST_CASE(rows_go_to_the_topic_that_their_column_names) {
  fixture one, other;
  sink_under_test s("topic STRING, value STRING", {});
  s.start();
  s.run({1}, table(row(one.topic, "a"), row(other.topic, "b"), row(one.topic, "c")));
  BOOST_TEST(one.values() == (strings{"a", "c"}), boost::test_tools::per_element());
  BOOST_TEST(other.values() == (strings{"b"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_topic_option_wins_over_the_column) {
  fixture f;
  auto s = f.sink("topic STRING, value STRING");
  s.start();
  s.run({1}, table(row("elsewhere", "a"), row(nullptr, "b")));
  BOOST_TEST(f.values() == (strings{"a", "b"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_null_topic_is_an_error_in_sparks_words) {
  sink_under_test s("topic STRING, value STRING", {});
  s.start();
  const auto begin = std::chrono::steady_clock::now();
  const auto told = failure_of([&] { s.write({1}, table(row(nullptr, "a"))); });
  BOOST_TEST(contains(told, "null topic present in the data. Use the topic option for setting a default topic."), told);
  s.stop();
  BOOST_TEST((std::chrono::steady_clock::now() - begin < std::chrono::seconds(30)));  // Not when a transaction's time is up.
}

BOOST_AUTO_TEST_CASE(a_partition_that_the_topic_lacks_is_an_error_that_names_both) {
  fixture f(2);
  auto s = f.sink("value STRING, partition INT");
  s.start();
  const auto told = failure_of([&] {
    s.write({1}, table(row("a", 2)));
    s.prepare({1});
  });
  BOOST_TEST(contains(told, "unwritable_output"), told);
  BOOST_TEST(contains(told, f.topic), told);
  BOOST_TEST(contains(told, "2"), told);
}

BOOST_AUTO_TEST_CASE(rows_without_a_partition_go_by_key_as_the_java_client_sends_them) {
  fixture f(4);
  auto s = f.sink("key STRING, value STRING");
  s.start();
  s.run({1}, table(row("21", "a"), row("foobar", "b"), row("a-little-bit-long-string", "c")));
  // toPositive(murmur2(key)) % 4 of org.apache.kafka.common.utils.Utils, from its own test's hashes.
  const std::map<std::string, int> expected{{"21", (-973932308 & 0x7fffffff) % 4},
                                            {"foobar", (-790332482 & 0x7fffffff) % 4},
                                            {"a-little-bit-long-string", (-985981536 & 0x7fffffff) % 4}};
  for (const auto& each : f.probe.read(f.topic)) BOOST_TEST(each.partition == expected.at(*each.key), *each.key);
}

BOOST_AUTO_TEST_CASE(an_epoch_is_invisible_until_its_commit_and_then_whole) {
  fixture f(2);
  auto s = f.sink();
  s.start();
  s.write({1}, {{"a"}, {"b"}});
  s.write({1}, {{"c"}});
  s.prepare({1});
  BOOST_TEST(f.values(false).size() == 3u);
  BOOST_TEST(f.values().empty());
  s.commit({1});
  BOOST_TEST(f.values().size() == 3u);
}

BOOST_AUTO_TEST_CASE(the_next_epoch_is_written_and_prepared_while_one_waits_for_its_commit) {
  fixture f;
  auto s = f.sink();
  s.start();
  BOOST_TEST(s.running().overlaps());
  s.write({1}, {{"a"}});
  const auto first = s.prepare({1});
  s.write({2}, {{"b"}});
  const auto second = s.prepare({2});
  BOOST_TEST(f.values().empty());
  s.running().commit({1}, first);
  BOOST_TEST(f.values() == (strings{"a"}), boost::test_tools::per_element());
  s.running().commit({2}, second);
  BOOST_TEST(f.values() == (strings{"a", "b"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(rows_of_a_partition_stay_in_the_order_of_epochs_and_of_rows) {
  fixture f;
  auto s = f.sink();
  s.start();
  strings expected;
  nlohmann::json before;
  for (std::uint64_t n = 1; n <= 6; ++n) {
    s.write({n}, {{std::to_string(2 * n)}, {std::to_string(2 * n + 1)}});
    expected.insert(expected.end(), {std::to_string(2 * n), std::to_string(2 * n + 1)});
    auto note = s.prepare({n});
    if (n > 1) s.running().commit({n - 1}, before);
    before = std::move(note);
  }
  s.running().commit({6}, before);
  BOOST_TEST(f.values() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_epoch_without_rows_costs_no_transaction) {
  fixture f;
  auto s = f.sink();
  s.start();
  s.run({1}, {{"a"}});
  const auto end = f.end_offset();
  const auto marker = marker_in("libflow-" + s.context.query_id, f.topic);
  for (std::uint64_t n = 2; n < 5; ++n) s.run({n}, nlohmann::json::array());
  BOOST_TEST(f.end_offset() == end);
  BOOST_TEST((marker_in("libflow-" + s.context.query_id, f.topic) == marker));
}

BOOST_AUTO_TEST_CASE(a_first_start_leaves_a_marker_so_that_its_absence_says_something) {
  fixture f;
  auto s = f.sink();
  BOOST_TEST((s.start() == epoch{}));
  BOOST_TEST((marker_in("libflow-" + s.context.query_id, f.topic) == epoch{}));
}

BOOST_AUTO_TEST_CASE(the_prefix_names_the_group_of_the_marker) {
  fixture f;
  auto s = f.sink("value STRING", {{"transactionalIdPrefix", "billing"}});
  s.start();
  s.run({1}, {{"a"}});
  BOOST_TEST((marker_in("billing-" + s.context.query_id, f.topic) == epoch{1}));
}

BOOST_AUTO_TEST_CASE(a_crash_before_the_commit_sends_the_query_back_an_epoch) {
  fixture f;
  auto s = f.sink();
  s.start();
  s.run({1}, {{"a"}});
  s.write({2}, {{"lost"}});
  const auto note = s.prepare({2});
  BOOST_TEST((s.start({2}, note) == epoch{1}));
  s.run({2}, {{"b"}});
  BOOST_TEST(f.values() == (strings{"a", "b"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_crash_after_the_commit_goes_on_from_the_epoch) {
  fixture f;
  auto s = f.sink();
  s.start();
  s.run({1}, {{"a"}});
  const auto note = s.run({2}, {{"b"}});
  s.write({3}, {{"lost"}});
  BOOST_TEST((s.start({2}, note) == epoch{2}));
  s.run({3}, {{"c"}});
  BOOST_TEST(f.values() == (strings{"a", "b", "c"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_crash_in_the_first_epoch_with_topics_by_column_begins_anew) {
  fixture f;
  sink_under_test s("topic STRING, value STRING", {});
  s.start();
  const auto empty = s.run({1}, nlohmann::json::array());
  BOOST_TEST((s.start({1}, empty) == epoch{1}));
  s.write({2}, table(row(f.topic, "lost")));
  const auto note = s.prepare({2});
  BOOST_TEST((s.start({2}, note) == epoch{1}));
  const auto again = s.run({2}, table(row(f.topic, "a")));
  BOOST_TEST((s.start({2}, again) == epoch{2}));
  BOOST_TEST(f.values() == (strings{"a"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_checkpoint_without_a_marker_is_refused) {
  fixture f;
  auto s = f.sink();
  s.start();
  const auto note = s.run({1}, {{"a"}});
  s.context.query_id = unique_name("another");
  const auto told = failure_of([&] { s.start({1}, note); });
  BOOST_TEST(contains(told, "checkpoint_mismatch"), told);
  BOOST_TEST(contains(told, "hold no marker"), told);
}

BOOST_AUTO_TEST_CASE(a_checkpoint_older_than_the_output_is_refused) {
  fixture f;
  auto s = f.sink();
  s.start();
  const auto old = s.run({1}, {{"a"}});
  s.run({2}, {{"b"}});
  s.run({3}, {{"c"}});
  const auto told = failure_of([&] { s.start({1}, old); });
  BOOST_TEST(contains(told, "older than the output"), told);
  BOOST_TEST(contains(failure_of([&] { s.start({}, nullptr); }), "checkpoint_mismatch"));
}

BOOST_AUTO_TEST_CASE(a_second_instance_refuses_the_first_whatever_it_does_next) {
  for (const auto* step : {"write", "prepare", "commit"}) {
    fixture f;
    auto s = f.sink();
    s.start();
    const auto note = s.run({1}, {{"a"}});
    s.write({2}, {{"lost"}});
    nlohmann::json left;
    if (std::string(step) == "commit") left = s.prepare({2});
    const auto first = s.give_away();
    BOOST_TEST((s.start({1}, note) == epoch{1}));
    const auto told = failure_of([&] {
      if (std::string(step) == "write") first->write({2}, s.rows({{"lost too"}}));
      if (std::string(step) != "commit") left = first->prepare({2});
      first->commit({2}, left);
    });
    BOOST_TEST(contains(told, "restart_required"), step << ": " << told);
    s.run({2}, {{"b"}});
    BOOST_TEST(f.values() == (strings{"a", "b"}), boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(a_commit_that_was_decided_before_the_second_instance_came_is_completed) {
  fixture f;
  auto s = f.sink();
  s.start();
  const auto note = s.run({1}, {{"a"}});
  const auto first = s.give_away();
  BOOST_TEST((s.start({1}, note) == epoch{1}));
  BOOST_TEST(f.values() == (strings{"a"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_full_queue_is_waited_for) {
  fixture f;
  auto s = f.sink("value STRING", {{"kafka.queue.buffering.max.messages", "10"}});
  s.start();
  auto many = nlohmann::json::array();
  for (int i = 0; i < 1000; ++i) many.push_back({std::to_string(i)});
  s.run({1}, many);
  const auto all = f.values();
  BOOST_REQUIRE_EQUAL(all.size(), 1000u);
  BOOST_TEST(all.back() == "999");
}

BOOST_AUTO_TEST_CASE(a_run_at_least_once_may_go_on_exactly_once) {
  fixture f;
  auto s = f.sink();
  BOOST_TEST((s.start({4}, nullptr) == epoch{4}));
  const auto note = s.run({5}, {{"a"}});
  BOOST_TEST((s.start({5}, note) == epoch{5}));
  s.write({6}, {{"lost"}});
  const auto lost = s.prepare({6});
  BOOST_TEST((s.start({6}, lost) == epoch{5}));
}

BOOST_AUTO_TEST_CASE(another_topic_may_be_written_after_a_restart) {
  fixture one, other;
  auto s = one.sink();
  s.start();
  const auto note = s.run({1}, {{"a"}});
  auto moved = other.sink();
  moved.context = s.context;
  BOOST_TEST((moved.start({1}, note) == epoch{1}));
  const auto next = moved.run({2}, {{"b"}});
  BOOST_TEST((moved.start({2}, next) == epoch{2}));
  BOOST_TEST(other.values() == (strings{"b"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
