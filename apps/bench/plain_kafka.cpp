#include "plain_kafka.hpp"

#include <array>
#include <chrono>

#include <unistd.h>

namespace bench {

namespace {

constexpr int patience_ms = 30'000;

}  // namespace

void check(rd_kafka_resp_err_t code, const std::string& what) {
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw flow::kafka_error(flow::errc::query_failed, what, code);
}

void check(rd_kafka_error_t* failure, const std::string& what) {
  const flow::rdkafka_error owned(failure);
  if (owned) throw flow::kafka_error(flow::errc::query_failed, what, rd_kafka_error_code(owned.get()));
}

std::unique_ptr<flow::kafka_client> plain_client(rd_kafka_type_t type, const std::string& brokers,
                                                 kafka_properties properties) {
  flow::rdkafka_conf conf(rd_kafka_conf_new());
  flow::set_property(*conf, "bootstrap.servers", brokers);
  for (const auto& [name, value] : properties) flow::set_property(*conf, name, value);
  return std::make_unique<flow::kafka_client>(type, std::move(conf), "bench");
}

std::unique_ptr<flow::kafka_client> plain_consumer(const std::string& brokers, const std::string& topic, int partitions,
                                                   kafka_properties properties) {
  flow::rdkafka_conf conf(rd_kafka_conf_new());
  flow::set_property(*conf, "bootstrap.servers", brokers);
  flow::set_property(*conf, "group.id", "flow-bench");
  flow::set_property(*conf, "isolation.level", "read_committed");
  flow::set_property(*conf, "enable.auto.commit", "false");
  for (const auto& [name, value] : properties) flow::set_property(*conf, name, value);
  auto made = std::make_unique<flow::kafka_client>(RD_KAFKA_CONSUMER, std::move(conf), "bench");
  const flow::rdkafka_partitions all(rd_kafka_topic_partition_list_new(partitions));
  for (int i = 0; i < partitions; ++i) rd_kafka_topic_partition_list_add(all.get(), topic.c_str(), i)->offset = 0;
  rd_kafka_poll_set_consumer(made->get());
  check(rd_kafka_assign(made->get(), all.get()), "cannot assign " + topic);
  return made;
}

std::unique_ptr<flow::kafka_client> fast_consumer(const std::string& brokers, const std::string& topic, int partitions) {
  return plain_consumer(
      brokers, topic, partitions,
      {{"enable.partition.eof", "true"}, {"queued.min.messages", "10000000"}, {"queued.max.messages.kbytes", "2097151"}});
}

topic_totals read_to_end(const std::string& brokers, const std::string& topic, int partitions) {
  const auto from = fast_consumer(brokers, topic, partitions);
  topic_totals all;
  for (int ended = 0; ended < partitions;) {
    const flow::rdkafka_message message(rd_kafka_consumer_poll(from->get(), 1000));
    if (!message) continue;
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      ++ended;
      continue;
    }
    check(message->err, "cannot read " + topic);
    ++all.records;
    all.bytes += static_cast<std::int64_t>(message->len);
  }
  return all;
}

int partitions_of(rd_kafka_t* client, const std::string& topic) {
  const flow::rdkafka_topic handle(rd_kafka_topic_new(client, topic.c_str(), nullptr));
  const rd_kafka_metadata_t* answer = nullptr;
  check(rd_kafka_metadata(client, 0, handle.get(), &answer, patience_ms), "cannot look up " + topic);
  const flow::rdkafka_metadata metadata(answer);
  return metadata->topics[0].err == RD_KAFKA_RESP_ERR_NO_ERROR ? metadata->topics[0].partition_cnt : 0;
}

void create_topic(const std::string& brokers, const std::string& name, int partitions) {
  const auto admin = plain_client(RD_KAFKA_CONSUMER, brokers, {});  // A producer that asks for a topic makes it.
  const flow::rdkafka_queue queue(rd_kafka_queue_new(admin->get()));
  std::array<char, 256> why{};
  const flow::rdkafka_handle<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy> topic(
      rd_kafka_NewTopic_new(name.c_str(), partitions, 1, why.data(), why.size()));
  auto* one = topic.get();
  rd_kafka_CreateTopics(admin->get(), &one, 1, nullptr, queue.get());
  const flow::rdkafka_event created(rd_kafka_queue_poll(queue.get(), patience_ms));
  check(created ? rd_kafka_event_error(created.get()) : RD_KAFKA_RESP_ERR__TIMED_OUT, "cannot create " + name);
  std::size_t count = 0;
  const auto* made = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(created.get()), &count);
  for (std::size_t i = 0; i < count; ++i) check(rd_kafka_topic_result_error(made[i]), "cannot create " + name);
  while (partitions_of(admin->get(), name) != partitions) rd_kafka_poll(admin->get(), 10);
}

std::string fresh_topic(const std::string& brokers, const std::string& stem, int partitions) {
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  const auto name = "bench-" + stem + "-" + std::to_string(::getpid()) + "-" + std::to_string(now);
  create_topic(brokers, name, partitions);
  return name;
}

void commit_with_position(rd_kafka_t* producer, rd_kafka_t* consumer, const std::string& group) {
  const flow::rdkafka_group_metadata of_group(rd_kafka_consumer_group_metadata_new(group.c_str()));
  rd_kafka_topic_partition_list_t* raw = nullptr;
  check(rd_kafka_assignment(consumer, &raw), "assignment");
  const flow::rdkafka_partitions positions(raw);
  check(rd_kafka_position(consumer, positions.get()), "position");
  check(rd_kafka_send_offsets_to_transaction(producer, positions.get(), of_group.get(), patience_ms),
        "send_offsets_to_transaction");
  check(rd_kafka_commit_transaction(producer, patience_ms), "commit_transaction");
}

}  // namespace bench
