#include "actors/query_log.hpp"

#include <memory>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace flow {

namespace {

/// Not registered: a program's own set of loggers is left alone.
std::shared_ptr<spdlog::logger> log() {
  if (auto given = spdlog::get("libflow")) return given;
  return std::make_shared<spdlog::logger>("libflow", std::make_shared<spdlog::sinks::stderr_sink_mt>());
}

}  // namespace

void log_restart(const std::string& query, const error& cause, int in_a_row, std::chrono::microseconds pause) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(pause).count();
  log()->warn("query {} starts again from its checkpoint in {} ms (restart {} without progress): {}", query, milliseconds,
              in_a_row, cause.what());
}

void log_gave_up(const std::string& query, const error& cause, int in_a_row) {
  log()->error("query {} ends: {} restarts brought no progress; the last failure: {}", query, in_a_row, cause.what());
}

}  // namespace flow
