#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "actors/epoch_json.hpp"
#include "actors/progress.hpp"
#include "actors/stage_worker.hpp"

namespace flow {

/// All that the coordinator knows of one epoch, from the look for data that led to it until it is published.
struct epoch_account {
  epoch_plan plan;  ///< Continuous: only the watermark, at the end.
  std::vector<nlohmann::json> end_positions;
  std::vector<instance_delta> logs;  ///< What has changed in the sources' logs.
  bool positions_known = false;
  std::uint64_t handed_out = 0;  ///< Continuous: the last discover answer before the barrier.

  // What participants have reported.
  std::vector<std::shared_ptr<const stage_report>> reports;  ///< By participant.
  std::vector<std::vector<split_position>> unfinished;       ///< Continuous: by source.
  std::vector<std::vector<nlohmann::json>> readers;          ///< Readers' metrics, by source.
  nlohmann::json prepared;
  std::int64_t rows_out = 0;

  epoch_marks marks;         ///< Once all have.
  watermark next_watermark;  ///< That the next epoch will use.

  epoch_progress progress;
  std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now(), step_started = started;

  epoch_account() = default;
  epoch_account(std::size_t participants, std::size_t sources) : reports(participants), unfinished(sources), readers(sources) {}

  /// The step named has just ended: notes how long it took.
  void time(const char* step) {
    const auto now = std::chrono::steady_clock::now();
    progress.durations[step] += std::chrono::duration_cast<std::chrono::milliseconds>(now - std::exchange(step_started, now));
  }
};

}  // namespace flow
