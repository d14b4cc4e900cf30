#pragma once

#include <filesystem>

#include <nlohmann/json.hpp>

#include "checkpoint/lmdb_environment.hpp"
#include "checkpoint/state_generation.hpp"

namespace flow {

/// The file names inside a checkpoint directory.
inline constexpr const char* metadata_file = "metadata.json";

nlohmann::json describe(lmdb_reader& reader);
nlohmann::json verify(lmdb_reader& reader);
void copy(const lmdb_environment& environment, const std::filesystem::path& to);

}  // namespace flow
