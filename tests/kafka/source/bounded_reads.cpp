// read(): columns and offsets, on the real broker.
#include <cstdio>

#include <algorithm>

#include <boost/test/unit_test.hpp>

#include "kafka_rows.hpp"

using namespace flow;
using namespace flow::test;
using list = std::vector<std::string>;

namespace {

nlohmann::json rows_of(const dataset& rows) {
  auto all = nlohmann::json::array();
  for (const auto& part : rows.collect()) {
    for (const auto& row : batch_to_json(*part)) all.push_back(row);
  }
  return all;
}

/// Partition 0: v0 at 1000 ms, v1 at 2000; partition 1: v2 at 1500, v3 at 2500.
kafka_topic four_records() {
  kafka_topic topic(2);
  topic.probe.produce(topic.name, {{.value = "v0", .timestamp = 1000},
                                   {.value = "v1", .timestamp = 2000},
                                   {.value = "v2", .partition = 1, .timestamp = 1500},
                                   {.value = "v3", .partition = 1, .timestamp = 2500}});
  return topic;
}

std::string json_of(const std::string& topic, const std::string& offsets) { return "{\"" + topic + "\":" + offsets + "}"; }

}  // namespace

BOOST_AUTO_TEST_SUITE(bounded_reads)

BOOST_AUTO_TEST_CASE(every_column_is_what_was_written) {
  const kafka_topic topic(2, {{"message.timestamp.type", "CreateTime"}});
  topic.probe.produce(
      topic.name,
      {{.value = "one", .key = "k", .partition = 1, .timestamp = 1'600'000'000'123, .headers = {{"h", "x"}, {"g", ""}}},
       {.value = "", .partition = 1, .timestamp = 2, .tombstone = true}});
  const auto s = two_threads();
  const auto rows = rows_of(load_kafka(s.read(), topic.options({{"includeHeaders", "true"}})));
  BOOST_REQUIRE_EQUAL(rows.size(), 2u);
  BOOST_TEST(rows[0].dump() ==
             "[\"6B\",\"6F6E65\",\"" + topic.name + "\",1,0,\"2020-09-13 12:26:40.123000\",0,[[\"h\",\"78\"],[\"g\",\"\"]]]");
  BOOST_TEST(rows[1].dump() == "[null,null,\"" + topic.name + "\",1,1,\"1970-01-01 00:00:00.002000\",0,null]");
}

BOOST_AUTO_TEST_CASE(a_time_set_by_the_broker_is_of_type_1) {
  const kafka_topic topic(1, {{"message.timestamp.type", "LogAppendTime"}});
  topic.probe.produce(topic.name, numbered_records(1));
  const auto s = two_threads();
  BOOST_TEST(rows_of(load_kafka(s.read(), topic.options()).select("timestampType")).dump() == "[[1]]");
}

BOOST_AUTO_TEST_CASE(columns_that_are_not_asked_for_may_be_left_out_in_any_way) {
  const auto topic = four_records();
  const auto s = two_threads();
  const auto all = load_kafka(s.read(), topic.options());
  BOOST_TEST(rows_of(all.select_expr("offset", "CAST(value AS STRING)").where("offset = 1")).dump() ==
             R"([[1,"v1"],[1,"v3"]])");
  BOOST_TEST(rows_of(all.select("partition", "topic").limit(1)).dump() == "[[0,\"" + topic.name + "\"]]");
  BOOST_TEST(all.count() == 4);
}

BOOST_AUTO_TEST_CASE(everything_is_read_by_default_and_once) {
  const auto topic = four_records();
  BOOST_TEST(read_values(topic.options()) == (list{"0:v0", "0:v1", "1:v2", "1:v3"}));
  BOOST_TEST(read_values(topic.options({{"startingOffsets", "earliest"}, {"endingOffsets", "latest"}})) ==
             (list{"0:v0", "0:v1", "1:v2", "1:v3"}));
}

BOOST_AUTO_TEST_CASE(offsets_of_each_partition_bound_the_read) {
  const auto topic = four_records();
  BOOST_TEST(read_values(topic.options({{"startingOffsets", json_of(topic.name, R"({"0":1,"1":-2})")}})) ==
             (list{"0:v1", "1:v2", "1:v3"}));
  BOOST_TEST(read_values(topic.options({{"endingOffsets", json_of(topic.name, R"({"0":-1,"1":1})")}})) ==
             (list{"0:v0", "0:v1", "1:v2"}));
}

BOOST_AUTO_TEST_CASE(offsets_must_name_every_partition) {
  const auto topic = four_records();
  BOOST_TEST(read_refusal(topic.options({{"startingOffsets", json_of(topic.name, R"({"0":1})")}})) ==
             "option \"startingOffsets\" must name every partition (-1 for latest, -2 for earliest), and no other; it names [" +
                 topic.name + "-0], the query reads [" + topic.name + "-0, " + topic.name + "-1]");
}

BOOST_AUTO_TEST_CASE(an_offset_outside_of_the_partition_is_data_loss) {
  const auto topic = four_records();
  const auto beyond = json_of(topic.name, R"({"0":7,"1":0})");
  const auto why = read_refusal(topic.options({{"startingOffsets", beyond}}));
  BOOST_TEST(why.find("Option \"startingOffsets\" says 7 for " + topic.name + "-0, which has the offsets from 0 to 2") == 0u,
             why);
  BOOST_TEST(why.find("failOnDataLoss") != std::string::npos, why);
  BOOST_TEST(read_values(topic.options({{"startingOffsets", beyond}, {"failOnDataLoss", "false"}})) == (list{"1:v2", "1:v3"}));
  const auto end = read_refusal(topic.options({{"endingOffsets", beyond}}));
  BOOST_TEST(end.find("Option \"endingOffsets\" says 7") == 0u, end);
}

BOOST_AUTO_TEST_CASE(times_bound_the_read) {
  const auto topic = four_records();
  BOOST_TEST(read_values(topic.options({{"startingTimestamp", "1500"}})) == (list{"0:v1", "1:v2", "1:v3"}));
  BOOST_TEST(read_values(topic.options({{"endingTimestamp", "2000"}})) == (list{"0:v0", "1:v2"}));
  BOOST_TEST(read_values(topic.options({{"startingOffsetsByTimestamp", json_of(topic.name, R"({"0":1001,"1":2500})")}})) ==
             (list{"0:v1", "1:v3"}));
  BOOST_TEST(read_values(topic.options({{"endingOffsetsByTimestamp", json_of(topic.name, R"({"0":2000,"1":9000})")}})) ==
             (list{"0:v0", "1:v2", "1:v3"}));
}

BOOST_AUTO_TEST_CASE(a_time_goes_before_offsets) {
  const auto topic = four_records();
  BOOST_TEST(read_values(topic.options({{"startingOffsets", "earliest"}, {"startingTimestamp", "2000"}})) ==
             (list{"0:v1", "1:v3"}));
}

BOOST_AUTO_TEST_CASE(a_start_after_the_last_record_is_refused_or_the_end_as_the_strategy_says) {
  const auto topic = four_records();
  const auto why = read_refusal(topic.options({{"startingTimestamp", "2200"}}));
  BOOST_TEST(why == "no record of " + topic.name +
                        "-0 has a timestamp of 2200 or later; choose an earlier one, or set "
                        "\"startingOffsetsByTimestampStrategy\" to latest");
  BOOST_TEST(read_values(topic.options({{"startingTimestamp", "2200"}, {"startingOffsetsByTimestampStrategy", "latest"}})) ==
             (list{"1:v3"}));
}

BOOST_AUTO_TEST_CASE(partitions_are_assigned_and_topics_matched) {
  const auto topic = four_records();
  BOOST_TEST(read_values(topic.options({{"assign", json_of(topic.name, "[1]")}})) == (list{"1:v2", "1:v3"}));
  BOOST_TEST(read_values(topic.options({{"subscribePattern", topic.name.substr(0, topic.name.size() - 1) + "."},
                                        {"endingOffsets", json_of(topic.name, R"({"0":1,"1":0})")}})) == (list{"0:v0"}));
  const kafka_topic other;
  other.probe.produce(other.name, numbered_records(1, 0, 9));
  auto both = read_values(topic.options({{"subscribe", topic.name + " , " + other.name}}));
  std::sort(both.begin(), both.end());  // Topics come by name, which says nothing of which was made first.
  BOOST_TEST(both == (list{"0:v0", "0:v1", "0:v9", "1:v2", "1:v3"}));
}

BOOST_AUTO_TEST_CASE(a_topic_or_partition_that_is_not_there_is_named) {
  const auto topic = four_records();
  const auto servers = shared_broker().servers();
  BOOST_TEST(read_refusal(topic.options({{"subscribe", "no-such-topic"}})) ==
             "topic \"no-such-topic\" does not exist at kafka.bootstrap.servers=" + servers +
                 "; create it or correct its name");
  BOOST_TEST(read_refusal(topic.options({{"assign", json_of(topic.name, "[0,5]")}})) ==
             "option \"assign\" names partition 5 of topic \"" + topic.name + "\", which the topic does not have");
  BOOST_TEST(read_values(topic.options({{"subscribePattern", "no-such-.*"}})).empty());
}

BOOST_AUTO_TEST_CASE(a_partition_is_read_in_as_many_ranges_as_are_wanted) {
  const kafka_topic topic;
  topic.probe.produce(topic.name, numbered_records(100));
  const auto values = read_values(topic.options({{"minPartitions", "7"}}));
  std::vector<std::string> expected;
  for (const auto& each : numbered_values(100)) expected.push_back("0:" + each);
  BOOST_TEST(values == expected);
}

BOOST_AUTO_TEST_CASE(flow_cat_prints_a_topic) {
  const kafka_topic topic;
  topic.probe.produce(topic.name, {{.value = "hello", .key = "k", .timestamp = 1000}});
  const auto command = std::string(FLOW_BIN_DIR) +
                       "/flow cat --format kafka --option kafka.bootstrap.servers=" + shared_broker().servers() +
                       " --option subscribe=" + topic.name;
  std::string printed;
  std::FILE* out = ::popen(command.c_str(), "r");
  char part[256];
  while (std::fgets(part, sizeof part, out)) printed += part;
  BOOST_TEST(::pclose(out) == 0);
  BOOST_TEST(nlohmann::json::parse(printed)["topic"] == topic.name);
  BOOST_TEST(nlohmann::json::parse(printed)["offset"] == 0);
}

BOOST_AUTO_TEST_SUITE_END()
