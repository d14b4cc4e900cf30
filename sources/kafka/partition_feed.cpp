#include "sources/kafka/partition_feed.hpp"

#include <algorithm>
#include <utility>

namespace flow {

namespace {

void on_event(rd_kafka_t*, void* opaque) { (*static_cast<std::function<void()>*>(opaque))(); }

}  // namespace

partition_feed::partition_feed(std::shared_ptr<kafka_client> client, topic_partition what, std::int64_t begin)
    : client_(std::move(client)),
      what_(std::move(what)),
      topic_(rd_kafka_topic_new(client_->get(), what_.topic.c_str(), nullptr)),
      queue_(rd_kafka_queue_new(client_->get())) {
  start(begin);
}

partition_feed::~partition_feed() {
  on_message(nullptr);
  stop();
}

void partition_feed::start(std::int64_t begin) {
  if (rd_kafka_consume_start_queue(topic_.get(), what_.partition, begin, queue_.get()) != 0) {
    throw kafka_error(errc::unreadable_input, "cannot fetch " + to_string(what_), rd_kafka_last_error());
  }
  started_ = true;
  records_end_ = at_ = begin;
}

void partition_feed::stop() {
  held_.reset();
  if (std::exchange(started_, false)) rd_kafka_consume_stop(topic_.get(), what_.partition);
}

void partition_feed::restart(std::int64_t begin) {
  stop();
  start(begin);
}

rdkafka_message partition_feed::take(int timeout_ms) {
  if (held_) return std::move(held_);
  return rdkafka_message(rd_kafka_consume_queue(queue_.get(), timeout_ms));
}

void partition_feed::put_back(rdkafka_message message) { held_ = std::move(message); }

void partition_feed::advance(std::int64_t offset, bool after_record) {
  at_ = std::max(at_, offset);
  if (after_record) records_end_ = at_;
}

/// librdkafka calls under the queue's lock, which switching it off takes too: the old callback is over when this returns.
void partition_feed::on_message(std::function<void()> callback) {
  rd_kafka_queue_cb_event_enable(queue_.get(), nullptr, nullptr);
  callback_ = std::move(callback);
  if (callback_) rd_kafka_queue_cb_event_enable(queue_.get(), on_event, &callback_);
}

}  // namespace flow
