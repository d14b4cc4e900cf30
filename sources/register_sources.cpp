#include "flow/connector_registry.hpp"
#include "sources/file_source.hpp"

namespace flow {

void register_sources(connector_registry& registry) {
  for (const auto* format : {"text"}) {
    registry.add_source(format, [format](const source_request& request) { return make_file_provider(format, request); });
  }
}

}  // namespace flow
