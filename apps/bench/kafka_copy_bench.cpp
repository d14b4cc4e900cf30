// A topic copied into another, record by record: by a plain librdkafka loop that consumes and produces, and by libflow.
#include <algorithm>
#include <chrono>

#include <flow/flow.hpp>

#include "plain_kafka.hpp"
#include "topic_totals.hpp"
#include "workloads.hpp"

namespace bench {

namespace {

using clock = std::chrono::steady_clock;

bool exactly_once(const kafka_options& o) { return o.copy == "exactly-once"; }

/// What libflow's sink sets, so that both write alike.
std::unique_ptr<flow::kafka_client> plain_producer(const kafka_options& o, const std::string& to) {
  if (exactly_once(o)) {
    auto made = plain_client(RD_KAFKA_PRODUCER, o.brokers, {{"transactional.id", to}, {"linger.ms", "2"}});
    check(rd_kafka_init_transactions(made->get(), 30'000), "init_transactions");
    return made;
  }
  return plain_client(RD_KAFKA_PRODUCER, o.brokers, {{"enable.idempotence", "true"}, {"linger.ms", "0"}});
}

void produce(rd_kafka_t* to, rd_kafka_topic_t* topic, const rd_kafka_message_t& record) {
  while (rd_kafka_produce(topic, record.partition, RD_KAFKA_MSG_F_COPY, record.payload, record.len, record.key, record.key_len,
                          nullptr) != 0) {
    if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL) check(rd_kafka_last_error(), "produce");
    rd_kafka_poll(to, 1);
  }
}

void echo(const kafka_options& o, const std::string& to_name) {
  const auto from = fast_consumer(o.brokers, o.topic, o.partitions);
  const auto to = plain_producer(o, to_name);
  const flow::rdkafka_topic topic(rd_kafka_topic_new(to->get(), to_name.c_str(), nullptr));
  const auto interval = std::chrono::milliseconds(o.interval_ms);
  auto begun = clock::now();
  bool open = false;
  for (int ended = 0; ended < o.partitions;) {
    const flow::rdkafka_message message(rd_kafka_consumer_poll(from->get(), 100));
    if (message && message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      ++ended;
    } else if (message) {
      check(message->err, "cannot read " + o.topic);
      if (exactly_once(o) && !std::exchange(open, true)) {
        check(rd_kafka_begin_transaction(to->get()), "begin_transaction");
        begun = clock::now();
      }
      produce(to->get(), topic.get(), *message);
    }
    if (!open || clock::now() < begun + interval) continue;
    commit_with_position(to->get(), from->get(), to_name);
    open = false;
  }
  if (open) commit_with_position(to->get(), from->get(), to_name);
  check(rd_kafka_flush(to->get(), 30'000), "flush");
}

void with_libflow(const kafka_options& o, const std::string& to) {
  auto s = flow::session::make({.name = "kafka-copy", .threads = o.threads, .parallelism = o.threads});
  auto rows = s.read_stream()
                  .format("kafka")
                  .option("kafka.bootstrap.servers", o.brokers)
                  .option("subscribe", o.topic)
                  .option("startingOffsets", "earliest")
                  .load();
  auto query = rows.select("key", "value", "partition")
                   .write_stream()
                   .format("kafka")
                   .option("kafka.bootstrap.servers", o.brokers)
                   .option("topic", to)
                   .option("deliveryGuarantee", o.copy)
                   .option("checkpointLocation", o.checkpoint + "/" + to)
                   .trigger(flow::trigger::continuous(std::to_string(o.interval_ms) + "ms"))
                   .start();
  query->process_all_available();
  query->stop();
  query->await_termination();
}

}  // namespace

nlohmann::json kafka_copy(const kafka_options& o) {
  fill(o);
  const auto all = read_to_end(o.brokers, o.topic, o.partitions);
  nlohmann::json result = {
      {"workload", "kafka-throughput"}, {"copy", o.copy}, {"interval_ms", o.interval_ms}, {"threads", o.threads}};
  const auto run = [&](const char* which, const auto& copy) {
    const auto to = fresh_topic(o.brokers, which, o.partitions);
    const stopwatch watch;
    copy(o, to);
    const double wall = watch.seconds(), cpu = watch.cpu_seconds();
    const auto copied = read_to_end(o.brokers, to, o.partitions);
    if (copied.records != all.records || copied.bytes != all.bytes) {
      throw flow::error(flow::errc::query_failed, std::string(which) + " copied " + std::to_string(copied.records) + " of " +
                                                      std::to_string(all.records) + " records");
    }
    result[which] = to_report(copied, wall, cpu);
  };
  run("echo", echo);
  run("libflow", with_libflow);
  add_ratios(result, "libflow", "echo");
  return result;
}

}  // namespace bench
