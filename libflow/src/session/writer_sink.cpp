#include "flow/error.hpp"
#include "session/session_state.hpp"
#include "session/stream_writer.hpp"

namespace flow {

sink_provider_ptr make_writer_sink(const std::string& format, const sink_request& request, const std::string&,
                                   const std::function<void(const batch&)>&, const std::function<void(const dataset&, std::int64_t)>&,
                                   const schema_ptr&, flow::output_mode, const std::shared_ptr<session_state>& session) {
  return session->connectors().sink(format)(request);
}

}  // namespace flow
