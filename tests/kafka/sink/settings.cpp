// What a writer may say, and what it is told otherwise. No broker is asked.
#include <boost/test/unit_test.hpp>

#include "flow/types.hpp"
#include "sink_under_test.hpp"
#include "sinks/kafka/kafka_sink.hpp"

using namespace flow;
using namespace flow::test;

namespace {

std::string refused(std::map<std::string, std::string> options, std::vector<std::string> partition_by = {}) {
  sink_request request;
  request.options.set("kafka.bootstrap.servers", "127.0.0.1:1");
  request.options.set("topic", "t");
  for (auto& [key, value] : options) request.options.set(key, value);
  request.partition_by = std::move(partition_by);
  return failure_of([&] { make_kafka_sink(request); });
}

/// What the check says to columns, without the topic option unless given.
std::string refused_columns(const std::string& columns, std::map<std::string, std::string> options = {}) {
  sink_request request;
  request.options.set("kafka.bootstrap.servers", "127.0.0.1:1");
  for (auto& [key, value] : options) request.options.set(key, value);
  const auto provider = make_kafka_sink(request);
  return failure_of([&] { provider->check(*parse_schema(columns), output_mode::append); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(kafka_sink_settings)

BOOST_AUTO_TEST_CASE(brokers_are_required) {
  sink_request request;
  request.options.set("topic", "t");
  const auto told = failure_of([&] { make_kafka_sink(request); });
  BOOST_TEST(contains(told, "kafka.bootstrap.servers"), told);
}

BOOST_AUTO_TEST_CASE(an_unknown_option_is_refused_with_the_nearest) {
  const auto told = refused({{"deliveryGaurantee", "exactly-once"}});
  BOOST_TEST(contains(told, "unknown_option"), told);
  BOOST_TEST(contains(told, "deliveryGuarantee"), told);
}

BOOST_AUTO_TEST_CASE(an_unknown_property_is_refused_in_librdkafkas_words) {
  const auto told = refused({{"kafka.lingerms", "1"}});
  BOOST_TEST(contains(told, "unknown_option"), told);
  BOOST_TEST(contains(told, "kafka.lingerms"), told);
}

BOOST_AUTO_TEST_CASE(an_empty_topic_is_refused) {
  const auto told = refused({{"topic", ""}});
  BOOST_TEST(contains(told, "invalid_option"), told);
  BOOST_TEST(contains(told, "\"topic\" is empty"), told);
}

BOOST_AUTO_TEST_CASE(a_guarantee_that_does_not_exist_is_refused_with_those_that_do) {
  const auto told = refused({{"deliveryGuarantee", "twice"}});
  BOOST_TEST(contains(told, "invalid_option"), told);
  BOOST_TEST(contains(told, "exactly-once"), told);
  BOOST_TEST(contains(told, "at-least-once"), told);
}

BOOST_AUTO_TEST_CASE(a_start_timeout_that_is_no_number_is_refused) {
  const auto told = refused({{"kafkaProducer.startTimeoutMs", "soon"}});
  BOOST_TEST(contains(told, "kafkaProducer.startTimeoutMs"), told);
}

BOOST_AUTO_TEST_CASE(partition_by_is_refused_with_the_column_to_use) {
  const auto told = refused({}, {"key"});
  BOOST_TEST(contains(told, "the column partition"), told);
}

BOOST_AUTO_TEST_CASE(properties_of_the_guarantee_are_refused_by_name) {
  for (const auto* name :
       {"transactional.id", "enable.idempotence", "enable.gapless.guarantee", "acks", "request.required.acks"}) {
    const auto told = refused({{std::string("kafka.") + name, "1"}});
    BOOST_TEST(contains(told, "invalid_option"), told);
    BOOST_TEST(contains(told, std::string("kafka.") + name), told);
    BOOST_TEST(contains(told, "deliveryGuarantee"), told);
  }
}

BOOST_AUTO_TEST_CASE(serializers_and_groups_are_refused_by_name) {
  for (const auto* name : {"key.serializer", "value.serializer", "group.id", "delivery.report.only.error"}) {
    const auto told = refused({{std::string("kafka.") + name, "x"}});
    BOOST_TEST(contains(told, std::string("kafka.") + name), told);
  }
}

BOOST_AUTO_TEST_CASE(exactly_once_without_a_checkpoint_is_refused) {
  sink_under_test s("value STRING", {{"topic", "t"}, {"deliveryGuarantee", "exactly-once"}}, "127.0.0.1:1");
  s.context.checkpoint_dir = "";
  const auto told = failure_of([&] { s.start(); });
  BOOST_TEST(contains(told, "invalid_option"), told);
  BOOST_TEST(contains(told, "checkpointLocation"), told);
}

BOOST_AUTO_TEST_CASE(a_transaction_timeout_below_two_intervals_is_refused_before_any_broker_is_asked) {
  sink_under_test s("value STRING", {{"topic", "t"}, {"kafka.transaction.timeout.ms", "9000"}}, "127.0.0.1:1");
  s.context.interval = seconds(5);
  const auto told = failure_of([&] { s.start(); });
  BOOST_TEST(contains(told, "invalid_option"), told);
  BOOST_TEST(contains(told, "kafka.transaction.timeout.ms"), told);
  BOOST_TEST(contains(told, "9000"), told);
  BOOST_TEST(contains(told, "5000"), told);
  BOOST_TEST(contains(told, "10000"), told);
}

BOOST_AUTO_TEST_CASE(properties_that_do_not_fit_together_are_refused_at_the_start) {
  sink_under_test s("value STRING", {{"topic", "t"}, {"kafka.max.in.flight", "9"}}, "127.0.0.1:1");
  const auto told = failure_of([&] { s.start(); });
  BOOST_TEST(contains(told, "invalid_option"), told);
  BOOST_TEST(contains(told, "max.in.flight"), told);
}

BOOST_AUTO_TEST_CASE(a_value_is_required) {
  const auto told = refused_columns("key STRING", {{"topic", "t"}});
  BOOST_TEST(contains(told, "type_mismatch: Required attribute 'value' not found"), told);
}

BOOST_AUTO_TEST_CASE(a_topic_is_required_from_the_option_or_a_column) {
  const auto told = refused_columns("value STRING");
  BOOST_TEST(
      contains(told, "topic option required when no 'topic' attribute is present. Use the topic option for setting a topic."),
      told);
  BOOST_TEST(refused_columns("value STRING, topic STRING") == "");
  BOOST_TEST(refused_columns("value STRING", {{"topic", "t"}}) == "");
}

BOOST_AUTO_TEST_CASE(columns_of_other_types_are_refused_in_sparks_words) {
  const std::map<std::string, std::string> to{{"topic", "t"}};
  BOOST_TEST(
      contains(refused_columns("value INT", to), "value attribute unsupported type int. value must be a(n) string or binary"));
  BOOST_TEST(contains(refused_columns("value STRING, key BIGINT", to),
                      "key attribute unsupported type bigint. key must be a(n) string or binary"));
  BOOST_TEST(contains(refused_columns("value STRING, partition BIGINT", to),
                      "partition attribute unsupported type bigint. partition must be a(n) int"));
  BOOST_TEST(contains(refused_columns("value STRING, topic BINARY"),
                      "topic attribute unsupported type binary. topic must be a(n) string"));
  const auto headers = refused_columns("value STRING, headers MAP<STRING, STRING>", to);
  BOOST_TEST(contains(headers,
                      "headers attribute unsupported type MAP<STRING, STRING>. headers must be a(n) "
                      "ARRAY<STRUCT<key: STRING, value: BINARY>>"),
             headers);
}

BOOST_AUTO_TEST_CASE(columns_that_are_no_part_of_a_record_are_left_out) {
  BOOST_TEST(refused_columns("value BINARY, key BINARY, n INT, topic INT", {{"topic", "t"}}) == "");
}

BOOST_AUTO_TEST_SUITE_END()
