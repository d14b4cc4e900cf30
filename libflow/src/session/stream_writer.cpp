#include "session/stream_writer.hpp"

#include "flow/error.hpp"
#include "session/session_state.hpp"

namespace flow {

stream_writer::stream_writer(dataset input) : input_(std::move(input)), settings_(std::make_shared<settings>()) {
  if (!input_.is_streaming()) {
    throw error(errc::unsupported_plan,
                "write_stream() is for streams, and this is a bounded table; use collect(), show(), or read the input with "
                "read_stream()");
  }
}

stream_writer& stream_writer::format(std::string name) {
  settings_->format = std::move(name);
  return *this;
}

stream_writer& stream_writer::option(std::string key, std::string value) {
  settings_->options.set(std::move(key), std::move(value));
  return *this;
}

stream_writer& stream_writer::partition_by(std::vector<std::string> columns) {
  settings_->partition_by = std::move(columns);
  return *this;
}

stream_writer& stream_writer::output_mode(flow::output_mode mode) {
  settings_->mode = mode;
  return *this;
}

stream_writer& stream_writer::trigger(flow::trigger when) {
  settings_->trigger = when;
  return *this;
}

stream_writer& stream_writer::query_name(std::string name) {
  settings_->name = std::move(name);
  return *this;
}

stream_writer& stream_writer::foreach (std::function<void(const batch& rows)> fn) {
  settings_->format = "foreach";
  settings_->foreach_rows = std::move(fn);
  return *this;
}

stream_writer& stream_writer::foreach_batch(std::function<void(const dataset& rows, std::int64_t batch_id)> fn) {
  settings_->format = "foreach_batch";
  settings_->foreach_epoch = std::move(fn);
  return *this;
}

stream_writer& stream_writer::parallelism(int instances) { return option("parallelism", instances); }
stream_writer& stream_writer::state_store(std::string_view kind) { return option("stateStore", std::string(kind)); }

}  // namespace flow
