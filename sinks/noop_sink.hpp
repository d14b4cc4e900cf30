#pragma once

#include "flow/connector_registry.hpp"

namespace flow {

/// Takes rows and forgets them: for measuring what comes before.
sink_provider_ptr make_noop_sink(const sink_request& request);

}  // namespace flow
