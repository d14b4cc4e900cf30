// Reading a topic from beginning to end: a plain librdkafka consumer loop, and libflow in both modes.
#include <algorithm>
#include <atomic>

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <flow/flow.hpp>

#include "plain_kafka.hpp"
#include "topic_totals.hpp"
#include "workloads.hpp"

namespace bench {

void fill(const kafka_options& o) {
  if (partitions_of(plain_client(RD_KAFKA_CONSUMER, o.brokers, {})->get(), o.topic) > 0) return;
  create_topic(o.brokers, o.topic, o.partitions);
  const auto producer = plain_client(RD_KAFKA_PRODUCER, o.brokers, {{"linger.ms", "20"}, {"batch.size", "500000"}});
  std::string value(static_cast<std::size_t>(o.record_bytes), 'x');
  for (std::int64_t i = 0; i < o.records;) {
    const auto number = std::to_string(i);
    std::copy_n(number.begin(), std::min(number.size(), value.size()), value.begin());
    const auto code = rd_kafka_producev(
        producer->get(), RD_KAFKA_V_TOPIC(o.topic.c_str()), RD_KAFKA_V_PARTITION(static_cast<int>(i % o.partitions)),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_VALUE(value.data(), value.size()), RD_KAFKA_V_END);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
      ++i;
    else if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL)
      check(code, "cannot fill " + o.topic);
    rd_kafka_poll(producer->get(), code == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : 5);
  }
  check(rd_kafka_flush(producer->get(), 30'000), "cannot fill " + o.topic);
}

namespace {

topic_totals with_libflow(const kafka_options& o, const flow::trigger& when) {
  auto s = flow::session::make({.name = "kafka-throughput", .threads = o.threads, .parallelism = o.threads});
  std::atomic<std::int64_t> records{0}, bytes{0};
  const auto query = s.read_stream()
                         .format("kafka")
                         .option("kafka.bootstrap.servers", o.brokers)
                         .option("subscribe", o.topic)
                         .option("startingOffsets", "earliest")
                         .load()
                         .select("value")
                         .write_stream()
                         .trigger(when)
                         .foreach ([&](const flow::batch& rows) {
                           records += rows->num_rows();
                           bytes += static_cast<const arrow::BinaryArray&>(*rows->column(0)).total_values_length();
                         })
                         .start();
  if (when.what == flow::trigger::kind::continuous) {
    query->process_all_available();
    query->stop();
  } else {
    query->await_termination();
  }
  return {records, bytes};
}

template <class Run>
nlohmann::json timed(const Run& run) {
  const stopwatch watch;
  const topic_totals read = run();
  return to_report(read, watch.seconds(), watch.cpu_seconds());
}

}  // namespace

nlohmann::json kafka_throughput(const kafka_options& o) {
  fill(o);
  nlohmann::json result = {{"workload", "kafka-throughput"}, {"threads", o.threads}};
  result["plain_loop"] = timed([&] { return read_to_end(o.brokers, o.topic, o.partitions); });
  result["micro_batch"] = timed([&] { return with_libflow(o, flow::trigger::available_now()); });
  result["continuous"] = timed([&] { return with_libflow(o, flow::trigger::continuous("100 ms")); });
  for (const auto* mode : {"micro_batch", "continuous"}) add_ratios(result, mode, "plain_loop");
  return result;
}

}  // namespace bench
