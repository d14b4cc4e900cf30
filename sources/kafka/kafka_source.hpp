#pragma once

#include "flow/connector_registry.hpp"

namespace flow {

/// format("kafka") as a source, of Spark's columns and options.
source_provider_ptr make_kafka_provider(const source_request& request);

}  // namespace flow
