// Reading a topic from beginning to end: a plain librdkafka consumer loop, and libflow in both modes.
#include <algorithm>
#include <atomic>

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <flow/flow.hpp>

#include "bench_report.hpp"
#include "kafka/kafka_client.hpp"
#include "workloads.hpp"

namespace bench {

namespace {

constexpr int patience_ms = 30'000;

struct totals {
  std::int64_t records = 0, bytes = 0;
};

flow::rdkafka_conf client_conf(const kafka_options& o) {
  flow::rdkafka_conf conf(rd_kafka_conf_new());
  flow::set_property(*conf, "bootstrap.servers", o.brokers);
  return conf;
}

void require(rd_kafka_resp_err_t code, const std::string& what) {
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw flow::kafka_error(flow::errc::unreadable_input, what, code);
}

/// 0 if there is no such topic.
int partitions_of(rd_kafka_t* client, const std::string& topic) {
  const flow::rdkafka_topic handle(rd_kafka_topic_new(client, topic.c_str(), nullptr));
  const rd_kafka_metadata_t* answer = nullptr;
  require(rd_kafka_metadata(client, 0, handle.get(), &answer, patience_ms), "cannot look up " + topic);
  const flow::rdkafka_metadata metadata(answer);
  return metadata->topics[0].err == RD_KAFKA_RESP_ERR_NO_ERROR ? metadata->topics[0].partition_cnt : 0;
}

void create_topic(rd_kafka_t* client, const kafka_options& o) {
  const flow::rdkafka_queue queue(rd_kafka_queue_new(client));
  char why[256];
  auto* topic = rd_kafka_NewTopic_new(o.topic.c_str(), o.partitions, 1, why, sizeof why);
  rd_kafka_CreateTopics(client, &topic, 1, nullptr, queue.get());
  rd_kafka_NewTopic_destroy(topic);
  const flow::rdkafka_event done(rd_kafka_queue_poll(queue.get(), patience_ms));
  require(done ? rd_kafka_event_error(done.get()) : RD_KAFKA_RESP_ERR__TIMED_OUT, "cannot create " + o.topic);
}

/// Makes the topic and fills it, unless it is there.
void fill(const kafka_options& o) {
  auto conf = client_conf(o);
  flow::set_property(*conf, "linger.ms", "20");
  flow::set_property(*conf, "batch.size", "500000");
  const flow::kafka_client producer(RD_KAFKA_PRODUCER, std::move(conf), "fill");
  if (partitions_of(producer.get(), o.topic) > 0) return;
  create_topic(producer.get(), o);
  while (partitions_of(producer.get(), o.topic) != o.partitions) rd_kafka_poll(producer.get(), 10);
  std::string value(static_cast<std::size_t>(o.record_bytes), 'x');
  for (std::int64_t i = 0; i < o.records;) {
    const auto number = std::to_string(i);
    std::copy_n(number.begin(), std::min(number.size(), value.size()), value.begin());
    const auto code = rd_kafka_producev(
        producer.get(), RD_KAFKA_V_TOPIC(o.topic.c_str()), RD_KAFKA_V_PARTITION(static_cast<int>(i % o.partitions)),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_VALUE(value.data(), value.size()), RD_KAFKA_V_END);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
      ++i;
    else if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL)
      require(code, "cannot fill " + o.topic);
    rd_kafka_poll(producer.get(), code == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : 5);
  }
  require(rd_kafka_flush(producer.get(), patience_ms), "cannot fill " + o.topic);
}

/// One consumer polls all partitions to their ends.
totals plain_loop(const kafka_options& o) {
  auto conf = client_conf(o);
  flow::set_property(*conf, "group.id", "flow-bench");
  flow::set_property(*conf, "enable.partition.eof", "true");
  flow::set_property(*conf, "enable.auto.commit", "false");
  const flow::kafka_client consumer(RD_KAFKA_CONSUMER, std::move(conf), "plain loop");
  rd_kafka_poll_set_consumer(consumer.get());
  const int partitions = partitions_of(consumer.get(), o.topic);
  const flow::rdkafka_partitions all(rd_kafka_topic_partition_list_new(partitions));
  for (int i = 0; i < partitions; ++i) {
    rd_kafka_topic_partition_list_add(all.get(), o.topic.c_str(), i)->offset = RD_KAFKA_OFFSET_BEGINNING;
  }
  require(rd_kafka_assign(consumer.get(), all.get()), "cannot assign " + o.topic);
  totals read;
  for (int ended = 0; ended < partitions;) {
    const flow::rdkafka_message message(rd_kafka_consumer_poll(consumer.get(), 1000));
    if (!message) continue;
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      ++ended;
      continue;
    }
    require(message->err, "cannot read " + o.topic);
    ++read.records;
    read.bytes += static_cast<std::int64_t>(message->len);
  }
  return read;
}

totals with_libflow(const kafka_options& o, const flow::trigger& when) {
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
  const totals read = run();
  const double wall = watch.seconds();
  return {{"records", read.records},
          {"bytes", read.bytes},
          {"seconds", wall},
          {"cpu_seconds", watch.cpu_seconds()},
          {"records_per_second", static_cast<double>(read.records) / wall}};
}

}  // namespace

nlohmann::json kafka_throughput(const kafka_options& o) {
  fill(o);
  nlohmann::json result = {{"workload", "kafka-throughput"}, {"threads", o.threads}};
  result["plain_loop"] = timed([&] { return plain_loop(o); });
  result["micro_batch"] = timed([&] { return with_libflow(o, flow::trigger::available_now()); });
  result["continuous"] = timed([&] { return with_libflow(o, flow::trigger::continuous("100 ms")); });
  const auto ratio = [&](const char* which, const char* of, bool inverse) {
    const double a = result[which][of].get<double>(), b = result["plain_loop"][of].get<double>();
    return inverse ? b / a : a / b;
  };
  for (const auto* mode : {"micro_batch", "continuous"}) {
    result[mode]["ratio"] = ratio(mode, "records_per_second", false);
    result[mode]["cpu_ratio"] = ratio(mode, "cpu_seconds", true);
  }
  return result;
}

}  // namespace bench
