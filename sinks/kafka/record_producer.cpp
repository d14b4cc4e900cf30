#include "sinks/kafka/record_producer.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "flow/error.hpp"

namespace flow {

namespace {

using clock = std::chrono::steady_clock;

constexpr int slice_ms = 100;

rdkafka_conf with_failure_events(rdkafka_conf conf) {
  set_property(*conf, "delivery.report.only.error", "true");
  rd_kafka_conf_set_events(conf.get(), RD_KAFKA_EVENT_DR);
  return conf;
}

/// What the user must mend; no restart will.
bool is_for_the_user(rd_kafka_resp_err_t code) {
  constexpr std::array codes{RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
                             RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE,
                             RD_KAFKA_RESP_ERR_INVALID_RECORD,
                             RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP,
                             RD_KAFKA_RESP_ERR_POLICY_VIOLATION,
                             RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION,
                             RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
                             RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
                             RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
                             RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
                             RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
                             RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
                             RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
                             RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT,
                             RD_KAFKA_RESP_ERR_UNSUPPORTED_COMPRESSION_TYPE,
                             RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION,
                             RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE,
                             RD_KAFKA_RESP_ERR__AUTHENTICATION,
                             RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED,
                             RD_KAFKA_RESP_ERR__SSL,
                             RD_KAFKA_RESP_ERR__INVALID_ARG};
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

std::string topic_text(std::string_view topic) { return "topic \"" + std::string(topic) + "\""; }

error delivery_error(const rd_kafka_message_t& failed) {
  auto what = "a record of " + std::to_string(failed.len + failed.key_len) + " bytes could not be written to " +
              topic_text(rd_kafka_topic_name(failed.rkt));
  if (failed.partition >= 0) what += ", partition " + std::to_string(failed.partition);
  return producer_error(what, failed.err);
}

/// Follows from another failure, which says more.
bool is_consequence(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR__PURGE_QUEUE || code == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT;
}

/// Bytes as librdkafka takes them: null only where the row has null.
const void* data_of(const std::optional<std::string_view>& bytes) {
  if (!bytes) return nullptr;
  return bytes->data() == nullptr ? "" : bytes->data();
}

}  // namespace

error producer_error(std::string_view what, rd_kafka_resp_err_t cause, std::string_view detail) {
  return kafka_error(is_for_the_user(cause) ? errc::unwritable_output : errc::restart_required, what, cause, detail);
}

record_producer::record_producer(rdkafka_conf conf, std::string name, duration patience)
    : client_(RD_KAFKA_PRODUCER, with_failure_events(std::move(conf)), std::move(name)),
      patience_(patience),
      events_(rd_kafka_queue_get_main(client_.get())) {}

void record_producer::send(const record_rows& rows, const std::string& topic) {
  auto* const fixed = topic.empty() ? nullptr : topic_of(topic);
  for (std::int64_t row = 0; row < rows.count(); ++row) {
    send_one(rows, row, fixed != nullptr ? fixed : topic_of(rows.required_topic(row)));
  }
  take_failures();
}

void record_producer::send_one(const record_rows& rows, std::int64_t row, rd_kafka_topic_t* topic) {
  auto failure = enqueue(rows, row, topic);
  while (failure == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
    rd_kafka_flush(get(), slice_ms / 10);
    take_failures();
    check();
    failure = enqueue(rows, row, topic);
  }
  if (failure == RD_KAFKA_RESP_ERR_NO_ERROR) return;
  check();
  if (failure == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION) {
    throw error(errc::unwritable_output, "a row's partition is " + std::to_string(rows.partition(row).value_or(-1)) +
                                             ", which " + topic_text(rd_kafka_topic_name(topic)) + " does not have");
  }
  const auto bytes = rows.key(row).value_or("").size() + rows.value(row).value_or("").size();
  throw producer_error(
      "a record of " + std::to_string(bytes) + " bytes could not be queued for " + topic_text(rd_kafka_topic_name(topic)),
      failure);
}

rd_kafka_resp_err_t record_producer::enqueue(const record_rows& rows, std::int64_t row, rd_kafka_topic_t* topic) {
  const auto key = rows.key(row);
  const auto value = rows.value(row);
  const auto partition = rows.partition(row).value_or(RD_KAFKA_PARTITION_UA);
  auto* const bytes = const_cast<void*>(data_of(value));
  if (!rows.has_headers(row)) {
    const int failed = rd_kafka_produce(topic, partition, RD_KAFKA_MSG_F_COPY, bytes, value.value_or("").size(), data_of(key),
                                        key.value_or("").size(), nullptr);
    return failed == 0 ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_last_error();
  }
  rdkafka_headers headers(rd_kafka_headers_new(4));
  rows.each_header(row, [&](std::string_view name, const std::optional<std::string_view>& content) {
    // Refuses only headers that a record owns already.
    static_cast<void>(rd_kafka_header_add(headers.get(), name.data(), static_cast<ssize_t>(name.size()), data_of(content),
                                          static_cast<ssize_t>(content.value_or("").size())));
  });
  const auto failure = rd_kafka_producev(
      get(), RD_KAFKA_V_RKT(topic), RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
      RD_KAFKA_V_VALUE(bytes, value.value_or("").size()), RD_KAFKA_V_KEY(data_of(key), key.value_or("").size()),
      RD_KAFKA_V_HEADERS(headers.get()), RD_KAFKA_V_END);
  if (failure == RD_KAFKA_RESP_ERR_NO_ERROR) static_cast<void>(headers.release());  // The record owns them now.
  return failure;
}

void record_producer::flush() {
  while (rd_kafka_flush(get(), slice_ms) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    take_failures();
    check();
  }
  take_failures();
}

rd_kafka_topic_t* record_producer::topic_of(std::string_view name) {
  if (last_topic_ != nullptr && last_name_ == name) return last_topic_;
  auto found = topics_.find(name);
  if (found == topics_.end()) {
    std::string key(name);
    rdkafka_topic topic(rd_kafka_topic_new(get(), key.c_str(), nullptr));
    if (!topic) throw producer_error("cannot write to " + topic_text(name), rd_kafka_last_error());
    check_topic(key, topic.get());
    found = topics_.emplace(std::move(key), std::move(topic)).first;
  }
  last_name_ = name;
  last_topic_ = found->second.get();
  return last_topic_;
}

/// Asks the brokers, because a producer would find out only when the records' time is up. A topic made a moment ago (by them
/// too, where they make topics on first use) may need a moment to be known.
void record_producer::check_topic(const std::string& name, rd_kafka_topic_t* topic) const {
  constexpr auto until_known = std::chrono::seconds(3);
  const auto begin = clock::now();
  const auto end = begin + std::chrono::microseconds(patience_.microseconds);
  auto failure = RD_KAFKA_RESP_ERR_NO_ERROR;
  do {
    const rd_kafka_metadata_t* raw = nullptr;
    failure = rd_kafka_metadata(get(), 0, topic, &raw, 10 * slice_ms);
    const rdkafka_metadata answer(raw);
    if (answer && answer->topic_cnt == 1) failure = answer->topics[0].err;
    if (failure == RD_KAFKA_RESP_ERR_NO_ERROR && answer && answer->topic_cnt == 1 && answer->topics[0].partition_cnt > 0)
      return;
    if (const auto refused = client_.refused_connection(); refused != RD_KAFKA_RESP_ERR_NO_ERROR) failure = refused;
    const bool unknown = failure == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || failure == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
    if (is_for_the_user(failure) && !(unknown && clock::now() < begin + until_known)) break;
    rd_kafka_poll(get(), slice_ms);
  } while (clock::now() < end);
  throw producer_error("cannot write to " + topic_text(name) + " at kafka.bootstrap.servers", failure,
                       client_.last_connection_error());
}

void record_producer::take_failures() {
  std::optional<error> first;
  bool explained = false;
  for (rdkafka_event event(rd_kafka_queue_poll(events_.get(), 0)); event; event.reset(rd_kafka_queue_poll(events_.get(), 0))) {
    while (const auto* failed = rd_kafka_event_message_next(event.get())) {
      if (explained || failed->err == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
      first = delivery_error(*failed);
      explained = !is_consequence(failed->err);
    }
  }
  if (!first) return;
  if (first->code() == errc::restart_required) check();
  throw error(*first);
}

void record_producer::check() const {
  std::string why;
  if (const auto fatal = client_.fatal_error(why); fatal != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw producer_error(client_.name() + " cannot go on", fatal, why);
  }
  if (check_) check_();
}

}  // namespace flow
