#include <iostream>

#include "flow/connector_registry.hpp"
#include "sinks/console_sink.hpp"
#include "sinks/file_sink.hpp"
#include "sinks/noop_sink.hpp"
#ifdef FLOW_KAFKA
#include "sinks/kafka/kafka_sink.hpp"
#endif

namespace flow {

void register_sinks(connector_registry& registry) {
  registry.add_sink("console", [](const sink_request& request) { return make_console_sink(request, std::cout); });
  registry.add_sink("noop", make_noop_sink);
#ifdef FLOW_KAFKA
  registry.add_sink("kafka", make_kafka_sink);
#endif
  for (const auto* format : {"json", "csv", "text"}) {
    registry.add_sink(format, [format](const sink_request& request) { return make_file_sink(format, request); });
  }
}

}  // namespace flow
