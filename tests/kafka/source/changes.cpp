// What happens to topics while a query runs.
#include <boost/test/unit_test.hpp>

#include "kafka_rows.hpp"

using namespace flow;
using namespace flow::test;

namespace {

const option_list from_earliest{{"startingOffsets", "earliest"}};

option_list going_on() { return {{"startingOffsets", "earliest"}, {"failOnDataLoss", "false"}}; }

std::string end_of(const query_ptr& query) {
  try {
    query->await_termination();
  } catch (const error& e) {
    return e.what();
  }
  return "";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(changes)

BOOST_AUTO_TEST_CASE(new_partitions_are_read_from_their_beginning) {
  for (const auto& when : both_modes()) {
    const kafka_topic topic;
    topic.probe.produce(topic.name, numbered_records(2));
    const auto s = two_threads();
    arrived_rows got;
    const auto query = start_reading(s, topic.options(), when, got);
    topic.probe.add_partitions(topic.name, 3);
    topic.probe.produce(topic.name, numbered_records(3, 2, 10));
    BOOST_TEST(got.wait_for(3));
    topic.probe.produce(topic.name, numbered_records(1, 1, 13));
    BOOST_TEST(got.wait_for(4));
    query->process_all_available();
    BOOST_TEST(query->last_progress()["sources"][0]["endOffset"][topic.name].dump() == R"({"0":2,"1":1,"2":3})");
    query->stop();
    BOOST_TEST(got.size() == 4u);
  }
}

BOOST_AUTO_TEST_CASE(new_topics_that_match_are_read_from_their_beginning) {
  for (const auto& when : both_modes()) {
    const kafka_topic topic;
    const auto s = two_threads();
    arrived_rows got;
    const auto query = start_reading(s, topic.options({{"subscribePattern", topic.name + ".*"}}), when, got);
    const auto second = topic.name + "-second";
    topic.probe.create_topic(second, 2);
    topic.probe.produce(second, numbered_records(4, 1));
    BOOST_TEST(got.wait_for(4));
    query->process_all_available();
    query->stop();
    BOOST_TEST(got.values() == numbered_values(4));
  }
}

BOOST_AUTO_TEST_CASE(a_pattern_that_matches_nothing_yet_waits) {
  for (const auto& when : both_modes()) {
    const auto name = unique_name("later");
    kafka_probe probe(shared_broker().servers());
    const auto s = two_threads();
    arrived_rows got;
    const auto query =
        start_reading(s, {{"kafka.bootstrap.servers", shared_broker().servers()}, {"subscribePattern", name}}, when, got);
    probe.create_topic(name, 1);
    probe.produce(name, numbered_records(2));
    BOOST_TEST(got.wait_for(2));
    query->stop();
  }
}

BOOST_AUTO_TEST_CASE(partitions_that_came_while_no_query_ran_are_read_whole) {
  for (const auto& when : both_modes()) {
    const scratch_directory dir;
    const kafka_topic topic;
    topic.probe.produce(topic.name, numbered_records(2));
    arrived_rows got;
    {
      const auto s = two_threads();
      const auto query = start_reading(s, topic.options(from_earliest), when, got, dir.at("checkpoint"));
      query->process_all_available();
      query->stop();
    }
    topic.probe.add_partitions(topic.name, 2);
    topic.probe.produce(topic.name, numbered_records(3, 1, 2));
    const auto s = two_threads();
    const auto query = start_reading(s, topic.options(), when, got, dir.at("checkpoint"));
    BOOST_TEST(got.wait_for(5));
    query->stop();
    BOOST_TEST(got.values() == numbered_values(5));
  }
}

BOOST_AUTO_TEST_CASE(a_deleted_topic_ends_the_query) {
  for (const auto& when : both_modes()) {
    const kafka_topic topic;
    topic.probe.produce(topic.name, numbered_records(2));
    const auto s = two_threads();
    arrived_rows got;
    const auto query = start_reading(s, topic.options(from_earliest), when, got);
    BOOST_TEST(got.wait_for(2));
    topic.probe.delete_topic(topic.name);
    const auto why = end_of(query);
    BOOST_TEST(why.find(topic.name + "-0") != std::string::npos, why);
    BOOST_TEST(why.find("failOnDataLoss") != std::string::npos, why);
  }
}

BOOST_AUTO_TEST_CASE(a_deleted_topic_is_reported_and_read_anew_if_told_so) {
  for (const auto& when : both_modes()) {
    const kafka_topic topic, other;
    topic.probe.produce(topic.name, numbered_records(2));
    const auto s = two_threads();
    arrived_rows got;
    auto options = going_on();
    options.emplace_back("subscribe", topic.name + "," + other.name);
    const auto query = start_reading(s, topic.options(options), when, got);
    BOOST_TEST(got.wait_for(2));
    topic.probe.delete_topic(topic.name);
    // The loss is in the progress of the next epoch with rows.
    std::size_t written = 0;
    const auto reported = [&] {
      other.probe.produce(other.name, numbered_records(1, 0, 100));
      ++written;
      if (!got.wait_for(2 + written)) return true;  // Fails below.
      query->process_all_available();
      return query->last_progress()["sources"][0]["metrics"].contains("lastDataLoss");
    };
    while (!reported()) {
    }
    const auto metrics = query->last_progress()["sources"][0]["metrics"];
    BOOST_TEST(metrics.value("lastDataLoss", "").find(topic.name + "-0") != std::string::npos, metrics.dump());
    topic.probe.create_topic(topic.name, 1);
    // Time for whoever still fetches at the old offset to be told that it is not there.
    BOOST_TEST(!query->await_termination(std::chrono::seconds(2)));
    topic.probe.produce(topic.name, numbered_records(3, 0, 50));
    BOOST_TEST(got.wait_for(2 + written + 3));
    query->stop();
  }
}

BOOST_AUTO_TEST_CASE(expired_records_end_the_query_or_are_reported) {
  for (const auto& when : both_modes()) {
    const scratch_directory dir;
    const kafka_topic topic;
    topic.probe.produce(topic.name, numbered_records(2));
    arrived_rows got;
    const auto run = [&](const option_list& options, bool ends) {
      const auto s = two_threads();
      const auto query = start_reading(s, topic.options(options), when, got, dir.at("checkpoint"));
      std::string why;
      if (ends) {
        why = end_of(query);
      } else {
        query->process_all_available();
        why = query->last_progress()["sources"][0]["metrics"].value("lastDataLoss", "");
        query->stop();
      }
      return why;
    };
    BOOST_TEST(run(from_earliest, false) == "");
    topic.probe.produce(topic.name, numbered_records(6, 0, 2));
    topic.probe.delete_records(topic.name, 0, 5);
    const auto loss = "Records of " + topic.name + "-0 from offset 2 to 4 are gone: the earliest is now 5";
    const auto why = run(from_earliest, true);
    BOOST_TEST(why.find(loss + "; some records may have been missed.") == 0u, why);
    BOOST_TEST(run(going_on(), false) == loss);
    const std::vector<std::string> expected{"v0", "v1", "v5", "v6", "v7"};
    BOOST_TEST(got.values() == expected);
  }
}

BOOST_AUTO_TEST_CASE(a_topic_made_anew_with_fewer_records_is_data_loss) {
  for (const auto& when : both_modes()) {
    const scratch_directory dir;
    const kafka_topic topic;
    topic.probe.produce(topic.name, numbered_records(5));
    arrived_rows got;
    {
      const auto s = two_threads();
      const auto query = start_reading(s, topic.options(from_earliest), when, got, dir.at("checkpoint"));
      query->process_all_available();
      query->stop();
    }
    topic.probe.delete_topic(topic.name);
    topic.probe.create_topic(topic.name, 1);
    topic.probe.produce(topic.name, numbered_records(2, 0, 50));
    const auto s = two_threads();
    const auto why = end_of(start_reading(s, topic.options(from_earliest), when, got, dir.at("checkpoint")));
    BOOST_TEST(why.find("made anew or truncated") != std::string::npos, why);
  }
}

BOOST_AUTO_TEST_SUITE_END()
