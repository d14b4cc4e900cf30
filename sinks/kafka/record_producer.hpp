#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "flow/time.hpp"
#include "kafka/kafka_client.hpp"
#include "sinks/kafka/record_parts.hpp"

namespace flow {

/// One librdkafka producer and the topics it writes to. Used by one thread at a time.
///
/// Delivery reports come for failed records only, as events: so waiting for the rest costs nothing per record, and wakes up
/// the moment the last one is acknowledged (rd_kafka_flush looks every 10 ms where reports are callbacks).
class record_producer {
 public:
  /// @param conf     the user's properties and those of the guarantee.
  /// @param name     for messages: "producer q-0".
  /// @param patience how long a topic's metadata may take.
  record_producer(rdkafka_conf conf, std::string name, duration patience);

  /// What is called while waiting, and before the failure of a record is reported: throws if something worse has happened,
  /// of which that is a consequence.
  void watch(std::function<void()> check) { check_ = std::move(check); }

  rd_kafka_t* get() const noexcept { return client_.get(); }
  const kafka_client& client() const noexcept { return client_; }

  /// Queues the rows as records, in order, and waits for room where the queue is full. Each goes to `topic`, or, if that is
  /// "", to its own.
  /// @throws error{unwritable_output} for a record or topic that brokers refuse, error{restart_required} for outages.
  void send(const record_rows& rows, const std::string& topic);
  /// Waits until brokers have acknowledged all that was queued.
  void flush();
  /// Refuses a topic that does not exist or may not be seen.
  void look_up(const std::string& topic) { topic_of(topic); }

 private:
  rd_kafka_topic_t* topic_of(std::string_view name);
  void send_one(const record_rows& rows, std::int64_t row, rd_kafka_topic_t* topic);
  rd_kafka_resp_err_t enqueue(const record_rows& rows, std::int64_t row, rd_kafka_topic_t* topic);
  void check_topic(const std::string& name, rd_kafka_topic_t* topic) const;
  void take_failures();
  void check() const;

  kafka_client client_;
  duration patience_;
  std::function<void()> check_;
  rdkafka_queue events_;
  std::map<std::string, rdkafka_topic, std::less<>> topics_;
  rd_kafka_topic_t* last_topic_ = nullptr;  ///< The newest answer of topic_of().
  std::string last_name_;
};

/// A failed call as an error: what restarting at the checkpoint may mend (outages, lost or fenced transactions) is
/// restart_required, what only the user can mend (rights, sizes, topics) is unwritable_output.
error producer_error(std::string_view what, rd_kafka_resp_err_t cause, std::string_view detail = {});

}  // namespace flow
