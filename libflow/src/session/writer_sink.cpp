#include <filesystem>

#include "flow/error.hpp"
#include "flow/foreach_sink.hpp"
#include "flow/memory_table.hpp"
#include "plan/name_resolution.hpp"
#include "session/session_state.hpp"
#include "session/stream_writer.hpp"

namespace flow {

namespace {

sink_provider_ptr memory_sink(const writer_sink_request& wanted, session_state& session) {
  wanted.request.options.finish("format \"memory\"");
  if (wanted.query_name.empty()) {
    throw error(errc::invalid_argument,
                "format(\"memory\") makes a table that is read by the query's name; give it one with query_name()");
  }
  const bool resumes = !wanted.checkpoint_dir.empty() && std::filesystem::exists(wanted.checkpoint_dir);
  return make_memory_sink(session.memory_table_of(wanted.query_name, wanted.schema, resumes));
}

sink_provider_ptr foreach_batch_sink(const writer_sink_request& wanted, session_state& session) {
  wanted.request.options.finish("foreach_batch");
  // The session ends its queries before it ends, so it is there whenever the function is called, for its last epochs, too. The
  // function's rows do not own it: its end would not wait for a call under way, and would then happen within that call.
  return make_foreach_batch_sink(
      [fn = wanted.foreach_epoch, schema = wanted.schema, &session](std::vector<batch> rows, epoch e) {
        const std::shared_ptr<session_state> not_owned(std::shared_ptr<void>(), &session);
        fn(dataset(not_owned, table_plan(schema, std::move(rows))), e.batch_id());
      });
}

}  // namespace

sink_provider_ptr make_writer_sink(const writer_sink_request& wanted, session_state& session) {
  if (same_name(wanted.format, "memory")) return memory_sink(wanted, session);
  if (wanted.foreach_rows && wanted.format == "foreach") {
    wanted.request.options.finish("foreach");
    return make_foreach_sink(wanted.foreach_rows);
  }
  if (wanted.foreach_epoch && wanted.format == "foreach_batch") return foreach_batch_sink(wanted, session);
  return session.connectors().sink(wanted.format)(wanted.request);
}

}  // namespace flow
