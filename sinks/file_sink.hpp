#pragma once

#include <string>

#include "flow/connector_registry.hpp"

namespace flow {

/// Files of json, csv or text, each epoch's visible whole or not at all, exactly once (flow/file_manifest.hpp). Options: path,
/// compression ("none"), and the format's own (flow/format_writer.hpp). Append mode only. With partition_by, files go to
/// folders `k=v` and the columns are left out of them.
sink_provider_ptr make_file_sink(const std::string& format, const sink_request& request);

}  // namespace flow
