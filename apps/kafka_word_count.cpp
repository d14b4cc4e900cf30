// Counts the words of one Kafka topic into another: for each word whose count has changed a record with the word as key and
// {"word": ..., "count": ...} as value, exactly once. With --pass-through, the records themselves.
#include "run_options.hpp"

using namespace flow;

namespace {

struct topics {
  std::string brokers, from, to;
  std::vector<std::pair<std::string, std::string>> properties;
  bool pass_through = false;
};

template <class ReaderOrWriter>
void connect(ReaderOrWriter& to, const topics& t) {
  to.format("kafka").option("kafka.bootstrap.servers", t.brokers);
  for (const auto& [name, value] : t.properties) to.option("kafka." + name, value);
}

dataset records(const session& s, const topics& t) {
  auto reader = s.read_stream();
  connect(reader, t);
  return reader.option("subscribe", t.from).option("startingOffsets", "earliest").load();
}

dataset result(const session& s, const topics& t) {
  const auto input = records(s, t);
  if (t.pass_through) return input.select("key", "value");
  auto words = input.select(explode(split(col("value").cast("STRING"), " ")).as("word")).where("word != ''");
  auto counts = words.group_by("word").count();
  return counts.select_expr("word AS key", "to_json(struct(word, count)) AS value");
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Counts the words of a Kafka topic into another", "kafka_word_count"};
  topics t;
  int interval_ms = 0;
  std::string guarantee;
  std::vector<std::string> properties;
  apps::run_options run;
  app.add_option("--brokers", t.brokers, "Kafka's bootstrap servers, such as localhost:9092")->required();
  app.add_option("--from", t.from, "Topic to read, from its beginning")->required();
  app.add_option("--to", t.to, "Topic to write")->required();
  app.add_flag("--pass-through", t.pass_through, "Write each record's key and value as they came instead of counting");
  app.add_option("--guarantee", guarantee, "exactly-once (the default with a checkpoint) or at-least-once")
      ->check(CLI::IsMember({"exactly-once", "at-least-once"}));
  app.add_option("--kafka", properties, "NAME=VALUE: a property of librdkafka, such as security.protocol=SSL; may be repeated")
      ->check([](const std::string& text) { return text.find('=') == text.npos ? "expected NAME=VALUE, not " + text : ""; });
  run.add_to(app);
  app.add_option("--interval", interval_ms, "Milliseconds between epochs; the same as --trigger with ms")
      ->check(CLI::Range(1, 3'600'000))
      ->excludes("--trigger");

  return apps::run_app(app, argc, argv, [&] {
    for (const auto& each : properties) {
      t.properties.emplace_back(each.substr(0, each.find('=')), each.substr(each.find('=') + 1));
    }
    if (interval_ms > 0) run.trigger = std::to_string(interval_ms) + "ms";
    auto s = session::make({.name = "kafka word count"});
    auto writer = result(s, t).write_stream();
    connect(writer, t);
    writer.output_mode(t.pass_through ? "append" : "update").option("topic", t.to);
    if (!guarantee.empty()) writer.option("deliveryGuarantee", guarantee);
    run.run(std::move(writer));
  });
}
