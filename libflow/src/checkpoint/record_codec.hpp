#pragma once

#include <map>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "flow/checkpoint.hpp"
#include "state/run.hpp"

namespace flow {

/// Each operator's runs, by uid.
using state_lists = std::map<std::string, std::shared_ptr<const run_list>>;

/// JSON as stored: behind its checksum, which covers the key too, so that no record can stand in for another.
std::string seal(std::string_view key, const nlohmann::json& content);
/// @throws error{checkpoint_corrupt} that begins with `name`.
nlohmann::json unseal(std::string_view key, std::string_view stored, const std::string& name);

/// A record as JSON, with the operators' runs under "state".
nlohmann::json to_json(const epoch_record& record, const state_lists& state);
/// @throws error{checkpoint_corrupt} if a member is missing or of the wrong type.
epoch_record record_from_json(const nlohmann::json& content, const std::string& name);

/// Gives equal runs of different epochs one object, so that they compare by address.
using run_pool = std::map<std::pair<std::string, std::uint64_t>, run_ptr>;
state_lists state_from_json(const nlohmann::json& content, run_pool& pool, const std::string& name);

}  // namespace flow
