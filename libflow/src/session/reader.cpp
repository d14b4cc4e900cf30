#include "flow/error.hpp"
#include "session/session_state.hpp"

namespace flow {

reader::reader(std::shared_ptr<session_state> session, bool streaming) : session_(std::move(session)), streaming_(streaming) {
  request_.streaming = streaming;
}

reader& reader::format(std::string name) {
  format_ = std::move(name);
  return *this;
}

reader& reader::schema(schema_ptr schema) {
  request_.schema = std::move(schema);
  return *this;
}

reader& reader::option(std::string key, std::string value) {
  request_.options.set(std::move(key), std::move(value));
  return *this;
}

dataset reader::load() {
  logical_plan scan;
  scan.kind = plan_kind::scan;
  scan.streaming = streaming_;
  scan.source = session_->connectors().source(format_)(request_);
  return dataset(session_, std::make_shared<logical_plan>(std::move(scan)));
}

}  // namespace flow
