#include "sinks/manifest_log.hpp"

#include <array>
#include <cstdio>

#include <nlohmann/json.hpp>

#include "flow/error.hpp"
#include "flow/failpoint.hpp"
#include "sinks/durable_file.hpp"

namespace flow {

namespace {

namespace fs = std::filesystem;

constexpr int entries_per_compact = 10;

std::string digits(epoch e) {
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "%020llu", static_cast<unsigned long long>(e.value));
  return text.data();
}

nlohmann::json to_json(const manifest_epoch& entry) {
  auto files = nlohmann::json::array();
  for (const auto& file : entry.files) files.push_back({{"path", file.path}, {"bytes", file.bytes}, {"rows", file.rows}});
  return {{"epoch", entry.number.value}, {"files", std::move(files)}};
}

bool is_entry(const std::string& name) { return name.ends_with(".json") && !name.starts_with('.'); }
bool is_compact(const std::string& name) { return name.ends_with(".compact.json"); }

// Names begin with the epoch in fixed width: they sort by it.
std::string newest_compact(const fs::path& folder) {
  std::string newest;
  for (const auto& file : fs::directory_iterator(folder)) {
    const auto name = file.path().filename().string();
    if (is_entry(name) && is_compact(name)) newest = std::max(newest, name);
  }
  return newest;
}

}  // namespace

manifest_log::manifest_log(fs::path dir, std::uint64_t owner)
    : dir_(std::move(dir)), folder_(dir_ / manifest_folder), owner_(owner) {
  if (auto manifest = read_manifest(dir_)) content_ = std::move(*manifest);
  if (!fs::is_directory(folder_)) return;
  for (const auto& file : fs::directory_iterator(folder_)) {
    const auto name = file.path().filename().string();
    if (is_entry(name) && !is_compact(name)) ++entries_since_compact_;
  }
}

void manifest_log::refuse_other(const std::string& query_id) const {
  auto writer = content_.query_id;
  if (content_.epochs.empty()) {
    const auto now = read_manifest(dir_);
    if (!now) return;
    writer = now->query_id;
  }
  if (writer == query_id) return;
  throw error(errc::checkpoint_mismatch, dir_.string() + " holds the output of another query (" + writer +
                                             "), or of this one with another checkpoint; write to an empty directory");
}

void manifest_log::add(const std::string& query_id, manifest_epoch entry) {
  make_directories(folder_);
  auto text = to_json(entry);
  text["version"] = 1;
  text["query"] = query_id;
  write_file_durably(folder_ / (digits(entry.number) + ".json"), text.dump(), owner_);
  content_.query_id = query_id;
  content_.epochs.push_back(std::move(entry));
  failpoint("sink.manifest.written");
  if (++entries_since_compact_ >= entries_per_compact) compact();
}

void manifest_log::compact() {
  nlohmann::json text = {{"version", 1}, {"query", content_.query_id}, {"compact", true}, {"epochs", nlohmann::json::array()}};
  for (const auto& entry : content_.epochs) text["epochs"].push_back(to_json(entry));
  write_file_durably(folder_ / (digits(content_.newest()) + ".compact.json"), text.dump(), owner_);
  failpoint("sink.compact.written");
  tidy();
}

void manifest_log::tidy() {
  if (!fs::is_directory(folder_)) return;
  const auto compact = newest_compact(folder_);
  const auto covered = compact.substr(0, 20);
  std::vector<fs::path> obsolete;
  entries_since_compact_ = 0;
  for (const auto& file : fs::directory_iterator(folder_)) {
    const auto name = file.path().filename().string();
    const bool half_written = is_left_by(name, owner_);
    const bool replaced = is_entry(name) && !compact.empty() && name != compact && name.substr(0, 20) <= covered;
    if (half_written || replaced) {
      obsolete.push_back(file.path());
    } else if (is_entry(name) && !is_compact(name)) {
      ++entries_since_compact_;
    }
  }
  for (const auto& path : obsolete) fs::remove(path);
}

}  // namespace flow
