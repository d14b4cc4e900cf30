#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include <nlohmann/json.hpp>

#include "flow/time.hpp"

namespace flow {

/// Which files have been given out. Bounded: what is older than the newest file by more than `max_age` is forgotten and taken
/// as seen. Source: Spark's FileStreamSource.SeenFilesMap.
///
/// As JSON it holds the files within the age, by directory: about a file name and eight digits each. Its size, and so the
/// cost of a position, follows the files younger than maxFileAge.
class file_log {
 public:
  explicit file_log(duration max_age) : max_age_(max_age) {}

  bool is_new(const std::string& path, timestamp modified) const;
  void add(const std::string& path, timestamp modified);
  /// Forgets what is too old.
  void purge();
  std::size_t size() const { return size_; }

  nlohmann::json to_json() const;
  void restore(const nlohmann::json& json);

 private:
  using names = std::unordered_map<std::string, std::int64_t>;

  duration max_age_;
  std::map<std::string, names, std::less<>> directories_;
  std::size_t size_ = 0;
  std::int64_t newest_ = 0;
  std::int64_t forgotten_ = 0;  ///< Files modified before this are taken as seen.
};

}  // namespace flow
