#include "kafka/kafka_client.hpp"

#include <string_view>

namespace flow {

kafka_client::kafka_client(rd_kafka_type_t type, rdkafka_conf conf, std::string name)
    : name_(std::move(name)), events_(std::make_unique<events>()) {
  rd_kafka_conf_set_opaque(conf.get(), events_.get());
  rd_kafka_conf_set_error_cb(conf.get(), on_error);
  rd_kafka_conf_set_log_cb(conf.get(), on_log);
  char why[512];
  handle_ = rd_kafka_new(type, conf.get(), why, sizeof why);
  if (!handle_) throw error(errc::invalid_option, std::string("librdkafka refused the kafka.* options: ") + why);
  conf.release();  // NOLINT(bugprone-unused-return-value): the instance owns it now.
}

kafka_client::~kafka_client() {
  if (!handle_) return;
  if (rd_kafka_type(handle_) == RD_KAFKA_PRODUCER) rd_kafka_purge(handle_, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  rd_kafka_destroy_flags(handle_, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

std::string kafka_client::last_connection_error() const {
  const std::lock_guard lock(events_->mutex);
  return events_->last_error;
}

rd_kafka_resp_err_t kafka_client::refused_connection() const {
  const std::lock_guard lock(events_->mutex);
  return events_->refused;
}

rd_kafka_resp_err_t kafka_client::fatal_error(std::string& why) const {
  char text[512];
  const auto code = rd_kafka_fatal_error(handle_, text, sizeof text);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) why = text;
  return code;
}

void kafka_client::on_error(rd_kafka_t*, int code, const char* reason, void* opaque) {
  auto& known = *static_cast<events*>(opaque);
  const std::lock_guard lock(known.mutex);
  const auto cause = static_cast<rd_kafka_resp_err_t>(code);
  if (cause == RD_KAFKA_RESP_ERR__AUTHENTICATION || cause == RD_KAFKA_RESP_ERR__SSL) known.refused = cause;
  // "1/1 brokers are down" says less than the connection error that came before it.
  if (cause != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || known.last_error.empty()) known.last_error = reason;
}

/// Connection failures come here at once, while the error callback waits for a poll.
void kafka_client::on_log(const rd_kafka_t* client, int level, const char*, const char* text) {
  constexpr int worst_kept = 3;  // syslog's LOG_ERR
  if (!client || level > worst_kept) return;
  auto* known = static_cast<events*>(rd_kafka_opaque(client));
  if (!known) return;
  std::string_view message = text;
  if (message.starts_with("[thrd:")) message.remove_prefix(std::min(message.find("]: ") + 3, message.size()));
  const std::lock_guard lock(known->mutex);
  if (message.find("brokers are down") == std::string_view::npos) known->last_error = message;
}

}  // namespace flow
