#include "sinks/kafka/transaction.hpp"

#include <chrono>

#include "flow/error.hpp"
#include "flow/failpoint.hpp"
#include "sinks/kafka/request_failpoints.hpp"

namespace flow {

namespace {

using clock = std::chrono::steady_clock;

int milliseconds_of(duration d) { return static_cast<int>(d.microseconds / 1000); }

rdkafka_conf transactional_conf(const kafka_sink_settings& settings, const std::string& id, duration timeout, duration linger) {
  auto conf = settings.producer_conf(std::to_string(milliseconds_of(linger)));
  set_property(*conf, "transactional.id", id);
  set_property(*conf, "transaction.timeout.ms", std::to_string(milliseconds_of(timeout)));
  pass_failpoints_on_requests(*conf);
  return conf;
}

}  // namespace

transaction::transaction(const kafka_sink_settings& settings, const std::string& id, duration timeout, duration linger)
    : timeout_(timeout),
      patience_(settings.start_timeout),
      records_(transactional_conf(settings, id, timeout, linger), "producer " + id, settings.start_timeout) {
  records_.watch([this] { check_open(); });
}

transaction::~transaction() { abandon(); }

void transaction::initialise() {
  constexpr int slice_ms = 500;
  const auto end = clock::now() + std::chrono::microseconds(patience_.microseconds);
  while (true) {
    const rdkafka_error failure(rd_kafka_init_transactions(records_.get(), slice_ms));
    if (!failure) return;
    rd_kafka_poll(records_.get(), 0);
    const auto refused = records_.client().refused_connection();
    const bool again = rd_kafka_error_is_retriable(failure.get()) != 0 && refused == RD_KAFKA_RESP_ERR_NO_ERROR;
    if (again && clock::now() < end) continue;
    const auto cause = refused != RD_KAFKA_RESP_ERR_NO_ERROR ? refused : rd_kafka_error_code(failure.get());
    auto detail = records_.client().last_connection_error();
    if (detail.empty()) detail = rd_kafka_error_string(failure.get());
    throw producer_error(records_.client().name() + " cannot begin its work at kafka.bootstrap.servers", cause, detail);
  }
}

void transaction::begin() {
  check("begin a transaction", rd_kafka_begin_transaction(records_.get()));
  open_ = true;
}

void transaction::mark(const std::string& group, const std::string& topic, epoch number) {
  marking_ = std::async(std::launch::async, [this, group, topic, number] { send_marker(group, topic, number); });
}

void transaction::complete() {
  try {
    marking_.get();
  } catch (const error&) {
    records_.flush();  // Where brokers refused a record, that is why, and says more.
    throw;
  }
  failpoint("kafka.mark.after");
  records_.flush();
  failpoint("kafka.flush.after");
}

void transaction::send_marker(const std::string& group, const std::string& topic, epoch number) const {
  // A transaction that is given up meanwhile need not wait for brokers that do not answer.
  constexpr int slice_ms = 2000;
  const rdkafka_partitions marker(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(marker.get(), topic.c_str(), 0)->offset = static_cast<std::int64_t>(number.value);
  const rdkafka_group_metadata of_group(rd_kafka_consumer_group_metadata_new(group.c_str()));
  const auto end = clock::now() + std::chrono::microseconds(timeout_.microseconds);
  while (true) {
    rdkafka_error failure(rd_kafka_send_offsets_to_transaction(records_.get(), marker.get(), of_group.get(), slice_ms));
    const bool too_slow = failure && rd_kafka_error_code(failure.get()) == RD_KAFKA_RESP_ERR__TIMED_OUT;
    if (too_slow && !abandoned_ && clock::now() < end) continue;
    return check("write the marker of an epoch", failure.release());
  }
}

void transaction::commit() {
  check("commit", rd_kafka_commit_transaction(records_.get(), milliseconds_of(timeout_)));
  open_ = false;
}

void transaction::abandon() noexcept {
  constexpr int patience_ms = 1000;
  abandoned_ = true;
  if (marking_.valid()) marking_.wait();
  if (!std::exchange(open_, false)) return;
  rd_kafka_purge(records_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  // Readers wait for records behind an open transaction until it times out.
  const rdkafka_error ignored(rd_kafka_abort_transaction(records_.get(), patience_ms));
}

void transaction::check(std::string_view what, rd_kafka_error_t* failure) const {
  const rdkafka_error owned(failure);
  if (!owned) return;
  throw producer_error(records_.client().name() + " could not " + std::string(what), rd_kafka_error_code(owned.get()),
                       rd_kafka_error_string(owned.get()));
}

/// A transaction that can only be aborted is told by no event; any call of its life cycle says so.
void transaction::check_open() const {
  if (!open_) return;
  // Calls of the life cycle refuse each other.
  if (marking_.valid() && marking_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return;
  const rdkafka_error state(rd_kafka_begin_transaction(records_.get()));
  if (!state || rd_kafka_error_txn_requires_abort(state.get()) == 0) return;
  throw producer_error("the transaction of " + records_.client().name() + " is lost", rd_kafka_error_code(state.get()),
                       rd_kafka_error_string(state.get()));
}

}  // namespace flow
