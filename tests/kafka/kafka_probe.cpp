#include "kafka_probe.hpp"

#include <set>
#include <stdexcept>
#include <utility>

#include "kafka_broker.hpp"

namespace flow::test {

namespace {

constexpr int patience_ms = 30000;

void require(rd_kafka_resp_err_t code, const std::string& what) {
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(what + ": " + rd_kafka_err2str(code));
}

void require(rd_kafka_error_t* raw, const std::string& what) {
  const rdkafka_error failure(raw);
  if (failure) throw std::runtime_error(what + ": " + rd_kafka_error_string(failure.get()));
}

using admin_options = rdkafka_handle<rd_kafka_AdminOptions_t, rd_kafka_AdminOptions_destroy>;

/// Operations return once the controller has done them.
admin_options waiting(rd_kafka_t* client, rd_kafka_admin_op_t what) {
  admin_options options(rd_kafka_AdminOptions_new(client, what));
  char why[256];
  if (what != RD_KAFKA_ADMIN_OP_CREATEACLS) {
    require(rd_kafka_AdminOptions_set_operation_timeout(options.get(), patience_ms, why, sizeof why), "admin timeout");
  }
  return options;
}

void write(rd_kafka_t* producer, const std::string& topic, const record& each) {
  rd_kafka_headers_t* headers = each.headers.empty() ? nullptr : rd_kafka_headers_new(each.headers.size());
  for (const auto& [name, value] : each.headers) {
    rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                        static_cast<ssize_t>(value.size()));
  }
  // librdkafka takes what it copies without const.
  auto* key = each.key ? const_cast<char*>(each.key->data()) : nullptr;
  const auto key_size = each.key ? each.key->size() : 0;
  auto* value = each.tombstone ? nullptr : const_cast<char*>(each.value.data());
  const auto value_size = each.tombstone ? 0 : each.value.size();
  for (;;) {
    const auto result = rd_kafka_producev(producer, RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(each.partition),
                                          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key, key_size),
                                          RD_KAFKA_V_VALUE(value, value_size), RD_KAFKA_V_TIMESTAMP(each.timestamp),
                                          RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
    if (result == RD_KAFKA_RESP_ERR_NO_ERROR) return;
    if (result != RD_KAFKA_RESP_ERR__QUEUE_FULL) require(result, "produce to " + topic);
    rd_kafka_poll(producer, 10);
  }
}

record to_record(const rd_kafka_message_t& message) {
  record out;
  out.partition = message.partition;
  out.offset = message.offset;
  out.tombstone = message.payload == nullptr;
  if (message.payload) out.value.assign(static_cast<const char*>(message.payload), message.len);
  if (message.key) out.key.emplace(static_cast<const char*>(message.key), message.key_len);
  out.timestamp = rd_kafka_message_timestamp(&message, nullptr);
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return out;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
    out.headers.emplace_back(name, std::string(static_cast<const char*>(value), size));
  }
  return out;
}

}  // namespace

kafka_probe::kafka_probe(std::string servers, client_properties properties)
    : servers_(std::move(servers)), properties_(std::move(properties)) {}
kafka_probe::~kafka_probe() = default;
kafka_probe::kafka_probe(kafka_probe&&) noexcept = default;

rdkafka_conf kafka_probe::conf() const {
  rdkafka_conf conf(rd_kafka_conf_new());
  set_property(*conf, "bootstrap.servers", servers_);
  set_property(*conf, "reconnect.backoff.max.ms", "500");  // Tests start brokers again.
  for (const auto& [name, value] : properties_) set_property(*conf, name, value);
  return conf;
}

rd_kafka_t* kafka_probe::producer() {
  if (!producer_) {
    auto with = conf();
    set_property(*with, "linger.ms", "1");
    set_property(*with, "acks", "all");
    // A topic made by an earlier call must be seen at once.
    set_property(*with, "topic.metadata.propagation.max.ms", "10000");
    producer_ = std::make_unique<kafka_client>(RD_KAFKA_PRODUCER, std::move(with), "probe");
  }
  return producer_->get();
}

rd_kafka_t* kafka_probe::admin() { return producer(); }

void kafka_probe::wait_for_result(rd_kafka_queue_t* queue, const std::string& what) {
  const rdkafka_event event(rd_kafka_queue_poll(queue, patience_ms));
  if (!event) throw std::runtime_error(what + ": no answer");
  require(rd_kafka_event_error(event.get()), what);
  std::size_t count = 0;
  const auto check_topics = [&](const rd_kafka_topic_result_t** results) {
    for (std::size_t i = 0; i < count; ++i) require(rd_kafka_topic_result_error(results[i]), what);
  };
  if (const auto* created = rd_kafka_event_CreateTopics_result(event.get())) {
    check_topics(rd_kafka_CreateTopics_result_topics(created, &count));
  } else if (const auto* deleted = rd_kafka_event_DeleteTopics_result(event.get())) {
    check_topics(rd_kafka_DeleteTopics_result_topics(deleted, &count));
  } else if (const auto* added = rd_kafka_event_CreatePartitions_result(event.get())) {
    check_topics(rd_kafka_CreatePartitions_result_topics(added, &count));
  } else if (const auto* records = rd_kafka_event_DeleteRecords_result(event.get())) {
    const auto* offsets = rd_kafka_DeleteRecords_result_offsets(records);
    for (int i = 0; i < offsets->cnt; ++i) require(offsets->elems[i].err, what);
  } else if (const auto* rights = rd_kafka_event_CreateAcls_result(event.get())) {
    const auto** results = rd_kafka_CreateAcls_result_acls(rights, &count);
    for (std::size_t i = 0; i < count; ++i) {
      if (const auto* failure = rd_kafka_acl_result_error(results[i]))
        throw std::runtime_error(what + ": " + rd_kafka_error_string(failure));
    }
  }
}

void kafka_probe::create_topic(const std::string& name, int partitions, const std::map<std::string, std::string>& config) {
  auto* client = admin();
  const rdkafka_queue queue(rd_kafka_queue_new(client));
  char why[256];
  const rdkafka_handle<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy> topic(
      rd_kafka_NewTopic_new(name.c_str(), partitions, 1, why, sizeof why));
  for (const auto& [key, value] : config) require(rd_kafka_NewTopic_set_config(topic.get(), key.c_str(), value.c_str()), key);
  auto* one = topic.get();
  rd_kafka_CreateTopics(client, &one, 1, waiting(client, RD_KAFKA_ADMIN_OP_CREATETOPICS).get(), queue.get());
  wait_for_result(queue.get(), "create topic " + name);
  // The controller has it; the broker answers for it a moment later.
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(patience_ms);
  while (partition_count(name) != partitions) {
    if (std::chrono::steady_clock::now() > until) throw std::runtime_error("topic " + name + " did not come up");
  }
}

void kafka_probe::delete_topic(const std::string& name) {
  auto* client = admin();
  const rdkafka_queue queue(rd_kafka_queue_new(client));
  const rdkafka_handle<rd_kafka_DeleteTopic_t, rd_kafka_DeleteTopic_destroy> topic(rd_kafka_DeleteTopic_new(name.c_str()));
  auto* one = topic.get();
  rd_kafka_DeleteTopics(client, &one, 1, waiting(client, RD_KAFKA_ADMIN_OP_DELETETOPICS).get(), queue.get());
  wait_for_result(queue.get(), "delete topic " + name);
}

void kafka_probe::add_partitions(const std::string& name, int total) {
  auto* client = admin();
  const rdkafka_queue queue(rd_kafka_queue_new(client));
  char why[256];
  const rdkafka_handle<rd_kafka_NewPartitions_t, rd_kafka_NewPartitions_destroy> more(
      rd_kafka_NewPartitions_new(name.c_str(), static_cast<std::size_t>(total), why, sizeof why));
  auto* one = more.get();
  rd_kafka_CreatePartitions(client, &one, 1, waiting(client, RD_KAFKA_ADMIN_OP_CREATEPARTITIONS).get(), queue.get());
  wait_for_result(queue.get(), "add partitions to " + name);
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(patience_ms);
  while (partition_count(name) != total) {
    if (std::chrono::steady_clock::now() > until) throw std::runtime_error("partitions of " + name + " did not come up");
  }
}

void kafka_probe::delete_records(const std::string& topic, int partition, std::int64_t before) {
  auto* client = admin();
  const rdkafka_queue queue(rd_kafka_queue_new(client));
  const rdkafka_partitions offsets(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(offsets.get(), topic.c_str(), partition)->offset = before;
  const rdkafka_handle<rd_kafka_DeleteRecords_t, rd_kafka_DeleteRecords_destroy> what(
      rd_kafka_DeleteRecords_new(offsets.get()));
  auto* one = what.get();
  rd_kafka_DeleteRecords(client, &one, 1, waiting(client, RD_KAFKA_ADMIN_OP_DELETERECORDS).get(), queue.get());
  wait_for_result(queue.get(), "delete records of " + topic);
}

void kafka_probe::create_acl(const std::string& topic, const std::string& principal, rd_kafka_AclOperation_t operation,
                             rd_kafka_AclPermissionType_t permission) {
  auto* client = admin();
  const rdkafka_queue queue(rd_kafka_queue_new(client));
  char why[256];
  const rdkafka_handle<rd_kafka_AclBinding_t, rd_kafka_AclBinding_destroy> acl(
      rd_kafka_AclBinding_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str(), RD_KAFKA_RESOURCE_PATTERN_LITERAL, principal.c_str(), "*",
                              operation, permission, why, sizeof why));
  if (!acl) throw std::runtime_error(std::string("acl: ") + why);
  auto* one = acl.get();
  rd_kafka_CreateAcls(client, &one, 1, waiting(client, RD_KAFKA_ADMIN_OP_CREATEACLS).get(), queue.get());
  wait_for_result(queue.get(), "create acl of " + topic);
}

void kafka_probe::produce(const std::string& topic, const std::vector<record>& records) {
  auto* client = producer();
  for (const auto& each : records) write(client, topic, each);
  require(rd_kafka_flush(client, patience_ms), "flush to " + topic);
}

std::function<void(bool)> kafka_probe::begin_transaction(const std::string& topic, const std::vector<record>& records) {
  auto client = std::exchange(idle_transactional_, nullptr);
  if (!client) {
    auto with = conf();
    set_property(*with, "transactional.id", unique_name("probe"));
    client = std::make_shared<kafka_client>(RD_KAFKA_PRODUCER, std::move(with), "transaction");
    require(rd_kafka_init_transactions(client->get(), patience_ms), "init transactions");
  }
  require(rd_kafka_begin_transaction(client->get()), "begin transaction");
  for (const auto& each : records) write(client->get(), topic, each);
  // On the broker, so that an abort leaves its records and their control record behind.
  require(rd_kafka_flush(client->get(), patience_ms), "flush to " + topic);
  std::set<int> partitions;
  for (const auto& each : records) partitions.insert(each.partition);
  return [this, client, topic, partitions](bool commit) {
    require(commit ? rd_kafka_commit_transaction(client->get(), patience_ms)
                   : rd_kafka_abort_transaction(client->get(), patience_ms),
            "end transaction");
    for (const int partition : partitions) wait_for_markers(topic, partition);
    idle_transactional_ = client;
  };
}

/// A transaction has ended before its control records are written.
void kafka_probe::wait_for_markers(const std::string& topic, int partition) const {
  std::int64_t low = 0, stable = 0, high = -1;
  const auto ask = [&](const char* isolation, std::int64_t& end) {
    auto with = conf();
    set_property(*with, "isolation.level", isolation);
    const kafka_client client(RD_KAFKA_CONSUMER, std::move(with), "watermarks");
    require(rd_kafka_query_watermark_offsets(client.get(), topic.c_str(), partition, &low, &end, patience_ms),
            "offsets of " + topic);
  };
  ask("read_uncommitted", high);
  while (stable < high) ask("read_committed", stable);
}

void kafka_probe::produce_transaction(const std::string& topic, const std::vector<record>& records, bool commit) {
  begin_transaction(topic, records)(commit);
}

std::vector<record> kafka_probe::read(const std::string& topic, bool committed_only) {
  auto with = conf();
  set_property(*with, "group.id", unique_name("probe"));
  set_property(*with, "isolation.level", committed_only ? "read_committed" : "read_uncommitted");
  set_property(*with, "enable.partition.eof", "true");
  set_property(*with, "fetch.wait.max.ms", "10");
  const kafka_client client(RD_KAFKA_CONSUMER, std::move(with), "reader");
  const int partitions = partition_count(topic);
  const rdkafka_partitions assigned(rd_kafka_topic_partition_list_new(partitions));
  for (int i = 0; i < partitions; ++i) {
    rd_kafka_topic_partition_list_add(assigned.get(), topic.c_str(), i)->offset = RD_KAFKA_OFFSET_BEGINNING;
  }
  require(rd_kafka_assign(client.get(), assigned.get()), "assign " + topic);
  std::vector<std::vector<record>> parts(static_cast<std::size_t>(partitions));
  std::set<int> ended;  // A partition that grows meanwhile ends again.
  while (static_cast<int>(ended.size()) < partitions) {
    const rdkafka_message message(rd_kafka_consumer_poll(client.get(), patience_ms));
    if (!message) throw std::runtime_error("read " + topic + ": nothing came");
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      ended.insert(message->partition);
    } else {
      require(message->err, "read " + topic);
      parts[static_cast<std::size_t>(message->partition)].push_back(to_record(*message));
    }
  }
  std::vector<record> all;
  for (auto& part : parts) all.insert(all.end(), std::make_move_iterator(part.begin()), std::make_move_iterator(part.end()));
  return all;
}

std::pair<std::int64_t, std::int64_t> kafka_probe::watermarks(const std::string& topic, int partition) {
  auto with = conf();
  const kafka_client client(RD_KAFKA_CONSUMER, std::move(with), "watermarks");
  std::int64_t low = 0, high = 0;
  require(rd_kafka_query_watermark_offsets(client.get(), topic.c_str(), partition, &low, &high, patience_ms),
          "offsets of " + topic);
  return {low, high};
}

int kafka_probe::partition_count(const std::string& topic) {
  auto* client = producer();
  const rdkafka_topic one(rd_kafka_topic_new(client, topic.c_str(), nullptr));
  const rd_kafka_metadata_t* found = nullptr;
  require(rd_kafka_metadata(client, 0, one.get(), &found, patience_ms), "metadata of " + topic);
  const rdkafka_metadata metadata(found);
  const auto& answer = metadata->topics[0];
  for (int i = 0; i < answer.partition_cnt; ++i) {
    if (answer.partitions[i].err != RD_KAFKA_RESP_ERR_NO_ERROR) return 0;
  }
  return answer.err == RD_KAFKA_RESP_ERR_NO_ERROR ? answer.partition_cnt : 0;
}

std::vector<record> numbered_records(int count, int partition, int first) {
  std::vector<record> all;
  for (int i = first; i < first + count; ++i) all.push_back({.value = "v" + std::to_string(i), .partition = partition});
  return all;
}

}  // namespace flow::test
