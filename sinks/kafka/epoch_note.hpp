#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "flow/epoch.hpp"
#include "flow/error.hpp"

namespace flow {

/// What an exactly-once Kafka sink stores with an epoch: the marker that brokers hold once its transaction is committed, and
/// the one they hold before. An epoch without rows has no transaction; both are then the last one's.
struct epoch_note {
  epoch marker, before;
  std::vector<std::string> topics;  ///< Where the two lie.

  nlohmann::json to_json() const { return {{"marker", marker.value}, {"before", before.value}, {"topics", topics}}; }
  /// Nothing if an epoch has none: it ran at-least-once, or there has been no row yet.
  static std::optional<epoch_note> find(const nlohmann::json& prepared);
};

/// The epoch whose rows are the last ones visible: `newest` or the one before it. `shown` is the marker that brokers hold.
/// @throws error{checkpoint_mismatch} if they hold none, or one that belongs to neither; `group` is where it was looked for.
epoch last_visible(epoch newest, const epoch_note& note, std::optional<epoch> shown, const std::string& group);

error older_than_output(epoch newest, epoch shown, const std::string& group);

}  // namespace flow
