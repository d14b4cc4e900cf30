#pragma once

#include <iosfwd>

#include "flow/connector_registry.hpp"

namespace flow {

/// Prints each epoch's rows as a table under a "Batch: n" header, as Spark's console sink does. Options: numRows (20), truncate
/// (true, false, or a width). A demonstration: after a crash the last epoch may be printed again.
sink_provider_ptr make_console_sink(const sink_request& request, std::ostream& out);

}  // namespace flow
