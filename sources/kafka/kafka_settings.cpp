#include "sources/kafka/kafka_settings.hpp"

#include <limits>
#include <sstream>

#include <arrow/type.h>
#include <re2/re2.h>

#include "flow/error.hpp"

namespace flow {

namespace {

constexpr auto greatest = std::numeric_limits<std::int64_t>::max();

std::vector<std::string> comma_separated(const std::string& text) {
  std::vector<std::string> names;
  std::istringstream in(text);
  for (std::string name; std::getline(in, name, ',');) {
    const auto first = name.find_first_not_of(" \t");
    if (first != std::string::npos) names.push_back(name.substr(first, name.find_last_not_of(" \t") - first + 1));
  }
  return names;
}

kafka_subscription read_subscription(const options& from) {
  const auto assign = from.find("assign"), subscribe = from.find("subscribe"), pattern = from.find("subscribePattern");
  const int given = (assign ? 1 : 0) + (subscribe ? 1 : 0) + (pattern ? 1 : 0);
  if (given != 1) {
    throw error(errc::invalid_option,
                std::string("format \"kafka\" needs exactly one of the options subscribe, subscribePattern, assign") +
                    (given == 0 ? "; none is set" : "; several are set"));
  }
  kafka_subscription what;
  if (assign) what.partitions = parse_partitions("assign", *assign);
  if (subscribe) {
    what.topics = comma_separated(*subscribe);
    if (what.topics.empty()) {
      throw error(errc::invalid_option,
                  "option \"subscribe\" has the value \"" + *subscribe + "\"; expected topics, separated by commas");
    }
  }
  if (pattern) {
    what.pattern = *pattern;
    const re2::RE2 compiled(what.pattern, re2::RE2::Quiet);
    if (what.pattern.empty() || !compiled.ok()) {
      throw error(errc::invalid_option, "option \"subscribePattern\" has the value \"" + *pattern +
                                            "\"; expected a regular expression" +
                                            (compiled.ok() ? "" : ": " + compiled.error()));
    }
  }
  return what;
}

std::optional<std::int64_t> positive(const options& from, std::string_view key) {
  if (!from.find(key)) return std::nullopt;
  return from.integer(key, 0, 1, greatest);
}

void read_limits(kafka_settings& into, const options& from) {
  into.max_offsets = positive(from, "maxOffsetsPerTrigger");
  into.min_offsets = positive(from, "minOffsetsPerTrigger");
  into.max_trigger_delay = from.span("maxTriggerDelay", {std::int64_t{15} * 60 * 1'000'000});
  if (into.max_offsets && into.min_offsets && *into.min_offsets > *into.max_offsets) {
    throw error(errc::invalid_option, "option \"minOffsetsPerTrigger\" (" + std::to_string(*into.min_offsets) +
                                          ") is greater than \"maxOffsetsPerTrigger\" (" + std::to_string(*into.max_offsets) +
                                          ")");
  }
  if (const auto wanted = positive(from, "minPartitions")) {
    into.min_partitions = static_cast<int>(from.integer("minPartitions", 1, 1, std::numeric_limits<int>::max()));
  }
}

void read_bounds(kafka_settings& into, const options& from) {
  into.start = read_offset_bound(from, "starting", into.streaming ? latest_offset : earliest_offset);
  into.start_at_latest_without_match =
      from.choice("startingOffsetsByTimestampStrategy", "error", {"error", "latest"}) == "latest";
  if (into.streaming) {
    for (const auto* key : {"endingOffsets", "endingOffsetsByTimestamp", "endingTimestamp"}) {
      if (!from.find(key)) continue;
      throw error(errc::invalid_option,
                  std::string("option \"") + key + "\" is not for a stream, which has no end: use read() to read a range once");
    }
    return;
  }
  into.end = read_offset_bound(from, "ending", latest_offset);
  check_bounded(into.start, into.end);
}

}  // namespace

std::string kafka_subscription::description() const {
  if (!pattern.empty()) return "SubscribePattern[" + pattern + "]";
  if (!partitions.empty()) return "Assign[" + to_string(partitions) + "]";
  std::string names;
  for (const auto& topic : topics) names += (names.empty() ? "" : ", ") + topic;
  return "Subscribe[" + names + "]";
}

kafka_settings read_kafka_settings(const source_request& request) {
  const auto& from = request.options;
  if (request.schema) {
    throw error(errc::invalid_argument,
                "format \"kafka\" has fixed columns (key, value, topic, ...); take .schema(...) away and decode "
                "value by an expression such as from_json");
  }
  if (from.find("path")) {
    throw error(errc::invalid_option,
                "format \"kafka\" reads no path: call load() without one and name topics by the option \"subscribe\"");
  }
  kafka_settings read;
  read.streaming = request.streaming;
  read.client = read_kafka_options(from, kafka_role::source);
  read.what = read_subscription(from);
  read_bounds(read, from);
  read_limits(read, from);
  read.fail_on_data_loss = from.boolean("failOnDataLoss", true);
  read.poll_timeout = std::chrono::milliseconds(from.integer("kafkaConsumer.pollTimeoutMs", 120'000, 1, greatest / 1'000'000));
  read.offset_attempts = static_cast<int>(from.integer("fetchOffset.numRetries", 3, 1, 1'000'000));
  read.attempt_interval = std::chrono::milliseconds(from.integer("fetchOffset.retryIntervalMs", 1000, 0, greatest / 1'000'000));
  read.include_headers = from.boolean("includeHeaders", false);
  read.client_id_prefix = from.text("groupIdPrefix", "libflow-kafka-source");
  from.finish("format \"kafka\"");
  return read;
}

schema_ptr kafka_schema(bool include_headers) {
  arrow::FieldVector fields{
      arrow::field("key", arrow::binary()),         arrow::field("value", arrow::binary()),
      arrow::field("topic", arrow::utf8()),         arrow::field("partition", arrow::int32()),
      arrow::field("offset", arrow::int64()),       arrow::field("timestamp", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
      arrow::field("timestampType", arrow::int32())};
  if (include_headers) {
    const auto header = arrow::struct_({arrow::field("key", arrow::utf8()), arrow::field("value", arrow::binary())});
    fields.push_back(arrow::field("headers", arrow::list(header)));
  }
  return arrow::schema(std::move(fields));
}

}  // namespace flow
