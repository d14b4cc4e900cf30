#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "flow/time.hpp"

namespace flow {

/// Which files have been given out. Bounded: what is older than the newest file by more than `max_age` is forgotten and taken
/// as seen. Source: Spark's FileStreamSource.SeenFilesMap.
///
/// It tells what has changed, so that an epoch need not record the files of all epochs before.
class file_log {
 public:
  explicit file_log(duration max_age) : max_age_(max_age) {}

  bool is_new(const std::string& path, timestamp modified) const;
  void add(const std::string& path, timestamp modified);
  /// Forgets what is too old.
  void purge();
  std::size_t size() const { return files_.size(); }

  /// Visits each file that has been added, with its time, or forgotten, since the last call.
  void take_changes(const std::function<void(const std::string& path, std::optional<timestamp> modified)>& visit);

  /// All but the files.
  nlohmann::json marks() const;
  void restore_marks(const nlohmann::json& marks);
  void restore_file(std::string path, timestamp modified);
  /// From the position of a checkpoint in which files were part of it: they count as changes.
  void restore_former(const nlohmann::json& json);

 private:
  using by_age = std::pair<std::int64_t, const std::string*>;

  void insert(std::string path, std::int64_t modified);

  duration max_age_;
  std::unordered_map<std::string, std::int64_t> files_;
  std::priority_queue<by_age, std::vector<by_age>, std::greater<>> oldest_;  ///< All of files_, by their keys there.
  std::unordered_map<std::string, std::optional<timestamp>> changes_;
  std::int64_t newest_ = 0;
  std::int64_t forgotten_ = 0;  ///< Files modified before this are taken as seen.
};

}  // namespace flow
