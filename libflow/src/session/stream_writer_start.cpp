#include <algorithm>
#include <array>
#include <thread>

#include <arrow/type.h>

#include "flow/error.hpp"
#include "plan/name_resolution.hpp"
#include "session/session_state.hpp"
#include "session/stream_writer.hpp"

namespace flow {

namespace {

// Options of the writer itself; every other one is the connector's.
constexpr std::array engine_options = {
    std::string_view("checkpointLocation"), std::string_view("queryName"),       std::string_view("parallelism"),
    std::string_view("stateStore"),         std::string_view("memoryLimit"),     std::string_view("minBatchesToRetain"),
    std::string_view("idleTimeout"),        std::string_view("stateCacheBytes"), std::string_view("takeOver"),
};

bool is_engine_option(std::string_view key) {
  return std::any_of(engine_options.begin(), engine_options.end(), [&](auto known) { return same_name(known, key); });
}

int default_parallelism(const session_state& session, int from_conf) {
  if (from_conf > 0) return from_conf;
  if (session.options().parallelism > 0) return session.options().parallelism;
  if (session.options().threads > 0) return session.options().threads;
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

query_settings read_settings(const options& given, session_state& session) {
  query_settings settings;
  session.conf().apply(settings);
  settings.name = given.text("queryName", "");
  settings.checkpoint_dir = given.text("checkpointLocation", "");
  settings.take_over = given.boolean("takeOver", false);
  settings.parallelism =
      static_cast<int>(given.integer("parallelism", default_parallelism(session, session.conf().parallelism()), 1, 1024));
  settings.state =
      given.choice("stateStore", "memory", {"memory", "lmdb"}) == "lmdb" ? state_store_kind::lmdb : state_store_kind::memory;
  constexpr std::int64_t most = std::int64_t{1} << 46;
  settings.memory_limit_bytes = static_cast<std::size_t>(
      given.integer("memoryLimit", static_cast<std::int64_t>(settings.memory_limit_bytes), 1 << 20, most));
  settings.state_cache_bytes = static_cast<std::size_t>(
      given.integer("stateCacheBytes", static_cast<std::int64_t>(settings.state_cache_bytes), 1 << 16, most));
  settings.epochs_retained = static_cast<int>(given.integer("minBatchesToRetain", settings.epochs_retained, 2, 1'000'000));
  settings.idle_timeout = given.span("idleTimeout", settings.idle_timeout);
  return settings;
}

// Under the session's checkpoint root a named query has a folder of its name.
std::string checkpoint_of(const query_settings& settings, const session_conf& conf) {
  if (!settings.checkpoint_dir.empty() || settings.name.empty()) return settings.checkpoint_dir;
  const auto root = conf.checkpoint_root();
  return root.empty() ? root : root + "/" + settings.name;
}

void check_partition_columns(const std::vector<std::string>& names, const arrow::Schema& schema) {
  for (const auto& name : names) {
    std::vector<std::string> all;
    for (const auto& field : schema.fields()) all.push_back(field->name());
    if (std::any_of(all.begin(), all.end(), [&](const auto& one) { return same_name(one, name); })) continue;
    const auto near = nearest_name(name, all);
    throw error(errc::unknown_column, "partition_by() names the column `" + name + "`, which the result does not have" +
                                          (near.empty() ? "" : "; did you mean `" + near + "`?"));
  }
}

}  // namespace

query_ptr stream_writer::start() {
  auto& session = *input_.session();
  if (settings_->format.empty()) {
    throw error(errc::invalid_argument,
                "where should the results go? Say format(\"console\"), \"memory\", \"json\", ..., or foreach(fn)");
  }
  if (!settings_->name.empty()) settings_->options.set("queryName", settings_->name);
  auto run = read_settings(settings_->options, session);
  run.mode = settings_->mode;
  run.trigger = settings_->trigger;
  run.checkpoint_dir = checkpoint_of(run, session.conf());
  session.check_name_is_free(run.name);

  auto plan = make_physical_plan(*input_.plan(), session.lookup(), {.streaming = true, .mode = settings_->mode});
  check_partition_columns(settings_->partition_by, *plan.output);
  sink_request request;
  request.partition_by = settings_->partition_by;
  // So that they are suggested too where a connector refuses an unknown option.
  for (const auto key : engine_options) request.options.find(key);
  for (const auto& [key, value] : settings_->options.values()) {
    if (!is_engine_option(key)) request.options.set(key, value);
  }
  auto sink = make_writer_sink({settings_->format, std::move(request), run.name, run.checkpoint_dir, settings_->foreach_rows,
                                settings_->foreach_epoch, plan.output},
                               session);
  sink->check(*plan.output, settings_->mode);
  return session.start(std::move(plan), std::move(sink), std::move(run));
}

}  // namespace flow
