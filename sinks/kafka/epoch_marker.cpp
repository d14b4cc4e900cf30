#include "sinks/kafka/epoch_marker.hpp"

#include <algorithm>
#include <chrono>

#include "sinks/kafka/record_producer.hpp"

namespace flow {

namespace {

using clock = std::chrono::steady_clock;

rdkafka_conf reader_conf(const kafka_sink_settings& settings, const std::string& group) {
  auto conf = make_conf(settings.client);
  set_property(*conf, "group.id", group);
  // Also makes brokers answer only once every offset under way is decided.
  set_property(*conf, "isolation.level", "read_committed");
  return conf;
}

rdkafka_partitions first_partitions(const std::vector<std::string>& topics) {
  rdkafka_partitions list(rd_kafka_topic_partition_list_new(static_cast<int>(topics.size())));
  for (const auto& topic : topics) rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), 0);
  return list;
}

rd_kafka_resp_err_t failure_in(const rd_kafka_topic_partition_list_t& offsets) {
  for (int i = 0; i < offsets.cnt; ++i) {
    if (offsets.elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR) return offsets.elems[i].err;
  }
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

std::optional<epoch> newest_in(const rd_kafka_topic_partition_list_t& offsets) {
  std::int64_t newest = -1;
  for (int i = 0; i < offsets.cnt; ++i) newest = std::max(newest, offsets.elems[i].offset);
  if (newest < 0) return std::nullopt;
  return epoch{static_cast<std::uint64_t>(newest)};
}

}  // namespace

std::optional<epoch> read_epoch_marker(const kafka_sink_settings& settings, const std::string& group,
                                       const std::vector<std::string>& topics) {
  if (topics.empty()) return std::nullopt;
  constexpr int slice_ms = 1000;
  // By a consumer: the admin client of librdkafka 2.0.2 crashes on answers that say "not yet".
  const kafka_client client(RD_KAFKA_CONSUMER, reader_conf(settings, group), "reader of " + group);
  const auto offsets = first_partitions(topics);
  const auto end = clock::now() + std::chrono::microseconds(settings.start_timeout.microseconds);
  while (true) {
    auto failure = rd_kafka_committed(client.get(), offsets.get(), slice_ms);
    if (failure == RD_KAFKA_RESP_ERR_NO_ERROR) failure = failure_in(*offsets);
    if (failure == RD_KAFKA_RESP_ERR_NO_ERROR) return newest_in(*offsets);
    auto told = producer_error("cannot read the marker of the last epoch written, in group \"" + group + "\"", failure,
                               client.last_connection_error());
    if (told.code() != errc::restart_required || clock::now() >= end) throw error(told);
  }
}

}  // namespace flow
