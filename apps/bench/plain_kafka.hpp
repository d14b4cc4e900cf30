#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <utility>

#include "kafka/kafka_client.hpp"
#include "topic_totals.hpp"

namespace bench {

/// Plain librdkafka for the reference loops: no more than a hand-written program would have.

/// @throws flow::error naming `what`, unless the call went well.
void check(rd_kafka_resp_err_t code, const std::string& what);
void check(rd_kafka_error_t* failure, const std::string& what);

using kafka_properties = std::initializer_list<std::pair<const char*, std::string>>;

std::unique_ptr<flow::kafka_client> plain_client(rd_kafka_type_t type, const std::string& brokers, kafka_properties properties);
/// Reads all partitions of the topic from their beginnings, read_committed.
std::unique_ptr<flow::kafka_client> plain_consumer(const std::string& brokers, const std::string& topic, int partitions,
                                                   kafka_properties properties = {});

/// Reads a topic as fast as it goes: its end is told, and the queue has room for all of it, since librdkafka 2.0.2 stops
/// fetching for up to a second once its queue is full.
std::unique_ptr<flow::kafka_client> fast_consumer(const std::string& brokers, const std::string& topic, int partitions);

/// One consumer polls all partitions of the topic to their ends.
topic_totals read_to_end(const std::string& brokers, const std::string& topic, int partitions);

/// 0 if there is no such topic.
int partitions_of(rd_kafka_t* client, const std::string& topic);
/// Returns when brokers know all its partitions.
void create_topic(const std::string& brokers, const std::string& name, int partitions);
/// "bench-STEM-...", which no other run has.
std::string fresh_topic(const std::string& brokers, const std::string& stem, int partitions);

/// Commits the open transaction of `producer` with the consumer's position in it, as any consumer would.
void commit_with_position(rd_kafka_t* producer, rd_kafka_t* consumer, const std::string& group);

}  // namespace bench
