#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "flow/epoch.hpp"

/// The list of files that a file sink has committed, kept beside them in `_flow_manifest`: one JSON file an epoch, written
/// after the epoch's files are in place, and now and then one `.compact.json` in place of all before. A reader that goes by the
/// manifest sees each epoch whole or not at all.
namespace flow {

struct manifest_file {
  std::string path;  ///< Below the directory, '/' between parts.
  std::int64_t bytes = 0;
  std::int64_t rows = 0;
};

struct manifest_epoch {
  epoch number;
  std::vector<manifest_file> files;
};

/// All that a directory's manifest says. Epochs without rows are not in it.
struct file_manifest {
  std::string query_id;
  std::vector<manifest_epoch> epochs;  ///< Ascending.

  epoch newest() const { return epochs.empty() ? epoch{} : epochs.back().number; }
};

/// The manifest of `dir`, or nothing when it has none. Safe while a sink writes.
/// @throws error{unreadable_input, malformed_data}.
std::optional<file_manifest> read_manifest(const std::filesystem::path& dir);

/// Paths (below `dir`) of the files of committed epochs, in order; nothing without a manifest.
std::optional<std::vector<std::string>> manifest_files(const std::filesystem::path& dir);

/// Name of the folder that holds the manifest.
inline constexpr const char* manifest_folder = "_flow_manifest";

}  // namespace flow
