#pragma once

#include "flow/connector_registry.hpp"

namespace flow {

/// Records of Kafka topics, one per row. Columns (Spark's): value, and if wanted key (STRING or BINARY), topic (STRING),
/// partition (INT), headers (ARRAY<STRUCT<key: STRING, value: BINARY>>); others are left out. Options:
/// sinks/kafka/sink_settings.hpp.
///
/// exactly-once (the default with a checkpoint): an epoch's records and a marker that says its number are one Kafka
/// transaction, committed after the epoch is durable in the checkpoint. at-least-once: records are visible as they come, and
/// all of them are acknowledged before the epoch becomes durable.
sink_provider_ptr make_kafka_sink(const sink_request& request);

}  // namespace flow
