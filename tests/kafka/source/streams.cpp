// read_stream() in both modes: limits, progress, restarts.
#include <boost/test/unit_test.hpp>

#include "kafka_rows.hpp"

using namespace flow;
using namespace flow::test;

namespace {

std::vector<std::int64_t> rows_per_epoch(const query_ptr& query) {
  std::vector<std::int64_t> rows;
  for (const auto& each : query->recent_progress()) rows.push_back(each["numInputRows"].get<std::int64_t>());
  return rows;
}

using counts = std::vector<std::int64_t>;

}  // namespace

BOOST_AUTO_TEST_SUITE(streams)

BOOST_AUTO_TEST_CASE(a_stream_starts_at_the_end_unless_told_otherwise) {
  for (const auto& when : both_modes()) {
    const kafka_topic topic(2);
    topic.probe.produce(topic.name, numbered_records(3));
    const auto s = two_threads();
    arrived_rows got;
    const auto query = start_reading(s, topic.options(), when, got);
    topic.probe.produce(topic.name, numbered_records(2, 1, 3));
    query->process_all_available();
    query->stop();
    BOOST_TEST(got.values() == numbered_values(2, 3));
  }
}

BOOST_AUTO_TEST_CASE(everything_readable_at_the_call_is_waited_for) {
  for (const auto& when : both_modes()) {
    const kafka_topic topic(3);
    const auto s = two_threads();
    arrived_rows got;
    const auto query = start_reading(s, topic.options(), when, got);
    for (int i = 0; i < 20; ++i) {
      topic.probe.produce(topic.name, numbered_records(5, i % 3, 5 * i));
      query->process_all_available();
      BOOST_TEST(got.size() == static_cast<std::size_t>(5 * (i + 1)));
    }
    query->stop();
  }
}

BOOST_AUTO_TEST_CASE(the_most_offsets_per_trigger_bound_an_epoch) {
  const kafka_topic topic(2);
  topic.probe.produce(topic.name, numbered_records(10));
  topic.probe.produce(topic.name, numbered_records(10, 1));
  const auto s = two_threads();
  arrived_rows got;
  const option_list limited{{"startingOffsets", "earliest"}, {"maxOffsetsPerTrigger", "8"}};
  const auto query = start_reading(s, topic.options(limited), trigger::available_now(), got);
  query->await_termination();
  BOOST_TEST(rows_per_epoch(query) == (counts{8, 8, 4}));
  arrived_rows once;
  const auto other = start_reading(s, topic.options(limited), trigger::once(), once);
  other->await_termination();
  BOOST_TEST(rows_per_epoch(other) == (counts{20}));
}

BOOST_AUTO_TEST_CASE(available_now_ends_at_what_there_was_at_its_start) {
  const kafka_topic topic;
  topic.probe.produce(topic.name, numbered_records(6));
  const auto s = two_threads();
  arrived_rows got;
  auto writer =
      as_text(load_kafka(s.read_stream(), topic.options({{"startingOffsets", "earliest"}, {"maxOffsetsPerTrigger", "2"}})))
          .write_stream();
  const auto query = writer.trigger(trigger::available_now())
                         .foreach ([&](const batch& rows) {
                           got.add(rows);
                           topic.probe.produce(topic.name, numbered_records(3, 0, 100));
                         })
                         .start();
  query->await_termination();
  BOOST_TEST(got.values() == numbered_values(6));
}

BOOST_AUTO_TEST_CASE(the_least_offsets_per_trigger_hold_back_an_epoch_after_the_first) {
  const kafka_topic topic;
  topic.probe.produce(topic.name, numbered_records(1));
  const auto s = two_threads();
  arrived_rows got;
  const auto query =
      start_reading(s, topic.options({{"startingOffsets", "earliest"}, {"minOffsetsPerTrigger", "5"}}), trigger(), got);
  BOOST_TEST(got.wait_for(1));
  topic.probe.produce(topic.name, numbered_records(3, 0, 1));
  query->process_all_available();
  BOOST_TEST(got.size() == 1u);
  topic.probe.produce(topic.name, numbered_records(2, 0, 4));
  BOOST_TEST(got.wait_for(6));
  query->process_all_available();
  query->stop();
  BOOST_TEST(rows_per_epoch(query) == (counts{1, 5}));
}

BOOST_AUTO_TEST_CASE(a_trigger_is_delayed_no_longer_than_told) {
  const kafka_topic topic;
  topic.probe.produce(topic.name, numbered_records(1));
  const auto s = two_threads();
  arrived_rows got;
  const auto query = start_reading(
      s, topic.options({{"startingOffsets", "earliest"}, {"minOffsetsPerTrigger", "1000"}, {"maxTriggerDelay", "300ms"}}),
      trigger(), got);
  BOOST_TEST(got.wait_for(1));
  topic.probe.produce(topic.name, numbered_records(1, 0, 1));
  BOOST_TEST(got.wait_for(2));
  query->stop();
}

BOOST_AUTO_TEST_CASE(several_readers_share_a_partition_when_more_are_wanted) {
  const kafka_topic topic;
  topic.probe.produce(topic.name, numbered_records(1000));
  const auto s = two_threads();
  arrived_rows got;
  const auto query =
      start_reading(s, topic.options({{"startingOffsets", "earliest"}, {"minPartitions", "3"}}), trigger::available_now(), got);
  query->await_termination();
  BOOST_TEST(got.values() == numbered_values(1000));
  BOOST_TEST(query->explain().find("KafkaV2[Subscribe[" + topic.name + "]]") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(progress_tells_offsets_and_the_lag_as_spark_does) {
  const kafka_topic topic(2);
  topic.probe.produce(topic.name, numbered_records(10));
  topic.probe.produce(topic.name, numbered_records(20, 1));
  const auto s = two_threads();
  arrived_rows got;
  const auto query = start_reading(s, topic.options({{"startingOffsets", "earliest"}, {"maxOffsetsPerTrigger", "15"}}),
                                   trigger::available_now(), got);
  query->await_termination();
  const auto first = query->recent_progress().front()["sources"][0];
  BOOST_TEST(first["description"] == "KafkaV2[Subscribe[" + topic.name + "]]");
  BOOST_TEST(first["startOffset"][topic.name].dump() == R"({"0":0,"1":0})");
  BOOST_TEST(first["endOffset"][topic.name].dump() == R"({"0":5,"1":10})");
  BOOST_TEST(first["latestOffset"][topic.name].dump() == R"({"0":10,"1":20})");
  BOOST_TEST(first["metrics"].dump() ==
             R"({"avgOffsetsBehindLatest":"7.5","maxOffsetsBehindLatest":"10","minOffsetsBehindLatest":"5"})");
  BOOST_TEST(query->last_progress()["sources"][0]["metrics"]["maxOffsetsBehindLatest"] == "0");
}

BOOST_AUTO_TEST_CASE(a_restart_goes_on_at_the_exact_offset_in_the_same_or_the_other_mode) {
  const scratch_directory dir;
  const kafka_topic topic(2);
  arrived_rows got;
  int written = 0;
  const std::vector<trigger> runs{trigger(), trigger::continuous("5 ms"), trigger::continuous("1 hour"),
                                  trigger::available_now(), trigger()};
  for (const auto& when : runs) {
    topic.probe.produce(topic.name, numbered_records(7, 0, written));
    topic.probe.produce_transaction(topic.name, numbered_records(3, 1, 1000 + written));
    written += 7;
    const auto s = two_threads();
    // startingOffsets no longer matters at a restart.
    const auto start = written == 7 ? "earliest" : "latest";
    const auto query = start_reading(s, topic.options({{"startingOffsets", start}}), when, got, dir.at("checkpoint"));
    if (when.what == trigger::kind::available_now) {
      query->await_termination();
    } else {
      query->process_all_available();
      query->stop();
    }
    BOOST_TEST(got.size() == static_cast<std::size_t>(written / 7 * 10));
  }
  auto expected = numbered_values(written);
  for (int i = 0; i < written; i += 7) {
    for (const auto& each : numbered_values(3, 1000 + i)) expected.push_back(each);
  }
  BOOST_TEST(got.values() == expected);
}

BOOST_AUTO_TEST_CASE(where_a_first_start_begins_is_kept_even_if_nothing_was_read) {
  for (const auto& when : both_modes()) {
    const scratch_directory dir;
    const kafka_topic topic;
    topic.probe.produce(topic.name, numbered_records(2, 0, 100));
    arrived_rows got;
    for (int run = 0; run < 2; ++run) {
      const auto s = two_threads();
      const auto query = start_reading(s, topic.options(), when, got, dir.at("checkpoint"));
      if (run == 1) query->process_all_available();
      query->stop();
      // Comes while no query runs: after the latest offset of the first start.
      if (run == 0) topic.probe.produce(topic.name, numbered_records(2));
    }
    BOOST_TEST(got.values() == numbered_values(2));
  }
}

BOOST_AUTO_TEST_CASE(a_checkpoint_of_other_topics_is_refused) {
  const scratch_directory dir;
  const kafka_topic one, other;
  const auto s = two_threads();
  arrived_rows got;
  start_reading(s, one.options(), trigger::once(), got, dir.at("checkpoint"))->await_termination();
  BOOST_CHECK_EXCEPTION(start_reading(s, other.options(), trigger::once(), got, dir.at("checkpoint")), error,
                        [](const error& e) { return e.code() == errc::checkpoint_mismatch; });
}

BOOST_AUTO_TEST_SUITE_END()
