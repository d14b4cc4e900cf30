#pragma once

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include <flow/flow.hpp>
#include <nlohmann/json.hpp>

namespace flow::test {

/// An empty directory that is removed at the end.
class scratch_directory {
 public:
  scratch_directory() {
    static std::atomic<int> made{0};
    path_ =
        std::filesystem::temp_directory_path() / ("flow-engine." + std::to_string(::getpid()) + "." + std::to_string(made++));
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~scratch_directory() { std::filesystem::remove_all(path_); }
  scratch_directory(const scratch_directory&) = delete;
  scratch_directory& operator=(const scratch_directory&) = delete;

  std::string at(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

inline session two_threads() { return session::make({.name = "engine", .threads = 2}); }

inline schema_ptr words_schema() { return parse_schema("word STRING, n INT"); }
inline batch words(const std::vector<std::pair<std::string, std::optional<int>>>& rows) {
  auto all = nlohmann::json::array();
  for (const auto& [word, n] : rows) all.push_back(nlohmann::json::array({word, n ? nlohmann::json(*n) : nlohmann::json()}));
  return batch_from_json(words_schema(), all);
}

/// The rows as JSON arrays in order of their text.
inline std::vector<std::string> sorted_rows(const dataset& rows) {
  std::vector<std::string> all;
  for (const auto& part : rows.collect()) {
    for (const auto& row : batch_to_json(*part)) all.push_back(row.dump());
  }
  std::sort(all.begin(), all.end());
  return all;
}

/// A file that appears whole.
inline void put_file(const std::string& directory, const std::string& name, const std::string& content) {
  std::filesystem::create_directories(directory);
  std::ofstream(directory + "/." + name) << content;
  std::filesystem::rename(directory + "/." + name, directory + "/" + name);
}

/// What a foreach function has been given so far.
class received_rows {
 public:
  void add(const batch& rows) {
    const std::lock_guard lock(mutex_);
    for (const auto& row : batch_to_json(*rows)) rows_.push_back(row.dump());
  }
  std::vector<std::string> sorted() const {
    const std::lock_guard lock(mutex_);
    auto all = rows_;
    std::sort(all.begin(), all.end());
    return all;
  }
  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return rows_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> rows_;
};

using texts = std::vector<std::string>;

}  // namespace flow::test
