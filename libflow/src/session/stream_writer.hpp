#pragma once

#include <functional>
#include <string>
#include <vector>

#include "flow/connector_registry.hpp"
#include "flow/dataset.hpp"
#include "flow/engine.hpp"

namespace flow {

struct stream_writer::settings {
  std::string format;
  flow::options options;
  std::vector<std::string> partition_by;
  flow::output_mode mode = output_mode::append;
  flow::trigger trigger;
  std::string name;
  std::function<void(const batch& rows)> foreach_rows;
  std::function<void(const dataset& rows, std::int64_t batch_id)> foreach_epoch;
};

/// What a writer knows when its sink is made; `request` has its options, less those of the engine.
struct writer_sink_request {
  std::string format;
  sink_request request;
  std::string query_name;
  std::string checkpoint_dir;
  std::function<void(const batch& rows)> foreach_rows;
  std::function<void(const dataset& rows, std::int64_t batch_id)> foreach_epoch;
  schema_ptr schema;
};

/// The sink that a writer asks for: the session's tables, the user's functions, or a connector.
/// @throws error{unknown_format, unknown_option, invalid_option, invalid_argument}.
sink_provider_ptr make_writer_sink(const writer_sink_request& wanted, session_state& session);

}  // namespace flow
