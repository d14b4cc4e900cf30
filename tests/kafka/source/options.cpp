// What the reader refuses before it asks any broker.
#include <boost/test/unit_test.hpp>

#include "kafka_rows.hpp"

using namespace flow;
using namespace flow::test;

namespace {

std::string load_refusal(option_list options, bool streaming) {
  options.emplace_back("kafka.bootstrap.servers", "127.0.0.1:1");
  const auto s = two_threads();
  try {
    load_kafka(streaming ? s.read_stream() : s.read(), options);
  } catch (const error& e) {
    return e.what();
  }
  return "";
}

std::string stream_refusal(option_list options) {
  options.emplace_back("subscribe", "t");
  return load_refusal(std::move(options), true);
}

std::string batch_refusal(option_list options) {
  options.emplace_back("subscribe", "t");
  return load_refusal(std::move(options), false);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(options)

BOOST_AUTO_TEST_CASE(one_way_to_name_topics_is_needed) {
  BOOST_TEST(load_refusal({}, true) ==
             "format \"kafka\" needs exactly one of the options subscribe, subscribePattern, assign; none is set");
  BOOST_TEST(stream_refusal({{"subscribePattern", "t.*"}}) ==
             "format \"kafka\" needs exactly one of the options subscribe, subscribePattern, assign; several are set");
}

BOOST_AUTO_TEST_CASE(names_of_topics_are_checked) {
  BOOST_TEST(load_refusal({{"subscribe", " , "}}, true) ==
             "option \"subscribe\" has the value \" , \"; expected topics, separated by commas");
  BOOST_TEST(load_refusal({{"subscribePattern", "("}}, true)
                 .find("option \"subscribePattern\" has the value \"(\"; expected a regular "
                       "expression: ") == 0u);
  BOOST_TEST(load_refusal({{"assign", "t-0"}}, true) ==
             "option \"assign\" has the value \"t-0\"; expected JSON such as {\"topicA\":[0,1],\"topicB\":[2,4]}");
}

BOOST_AUTO_TEST_CASE(offsets_are_checked) {
  BOOST_TEST(stream_refusal({{"startingOffsets", "first"}}) ==
             "option \"startingOffsets\" has the value \"first\"; expected earliest, latest, or JSON such as "
             "{\"topicA\":{\"0\":23,\"1\":-1}}");
  BOOST_TEST(
      stream_refusal({{"startingOffsets", R"({"t":{"x":1}})"}}) ==
      R"(option "startingOffsets" has the value "{"t":{"x":1}}"; expected JSON such as {"topicA":{"0":23,"1":-1},"topicB":{"0":-2}})");
  BOOST_TEST(stream_refusal({{"startingOffsets", R"({"t":{"0":-3}})"}}) ==
             "option \"startingOffsets\": t-0 has the offset -3; expected an offset, -1 for latest or -2 for earliest");
  BOOST_TEST(stream_refusal({{"startingTimestamp", "yesterday"}}) ==
             "option \"startingTimestamp\" has the value \"yesterday\"; expected an integer of at least 0");
  BOOST_TEST(stream_refusal({{"startingOffsetsByTimestamp", R"({"t":{"0":-1}})"}}) ==
             "option \"startingOffsetsByTimestamp\": t-0 has the time -1; expected milliseconds since 1970");
  BOOST_TEST(stream_refusal({{"startingOffsetsByTimestampStrategy", "earliest"}}) ==
             "option \"startingOffsetsByTimestampStrategy\" has the value \"earliest\"; expected one of error, latest");
}

BOOST_AUTO_TEST_CASE(a_stream_has_no_end) {
  for (const auto* key : {"endingOffsets", "endingOffsetsByTimestamp", "endingTimestamp"}) {
    BOOST_TEST(stream_refusal({{key, "1"}}) ==
               "option \"" + std::string(key) + "\" is not for a stream, which has no end: use read() to read a range once");
  }
}

BOOST_AUTO_TEST_CASE(a_bounded_read_must_have_something_to_read) {
  BOOST_TEST(batch_refusal({{"startingOffsets", "latest"}}) ==
             "option \"startingOffsets\" cannot be latest when a topic is read once: there would be nothing to read");
  BOOST_TEST(batch_refusal({{"endingOffsets", "earliest"}}) ==
             "option \"endingOffsets\" cannot be earliest: there would be nothing to read");
  BOOST_TEST(batch_refusal({{"startingOffsets", R"({"t":{"0":-1}})"}}) ==
             "option \"startingOffsets\" cannot be latest (-1) for t-0: there would be nothing to read");
  BOOST_TEST(batch_refusal({{"endingOffsets", R"({"t":{"0":-2}})"}}) ==
             "option \"endingOffsets\" cannot be earliest (-2) for t-0: there would be nothing to read");
  BOOST_TEST(batch_refusal({{"startingOffsets", R"({"t":{"0":5}})"}, {"endingOffsets", R"({"t":{"0":4}})"}}) ==
             "option \"startingOffsets\" is after \"endingOffsets\" for t-0: 5 > 4");
  BOOST_TEST(batch_refusal({{"startingOffsets", R"({"t":{"0":5}})"}, {"endingOffsets", R"({"t":{"1":6}})"}}) ==
             "options \"startingOffsets\" and \"endingOffsets\" name different partitions; name the same ones in both");
}

BOOST_AUTO_TEST_CASE(limits_are_checked) {
  BOOST_TEST(stream_refusal({{"maxOffsetsPerTrigger", "0"}}) ==
             "option \"maxOffsetsPerTrigger\" has the value \"0\"; expected an integer of at least 1");
  BOOST_TEST(stream_refusal({{"maxOffsetsPerTrigger", "5"}, {"minOffsetsPerTrigger", "6"}}) ==
             "option \"minOffsetsPerTrigger\" (6) is greater than \"maxOffsetsPerTrigger\" (5)");
  BOOST_TEST(stream_refusal({{"maxTriggerDelay", "soon"}}) ==
             "option \"maxTriggerDelay\" has the value \"soon\"; expected a span of time such as \"10 seconds\" or \"500ms\"");
  BOOST_TEST(stream_refusal({{"minPartitions", "0"}}) ==
             "option \"minPartitions\" has the value \"0\"; expected an integer of at least 1");
  BOOST_TEST(stream_refusal({{"kafkaConsumer.pollTimeoutMs", "0"}})
                 .find("option \"kafkaConsumer.pollTimeoutMs\" has the value \"0\"") == 0u);
  BOOST_TEST(
      stream_refusal({{"fetchOffset.numRetries", "none"}}).find("option \"fetchOffset.numRetries\" has the value \"none\"") ==
      0u);
  BOOST_TEST(
      stream_refusal({{"fetchOffset.retryIntervalMs", "-1"}}).find("option \"fetchOffset.retryIntervalMs\" has the value") ==
      0u);
  BOOST_TEST(stream_refusal({{"includeHeaders", "maybe"}}) ==
             "option \"includeHeaders\" has the value \"maybe\"; expected true or false");
  BOOST_TEST(stream_refusal({{"failOnDataLoss", "no"}}) ==
             "option \"failOnDataLoss\" has the value \"no\"; expected true or false");
}

BOOST_AUTO_TEST_CASE(an_unknown_option_is_refused_with_the_nearest) {
  BOOST_TEST(stream_refusal({{"startingOffset", "earliest"}}) ==
             "format \"kafka\" has no option \"startingOffset\"; did you mean \"startingOffsets\"?");
}

BOOST_AUTO_TEST_CASE(a_schema_or_a_path_is_refused) {
  const auto s = two_threads();
  const auto refusal = [&](const auto& load) -> std::string {
    try {
      load();
    } catch (const error& e) {
      return e.what();
    }
    return "";
  };
  auto from = s.read();
  from.format("kafka").option("kafka.bootstrap.servers", "h").option("subscribe", "t");
  BOOST_TEST(refusal([&] { from.load("/topic"); }) ==
             "format \"kafka\" reads no path: call load() without one and name topics by the option \"subscribe\"");
  auto other = s.read();
  other.format("kafka").schema("a INT");
  BOOST_TEST(refusal([&] { other.load(); }).find("format \"kafka\" has fixed columns") == 0u);
}

BOOST_AUTO_TEST_CASE(the_columns_are_sparks) {
  const auto s = two_threads();
  const auto columns = [&](const option_list& more) {
    auto options = more;
    options.insert(options.end(), {{"kafka.bootstrap.servers", "127.0.0.1:1"}, {"subscribe", "t"}});
    return to_ddl(*load_kafka(s.read_stream(), options).schema());
  };
  const std::string fixed =
      "key BINARY, value BINARY, topic STRING, partition INT, offset BIGINT, timestamp TIMESTAMP, timestampType INT";
  BOOST_TEST(columns({}) == fixed);
  BOOST_TEST(columns({{"includeHeaders", "true"}}) == fixed + ", headers ARRAY<STRUCT<key: STRING, value: BINARY>>");
}

BOOST_AUTO_TEST_CASE(explain_names_the_source_as_spark_does) {
  const auto s = two_threads();
  const auto text = [&](const char* how, const char* what) {
    return load_kafka(s.read_stream(), {{"kafka.bootstrap.servers", "127.0.0.1:1"}, {how, what}}).explain_string(true);
  };
  BOOST_TEST(text("subscribe", "a, b").find("KafkaV2[Subscribe[a, b]]") != std::string::npos);
  BOOST_TEST(text("subscribePattern", "a.*").find("KafkaV2[SubscribePattern[a.*]]") != std::string::npos);
  BOOST_TEST(text("assign", R"({"a":[1,0]})").find("KafkaV2[Assign[a-1, a-0]]") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
