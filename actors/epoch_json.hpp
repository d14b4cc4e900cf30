#pragma once

#include <optional>
#include <vector>

#include <nlohmann/json.hpp>

#include "flow/source.hpp"
#include "flow/time.hpp"

/// How plans and watermarks of epochs are written in the checkpoint.
namespace flow {

/// The plan of a micro-batch epoch: all that is needed to run it again exactly.
struct epoch_plan {
  std::vector<std::vector<source_split>> splits;  ///< Per source.
  watermark passed;                               ///< The epoch's watermark.
  timestamp now{};
};

nlohmann::json to_json(const epoch_plan& plan);
/// @throws error{checkpoint_corrupt}.
epoch_plan parse_epoch_plan(const nlohmann::json& text);

/// Where event time stands at the end of an epoch.
struct epoch_marks {
  std::vector<watermark> nodes;   ///< By with_watermark node.
  watermark global;               ///< Micro-batch: what the next epoch uses.
  std::vector<watermark> stages;  ///< By stage: what its instances have been told.
};

nlohmann::json to_json(const epoch_marks& marks);
/// @throws error{checkpoint_corrupt}.
epoch_marks parse_epoch_marks(const nlohmann::json& text);

}  // namespace flow
