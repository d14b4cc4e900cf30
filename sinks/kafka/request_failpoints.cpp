#include "sinks/kafka/request_failpoints.hpp"

#include "flow/failpoint.hpp"

namespace flow {

#ifdef FLOW_FAILPOINTS

namespace {

constexpr int16_t end_transaction = 26;  // The protocol's EndTxn.

rd_kafka_resp_err_t on_sent(rd_kafka_t*, int, const char*, int32_t, int16_t request, int16_t, int32_t, size_t, void*) {
  if (request == end_transaction) failpoint("kafka.commit.sent");
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t on_answered(rd_kafka_t*, int, const char*, int32_t, int16_t request, int16_t, int32_t, size_t, int64_t,
                                rd_kafka_resp_err_t, void*) {
  if (request == end_transaction) failpoint("kafka.commit.answered");
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t on_new(rd_kafka_t* client, const rd_kafka_conf_t*, void*, char*, size_t) {
  rd_kafka_interceptor_add_on_request_sent(client, "failpoints", on_sent, nullptr);
  rd_kafka_interceptor_add_on_response_received(client, "failpoints", on_answered, nullptr);
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

}  // namespace

void pass_failpoints_on_requests(rd_kafka_conf_t& conf) {
  rd_kafka_conf_interceptor_add_on_new(&conf, "failpoints", on_new, nullptr);
}

#else

void pass_failpoints_on_requests(rd_kafka_conf_t&) {}

#endif

}  // namespace flow
