#include "flow/session.hpp"

#include "flow/error.hpp"
#include "session/push_source.hpp"
#include "session/session_state.hpp"

namespace flow {

session session::make(session_options options) { return session(std::make_shared<session_state>(std::move(options))); }

reader session::read_stream() const { return reader(state_, true); }
reader session::read() const { return reader(state_, false); }

dataset session::create_dataset(const schema_ptr& schema, std::vector<batch> rows) const {
  return dataset(state_, table_plan(schema, std::move(rows)));
}

push_input session::push_stream(const schema_ptr& schema, std::int64_t capacity_rows) const {
  if (capacity_rows <= 0) throw error(errc::invalid_argument, "push_stream() needs a capacity of at least one row");
  auto channel = std::make_shared<push_input::channel>(schema, capacity_rows);
  logical_plan scan;
  scan.kind = plan_kind::scan;
  scan.streaming = true;
  scan.source = std::make_shared<push_source_provider>(channel);
  return push_input(std::move(channel), dataset(state_, std::make_shared<logical_plan>(std::move(scan))));
}

dataset session::table(std::string_view name) const {
  logical_plan relation;
  relation.kind = plan_kind::relation;
  relation.name = std::string(name);
  if (!state_->find_relation(name)) {
    const auto names = state_->relation_names();
    const auto near = nearest_name(name, names);
    throw error(errc::unknown_table,
                "unknown table or view `" + relation.name + "`" + (near.empty() ? "" : "; did you mean `" + near + "`?"));
  }
  return dataset(state_, state_->with_views(std::make_shared<logical_plan>(std::move(relation))));
}

dataset session::sql(std::string_view text) const {
  const auto plan = state_->with_views(parse_query(text));
  analyze_output(*plan, state_->lookup());
  return dataset(state_, plan);
}

query_manager session::streams() const { return query_manager(state_); }
connector_registry& session::connectors() const { return state_->connectors(); }
void session::set(std::string_view key, std::string_view value) const { state_->conf().set(key, value); }

push_input::push_input(std::shared_ptr<channel> state, dataset stream)
    : channel_(std::move(state)), stream_(std::make_shared<dataset>(std::move(stream))) {}

void push_input::push(const batch& rows) { channel_->push(rows); }
bool push_input::try_push(const batch& rows) { return channel_->try_push(rows); }
void push_input::close() { channel_->close(); }
dataset push_input::stream() const { return *stream_; }

void push_input::push_together(const std::vector<std::pair<push_input, batch>>& rows) {
  std::vector<std::pair<channel*, batch>> all;
  for (const auto& [input, one] : rows) all.emplace_back(input.channel_.get(), one);
  channel::push_together(all);
}

}  // namespace flow
