#include "sources/kafka/kafka_reader.hpp"

#include <utility>

#include "flow/error.hpp"

namespace flow {

namespace {

constexpr int wait_step_ms = 100;

}  // namespace

source_split kafka_range::to_split() const {
  nlohmann::json description = {{"topic", what.topic}, {"partition", what.partition}, {"begin", begin}};
  auto id = to_string(what);
  if (bounded()) {
    description["end"] = end;
    id += ":" + std::to_string(begin);
  }
  return {id, std::move(description), bounded()};
}

kafka_range kafka_range::from(const source_split& split) {
  const auto& d = split.description;
  return {{d.at("topic").get<std::string>(), d.at("partition").get<int>()},
          d.at("begin").get<std::int64_t>(),
          d.contains("end") ? d.at("end").get<std::int64_t>() : endless};
}

kafka_reader::kafka_reader(std::shared_ptr<kafka_services> services, kafka_range range, const nlohmann::json& position,
                           schema_ptr schema, const std::vector<int>& columns, bool waits)
    : services_(std::move(services)),
      range_(std::move(range)),
      next_(position.is_null() ? range_.begin : position.at("next").get<std::int64_t>()),
      waits_(waits),
      columns_(range_.what.topic, range_.what.partition, std::move(schema), columns),
      deletions_(services_->watch ? services_->watch->deletions(range_.what) : 0) {}

kafka_reader::~kafka_reader() {
  if (feed_) services_->fetch.give_back(std::move(feed_));
}

read_status kafka_reader::read(const read_budget& budget, batch& out) {
  out = nullptr;
  if (!feed_ && !done()) {
    feed_ = services_->fetch.lease(range_.what, next_, callback_);
    next_ = std::max(next_, feed_->at());
  }
  do {
    fill(budget);
  } while (waits_ && columns_.rows() == 0 && !done() && !wait_is_over());
  if (columns_.rows() > 0) {
    waiting_since_.reset();
    messages_taken_ += columns_.rows();
    bytes_taken_ += columns_.bytes();
    tell_of_room();
    out = columns_.finish();
    return read_status::rows;
  }
  if (done()) return read_status::end;
  wait_is_over();
  return read_status::idle;
}

void kafka_reader::fill(const read_budget& budget) {
  while (!done() && columns_.rows() < budget.rows && columns_.bytes() < budget.bytes) {
    auto message = feed_->take(waits_ && columns_.rows() == 0 ? wait_step_ms : 0);
    if (!message) return;
    take(std::move(message));
  }
}

void kafka_reader::take(rdkafka_message message) {
  if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    // Behind control records and aborted transactions no record tells how far the partition has been read.
    feed_->advance(message->offset, false);
    next_ = std::max(next_, message->offset);
  } else if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    on_failure(*message);
  } else if (message->offset >= range_.end) {
    feed_->advance(message->offset, false);
    feed_->put_back(std::move(message));
    next_ = range_.end;
  } else {
    columns_.append(*message);
    next_ = message->offset + 1;
    feed_->advance(next_, true);
  }
}

/// Half a queue has been taken: if it was full, its fetching has paused until librdkafka looks at it again.
void kafka_reader::tell_of_room() {
  if (messages_taken_ < services_->fetch.full_messages() / 2 && bytes_taken_ < services_->fetch.full_bytes() / 2) return;
  messages_taken_ = bytes_taken_ = 0;
  services_->fetch.room_in(*feed_);
}

void kafka_reader::on_failure(const rd_kafka_message_t& event) {
  switch (event.err) {
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
      return skip_lost_records();
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
      return;  // The watch knows whether it is gone or its leader is only moving.
    default:
      if (is_outage(event.err)) return;
      throw kafka_error(errc::unreadable_input, "cannot read " + to_string(range_.what) + " at offset " + std::to_string(next_),
                        event.err, rd_kafka_message_errstr(&event));
  }
}

/// An offset that was fetched is not in the partition (any more). Not always the next one: a feed that was parked may have
/// fetched on in a topic that was deleted and made anew, and what it then heard is not taken back by a restart.
void kafka_reader::skip_lost_records() {
  const auto earliest = services_->view.offsets({range_.what}, earliest_offset);
  const auto latest = services_->view.offsets({range_.what}, latest_offset);
  if (earliest.empty() || latest.empty()) return;  // Deleted: the watch tells.
  const auto first = earliest.at(range_.what);
  if (first <= next_ && next_ <= latest.at(range_.what)) {
    feed_->restart(next_);
    return;
  }
  if (first > next_) {
    const auto upto = std::min(first, range_.end);
    services_->losses.add("Records of " + to_string(range_.what) + " from offset " + std::to_string(next_) + " to " +
                          std::to_string(upto - 1) + " are gone: the earliest is now " + std::to_string(first));
    next_ = upto;
  } else {
    services_->losses.add("Partition " + to_string(range_.what) + " ends before offset " + std::to_string(next_) +
                          ", up to which it was read: its topic was made anew or truncated");
    next_ = range_.bounded() ? range_.end : first;
  }
  if (!done()) feed_->restart(next_);
}

/// Nothing came. True if nothing more is to come; ends the query if it took too long or the partition was deleted.
bool kafka_reader::wait_is_over() {
  if (services_->watch && services_->watch->deletions(range_.what) > deletions_) {
    services_->losses.add("Partition " + to_string(range_.what) + " was deleted while it was read; the next offset was " +
                          std::to_string(next_));
    gone_ = true;
    return true;
  }
  if (!range_.bounded()) return false;
  const auto now = std::chrono::steady_clock::now();
  if (!waiting_since_) waiting_since_ = now;
  if (now - *waiting_since_ < services_->poll_timeout) return false;
  const auto why = services_->fetch.last_connection_error();
  throw error(errc::unreadable_input,
              "cannot read " + to_string(range_.what) + " of kafka.bootstrap.servers=" + services_->fetch.servers() +
                  " at offset " + std::to_string(next_) + ": nothing came within " +
                  std::to_string(services_->poll_timeout.count()) + " ms" + (why.empty() ? "" : " (" + why + ")") +
                  "; raise \"kafkaConsumer.pollTimeoutMs\" if the brokers are slow");
}

bool kafka_reader::caught_up(std::chrono::steady_clock::time_point since) const {
  if (done() || !services_->watch) return true;
  const auto latest = services_->watch->latest_since(range_.what, since);
  return latest && next_ >= *latest;
}

}  // namespace flow
