// From produce to a read_committed consumer, through a keyed count and, in the same run, through the least that could be
// between them: a loop that consumes and produces.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <flow/flow.hpp>

#include "plain_kafka.hpp"
#include "workloads.hpp"

namespace bench {

namespace {

using clock = std::chrono::steady_clock;
using flow::kafka_client;

constexpr int partitions = 4;
/// At any rate no key comes twice in one epoch, so that each record has an output record of its own.
constexpr int keys = 20'000;
constexpr auto warm_up = std::chrono::seconds(3);

/// Writes records with the time as value, at a steady rate, until it goes: what is due each millisecond, to one partition after
/// the other, as producers that gather records for a partition do.
class load {
 public:
  load(const kafka_latency_options& o, std::string topic)
      : producer_(plain_client(RD_KAFKA_PRODUCER, o.brokers, {{"linger.ms", "0"}, {"enable.idempotence", "true"}})),
        thread_([this, rate = o.rate, to = std::move(topic)] { run(rate, to); }) {}
  ~load() {
    stop_ = true;
    thread_.join();
  }
  load(const load&) = delete;
  load& operator=(const load&) = delete;

 private:
  void run(int rate, const std::string& to) {
    const flow::rdkafka_topic topic(rd_kafka_topic_new(producer_->get(), to.c_str(), nullptr));
    const auto begin = clock::now();
    int partition = 0;
    for (std::int64_t sent = 0; !stop_; std::this_thread::sleep_for(std::chrono::milliseconds(1))) {
      partition = (partition + 1) % partitions;
      for (const auto due = (clock::now() - begin) / std::chrono::microseconds(1) * rate / 1'000'000; sent < due; ++sent) {
        const auto key = std::to_string(sent % keys);
        auto value = std::to_string(clock::now().time_since_epoch().count());
        rd_kafka_produce(topic.get(), partition, RD_KAFKA_MSG_F_COPY, value.data(), value.size(), key.data(), key.size(),
                         nullptr);
      }
      rd_kafka_poll(producer_->get(), 0);
    }
    rd_kafka_flush(producer_->get(), 5000);
  }

  std::unique_ptr<kafka_client> producer_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

nlohmann::json percentiles(std::vector<double> ms, double seconds) {
  if (ms.empty()) throw flow::error(flow::errc::query_failed, "nothing came out");
  std::sort(ms.begin(), ms.end());
  const auto at = [&](double q) { return ms[static_cast<std::size_t>(q * static_cast<double>(ms.size() - 1))]; };
  return {{"p50_ms", at(0.5)},
          {"p99_ms", at(0.99)},
          {"p999_ms", at(0.999)},
          {"records_per_s", static_cast<double>(ms.size()) / seconds}};
}

/// Reads the output for some seconds after the warm-up: how old each record is, by the time in its value.
nlohmann::json measure(const kafka_latency_options& o, const std::string& topic) {
  const auto reader = plain_consumer(o.brokers, topic, partitions);
  std::vector<double> ms;
  const auto from = clock::now() + warm_up, until = from + std::chrono::seconds(o.seconds);
  while (clock::now() < until) {
    const flow::rdkafka_message message(rd_kafka_consumer_poll(reader->get(), 100));
    if (!message || message->err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    const auto now = clock::now();
    if (now < from) continue;
    const std::string value(static_cast<const char*>(message->payload), message->len);
    ms.push_back(static_cast<double>(now.time_since_epoch().count() - std::stoll(value)) / 1e6);
  }
  return percentiles(std::move(ms), o.seconds);
}

struct topic_pair {
  std::string from, to;
  topic_pair(const kafka_latency_options& o, const std::string& stem)
      : from(fresh_topic(o.brokers, stem + "-in", partitions)), to(fresh_topic(o.brokers, stem + "-out", partitions)) {}
};

nlohmann::json through_libflow(const kafka_latency_options& o) {
  using namespace flow;
  const topic_pair topics(o, "flow");
  auto s = session::make({.name = "kafka latency", .threads = o.threads, .parallelism = o.threads});
  auto input = s.read_stream()
                   .format("kafka")
                   .option("kafka.bootstrap.servers", o.brokers)
                   .option("subscribe", topics.from)
                   .option("startingOffsets", "earliest")
                   .load();
  auto stamped = input.select_expr("CAST(key AS STRING) AS key", "CAST(CAST(value AS STRING) AS BIGINT) AS stamp");
  auto counts = stamped.group_by("key").agg(count("*").as("n"), max("stamp").as("stamp"));
  auto writer = counts.select_expr("key", "concat(CAST(stamp AS STRING), ' ', CAST(n AS STRING)) AS value").write_stream();
  const auto interval = std::to_string(o.interval_ms) + "ms";
  auto query = writer.output_mode("update")
                   .format("kafka")
                   .option("kafka.bootstrap.servers", o.brokers)
                   .option("topic", topics.to)
                   .option("deliveryGuarantee", o.guarantee)
                   .option("checkpointLocation", o.checkpoint + "/" + topics.to)
                   .trigger(o.micro_batch ? trigger::processing_time(interval) : trigger::continuous(interval))
                   .start();
  nlohmann::json result;
  {
    const load input_load(o, topics.from);
    result = measure(o, topics.to);
  }
  query->stop();
  query->await_termination();
  return result;
}

/// Consumes and produces, with a transaction per interval (and its position in it, as any consumer would) or none.
void echo(const kafka_latency_options& o, const topic_pair& topics, const std::atomic<bool>& stop) {
  const auto reader = plain_consumer(o.brokers, topics.from, partitions);
  const bool exactly = o.guarantee == "exactly-once";
  const auto writer = exactly
                          ? plain_client(RD_KAFKA_PRODUCER, o.brokers, {{"linger.ms", "0"}, {"transactional.id", topics.to}})
                          : plain_client(RD_KAFKA_PRODUCER, o.brokers, {{"linger.ms", "0"}, {"enable.idempotence", "true"}});
  auto* const to = writer->get();
  if (exactly) check(rd_kafka_init_transactions(to, 30'000), "init_transactions");
  const flow::rdkafka_topic topic(rd_kafka_topic_new(to, topics.to.c_str(), nullptr));
  const auto interval = std::chrono::milliseconds(o.interval_ms);
  auto begun = clock::now();
  bool open = false;
  while (!stop) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(begun + interval - clock::now()).count();
    const flow::rdkafka_message message(
        rd_kafka_consumer_poll(reader->get(), open ? static_cast<int>(std::max<std::int64_t>(left, 0)) : 100));
    if (message && message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      if (exactly && !std::exchange(open, true)) {
        check(rd_kafka_begin_transaction(to), "begin_transaction");
        begun = std::max(begun, clock::now() - interval);
      }
      rd_kafka_produce(topic.get(), message->partition, RD_KAFKA_MSG_F_COPY, message->payload, message->len, message->key,
                       message->key_len, nullptr);
    }
    rd_kafka_poll(to, 0);
    if (!open || clock::now() < begun + interval) continue;
    begun = clock::now();
    commit_with_position(to, reader->get(), topics.to);
    open = false;
  }
  rd_kafka_flush(to, 5000);
}

nlohmann::json through_echo(const kafka_latency_options& o) {
  const topic_pair topics(o, "echo");
  std::atomic<bool> stop = false;
  std::thread between([&] { echo(o, topics, stop); });
  nlohmann::json result;
  {
    const load input_load(o, topics.from);
    result = measure(o, topics.to);
  }
  stop = true;
  between.join();
  return result;
}

}  // namespace

nlohmann::json kafka_latency(const kafka_latency_options& o) {
  nlohmann::json result{{"workload", "kafka-latency"},  {"rate", o.rate},
                        {"interval_ms", o.interval_ms}, {"guarantee", o.guarantee},
                        {"partitions", partitions},     {"mode", o.micro_batch ? "micro-batch" : "continuous"}};
  if (!o.only_libflow) result["echo"] = through_echo(o);
  if (!o.only_reference) result["libflow"] = through_libflow(o);
  return result;
}

}  // namespace bench
