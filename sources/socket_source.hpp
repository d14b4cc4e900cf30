#pragma once

#include "flow/connector_registry.hpp"
#include "flow/source.hpp"

namespace flow {

/// Lines of a TCP connection, for trying things out: column value STRING, and timestamp TIMESTAMP with includeTimestamp.
/// Options: host and port (required), includeTimestamp. Each source owns a thread that receives into a bounded buffer from
/// restore() on. Lines cannot be read again after a crash.
source_provider_ptr make_socket_provider(const source_request& request);

}  // namespace flow
