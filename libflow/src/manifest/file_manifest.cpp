#include "flow/file_manifest.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <map>

#include <nlohmann/json.hpp>

#include "flow/error.hpp"

namespace flow {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view entry_suffix = ".json";
constexpr std::string_view compact_suffix = ".compact.json";

struct listing {
  std::optional<std::pair<std::uint64_t, fs::path>> compact;  // The newest one.
  std::map<std::uint64_t, fs::path> entries;

  friend bool operator==(const listing&, const listing&) = default;
};

std::optional<std::uint64_t> read_epoch(std::string_view digits) {
  std::uint64_t value = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (failure != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::optional<listing> list_manifest(const fs::path& folder) {
  std::error_code failure;
  fs::directory_iterator files(folder, failure);
  if (failure == std::errc::no_such_file_or_directory || failure == std::errc::not_a_directory) return std::nullopt;
  if (failure) throw error(errc::unreadable_input, "cannot list " + folder.string() + ": " + failure.message());
  listing found;
  for (const auto& file : files) {
    const auto name = file.path().filename().string();
    const bool compact = name.ends_with(compact_suffix);
    if (!name.ends_with(entry_suffix)) continue;
    const auto number =
        read_epoch(std::string_view(name).substr(0, name.size() - (compact ? compact_suffix : entry_suffix).size()));
    if (!number) continue;
    if (!compact) {
      found.entries.emplace(*number, file.path());
    } else if (!found.compact || found.compact->first < *number) {
      found.compact.emplace(*number, file.path());
    }
  }
  return found;
}

// Nothing if the file went away since it was listed.
std::optional<nlohmann::json> read_json(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    if (!fs::exists(path)) return std::nullopt;
    throw error(errc::unreadable_input, "cannot read " + path.string());
  }
  try {
    return nlohmann::json::parse(in);
  } catch (const nlohmann::json::exception& e) {
    throw error(errc::malformed_data, path.string() + " is no manifest entry: " + e.what());
  }
}

manifest_epoch read_entry(const nlohmann::json& entry) {
  manifest_epoch e;
  e.number = {entry.at("epoch").get<std::uint64_t>()};
  for (const auto& file : entry.at("files")) {
    e.files.push_back(
        {file.at("path").get<std::string>(), file.at("bytes").get<std::int64_t>(), file.at("rows").get<std::int64_t>()});
  }
  return e;
}

// False if a file was compacted away meanwhile: then the listing is out of date.
bool read_listed(const listing& found, file_manifest& manifest) {
  std::uint64_t compacted = 0;
  if (found.compact) {
    const auto content = read_json(found.compact->second);
    if (!content) return false;
    manifest.query_id = content->at("query").get<std::string>();
    for (const auto& entry : content->at("epochs")) manifest.epochs.push_back(read_entry(entry));
    compacted = found.compact->first;
  }
  for (const auto& [number, path] : found.entries) {
    if (found.compact && number <= compacted) continue;
    const auto content = read_json(path);
    if (!content) return false;
    manifest.query_id = content->at("query").get<std::string>();
    manifest.epochs.push_back(read_entry(*content));
  }
  return true;
}

}  // namespace

std::optional<file_manifest> read_manifest(const fs::path& dir) {
  const auto folder = dir / manifest_folder;
  constexpr int attempts = 100;
  for (int i = 0; i < attempts; ++i) {
    const auto found = list_manifest(folder);
    if (!found || (!found->compact && found->entries.empty())) return std::nullopt;
    file_manifest manifest;
    try {
      // A listing is no snapshot: one taken while the log was compacted may miss both the old entries and the new one.
      if (read_listed(*found, manifest) && list_manifest(folder) == found) return manifest;
    } catch (const nlohmann::json::exception& e) {
      throw error(errc::malformed_data, folder.string() + " holds an entry of another shape: " + e.what());
    }
  }
  throw error(errc::unreadable_input,
              "the manifest " + folder.string() + " changed " + std::to_string(attempts) + " times while it was read");
}

std::optional<std::vector<std::string>> manifest_files(const fs::path& dir) {
  const auto manifest = read_manifest(dir);
  if (!manifest) return std::nullopt;
  std::vector<std::string> paths;
  for (const auto& e : manifest->epochs) {
    for (const auto& file : e.files) paths.push_back(file.path);
  }
  return paths;
}

}  // namespace flow
