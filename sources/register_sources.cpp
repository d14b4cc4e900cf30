#include "flow/connector_registry.hpp"
#include "sources/file_source.hpp"
#include "sources/rate_source.hpp"
#include "sources/socket_source.hpp"
#ifdef FLOW_KAFKA
#include "sources/kafka/kafka_source.hpp"
#else
#include "flow/error.hpp"
#endif

namespace flow {

void register_sources(connector_registry& registry) {
  for (const auto* format : {"text", "json", "csv"}) {
    registry.add_source(format, [format](const source_request& request) { return make_file_provider(format, request); });
  }
  registry.add_source("rate", make_rate_provider);
  registry.add_source("socket", make_socket_provider);
#ifdef FLOW_KAFKA
  registry.add_source("kafka", make_kafka_provider);
#else
  registry.add_source("kafka", [](const source_request&) -> source_provider_ptr {
    throw error(errc::unknown_format,
                "format \"kafka\" is not in this build of libflow, since librdkafka was not found when it was "
                "configured: install librdkafka 2.0.2 or newer (librdkafka-dev) and build again");
  });
#endif
}

}  // namespace flow
