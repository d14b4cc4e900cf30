#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "kafka/kafka_client.hpp"
#include "sources/kafka/topic_partition.hpp"

namespace flow {

/// One partition of one librdkafka instance, being fetched into a queue of its own. Used by one reader at a time; between two
/// readers it goes on prefetching, within its bounds.
class partition_feed {
 public:
  /// Starts at `begin`.
  partition_feed(std::shared_ptr<kafka_client> client, topic_partition what, std::int64_t begin);
  ~partition_feed();
  partition_feed(const partition_feed&) = delete;
  partition_feed& operator=(const partition_feed&) = delete;

  const topic_partition& what() const noexcept { return what_; }
  /// The next message or event (an error, the partition's end), or null if there is none within the time.
  rdkafka_message take(int timeout_ms);
  /// Makes take() give it again.
  void put_back(rdkafka_message message);
  /// Everything before has been taken: the offset after the last message, or beyond it where nothing is left to read between.
  void advance(std::int64_t offset, bool after_record);
  /// Whether a reader that starts at `begin` can go on with what is in the queue.
  bool continues(std::int64_t begin) const noexcept { return records_end_ <= begin && begin <= at_; }
  std::int64_t at() const noexcept { return at_; }
  /// Throws away what is queued and fetches from there.
  void restart(std::int64_t begin);

  /// Calls it from a thread of librdkafka when something comes into the empty queue; null: no more. It must not call the feed.
  void on_message(std::function<void()> callback);

 private:
  void start(std::int64_t begin);
  void stop();

  std::shared_ptr<kafka_client> client_;
  topic_partition what_;
  rdkafka_topic topic_;
  rdkafka_queue queue_;
  rdkafka_message held_;
  std::int64_t records_end_ = 0, at_ = 0;
  bool started_ = false;
  std::function<void()> callback_;
};

}  // namespace flow
