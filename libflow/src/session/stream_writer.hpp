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

/// The sink that a writer's settings ask for; `left` are its options, less those of the engine.
/// @throws error{unknown_format, unknown_option, invalid_option, invalid_argument}.
sink_provider_ptr make_writer_sink(const std::string& format, const sink_request& request, const std::string& query_name,
                                   const std::function<void(const batch&)>& foreach_rows,
                                   const std::function<void(const dataset&, std::int64_t)>& foreach_epoch,
                                   const schema_ptr& schema, flow::output_mode mode, const std::shared_ptr<session_state>& session);

}  // namespace flow
