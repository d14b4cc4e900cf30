#pragma once

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "flow/batch.hpp"
#include "flow/connector_registry.hpp"
#include "flow/types.hpp"

namespace flow::test {

/// A directory of its own, removed at the end.
class temporary_directory {
 public:
  temporary_directory() {
    static std::atomic<int> number{0};
    path_ =
        std::filesystem::temp_directory_path() / ("flow_sinks_" + std::to_string(::getpid()) + "_" + std::to_string(number++));
    std::filesystem::create_directories(path_);
  }
  ~temporary_directory() { std::filesystem::remove_all(path_); }
  temporary_directory(const temporary_directory&) = delete;
  temporary_directory& operator=(const temporary_directory&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline batch rows_of(const std::string& ddl, const std::string& json) {
  return batch_from_json(parse_schema(ddl), nlohmann::json::parse(json));
}

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline options make_options(const std::map<std::string, std::string>& values) {
  options result;
  for (const auto& [key, value] : values) result.set(key, value);
  return result;
}

inline sink_context context_of(const schema_ptr& schema, output_mode mode = output_mode::append, std::string id = "query-1") {
  return {.query_name = "q", .query_id = std::move(id), .checkpoint_dir = "", .mode = mode, .schema = schema};
}

}  // namespace flow::test
