#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "kafka/client_options.hpp"
#include "kafka/kafka_error.hpp"
#include "kafka/rdkafka_handles.hpp"

namespace flow {

/// One librdkafka instance, with what it says about its connections kept for messages instead of printed. Destroying it
/// closes connections without waiting for what was not delivered.
class kafka_client {
 public:
  /// @param conf  complete but for the callbacks of errors and logs, which are set here, and any others the caller set.
  /// @param name  for messages: "source", "producer q-0".
  /// @throws error{invalid_option} with librdkafka's words where properties do not fit together.
  kafka_client(rd_kafka_type_t type, rdkafka_conf conf, std::string name);
  ~kafka_client();
  kafka_client(const kafka_client&) = delete;
  kafka_client& operator=(const kafka_client&) = delete;

  rd_kafka_t* get() const noexcept { return handle_; }
  const std::string& name() const noexcept { return name_; }

  /// The last connection error ("127.0.0.1:9/bootstrap: Connect to ipv4#127.0.0.1:9 failed: Connection refused"), or "".
  /// To be the detail of kafka_error().
  std::string last_connection_error() const;
  /// The fatal error of an idempotent or transactional producer (fenced ...), or RD_KAFKA_RESP_ERR_NO_ERROR. Puts its reason
  /// into `why`.
  rd_kafka_resp_err_t fatal_error(std::string& why) const;
  /// An authentication or TLS error that no retry mends, or RD_KAFKA_RESP_ERR_NO_ERROR.
  rd_kafka_resp_err_t refused_connection() const;

 private:
  /// Outlives callbacks that run while the instance is being destroyed.
  struct events {
    mutable std::mutex mutex;
    std::string last_error;
    rd_kafka_resp_err_t refused = RD_KAFKA_RESP_ERR_NO_ERROR;
  };
  static void on_error(rd_kafka_t*, int code, const char* reason, void* opaque);
  static void on_log(const rd_kafka_t* client, int level, const char* facility, const char* text);

  std::string name_;
  std::unique_ptr<events> events_;
  rd_kafka_t* handle_ = nullptr;
};

}  // namespace flow
