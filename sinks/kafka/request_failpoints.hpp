#pragma once

#include <librdkafka/rdkafka.h>

namespace flow {

/// Lets the producers of this configuration pass the failpoints "kafka.commit.sent" (the request that ends a transaction has
/// gone out) and "kafka.commit.answered" (the broker's answer has come, and nobody has seen it). Nothing without
/// FLOW_FAILPOINTS.
void pass_failpoints_on_requests(rd_kafka_conf_t& conf);

}  // namespace flow
