#include "flow/connector_registry.hpp"
#include "sources/file_source.hpp"
#include "sources/rate_source.hpp"
#include "sources/socket_source.hpp"

namespace flow {

void register_sources(connector_registry& registry) {
  for (const auto* format : {"text", "json", "csv"}) {
    registry.add_source(format, [format](const source_request& request) { return make_file_provider(format, request); });
  }
  registry.add_source("rate", make_rate_provider);
  registry.add_source("socket", make_socket_provider);
}

}  // namespace flow
