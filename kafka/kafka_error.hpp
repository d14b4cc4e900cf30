#pragma once

#include <string>
#include <string_view>

#include <librdkafka/rdkafka.h>

#include "flow/error.hpp"

namespace flow {

/// What to do about a librdkafka error: "create the topic or correct its name"; "" where there is nothing to advise.
std::string_view kafka_advice(rd_kafka_resp_err_t code);

/// True for failures that go away by themselves when brokers come back: no broker reached, leader elections, time-outs.
bool is_outage(rd_kafka_resp_err_t code);

/// "cannot read topic events from kafka.bootstrap.servers=h:9092: Broker: Unknown topic or partition (detail); create ...".
/// `what` says what could not be done and to whom; `detail` is what else is known (the last connection error), may be "".
error kafka_error(errc code, std::string_view what, rd_kafka_resp_err_t cause, std::string_view detail = {});

}  // namespace flow
