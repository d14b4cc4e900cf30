#pragma once

#include <filesystem>
#include <string>

#include <flow/flow.hpp>
#include <nlohmann/json.hpp>

#include "tests/bad_input/refusal.hpp"
#include "tests/sources/temporary_directory.hpp"

namespace flow::test {

/// A session, a directory, and an input stream to build queries on.
struct workshop {
  temporary_directory dir;
  session s = session::make({.name = "bad input", .threads = 2});
  schema_ptr events =
      parse_schema("user STRING, page STRING, ms INT, time TIMESTAMP, tags ARRAY<STRING>, at STRUCT<x: INT, y: INT>");

  dataset stream() const { return s.push_stream(events).stream(); }
  dataset table() const {
    return s.create_dataset(
        events,
        {batch_from_json(events, nlohmann::json::parse(R"([["ann", "/a", 120, "2024-01-01 00:00:00", ["x"], [1, 2]]])"))});
  }
  std::string path(const std::string& name) const { return (std::filesystem::path(dir.path()) / name).string(); }
  void mkdir(const std::string& name) const { std::filesystem::create_directories(path(name)); }
};

/// The rows must be those of this JSON text.
inline void check_rows(const nlohmann::json& rows, const char* wanted) {
  BOOST_TEST((rows == nlohmann::json::parse(wanted)), rows.dump() << " is not " << wanted);
}

/// Starts the rows' query, which must be refused.
inline void start(const dataset& rows, std::string_view mode) { rows.write_stream().output_mode(mode).format("noop").start(); }

}  // namespace flow::test
