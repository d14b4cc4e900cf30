#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <random>
#include <string>

#include <flow/flow.hpp>

namespace differential {

/// A query drawn from a seed, over the JSON files of write_input().
struct generated_pipeline {
  std::string description;
  flow::output_mode mode = flow::output_mode::append;
  int key_columns = 0;            ///< Update and complete: leading output columns that name a row.
  bool has_bounded_twin = false;  ///< Whether the same verbs over a bounded table give the final result.
  /// Applies the verbs to an input (a stream or a bounded table of `input_ddl`).
  std::function<flow::dataset(const flow::dataset& input)> build;
};

inline constexpr const char* input_ddl = "id BIGINT, user STRING, page STRING, ts TIMESTAMP, v INT, tags ARRAY<STRING>";

generated_pipeline draw_pipeline(std::uint64_t seed);

/// Writes files [first, last) of the input, each covering five minutes of event time with ten minutes of disorder.
void write_input(const std::filesystem::path& directory, std::uint64_t seed, int first, int last);

}  // namespace differential
