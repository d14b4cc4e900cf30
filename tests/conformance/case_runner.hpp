#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "corpus_case.hpp"

namespace flow::conformance {

/// How the engine under test is set up; the same answers are expected of every setting.
struct run_settings {
  bool restart_every_step = false;  ///< Only for cases that allow it.
  std::string state = "memory";
  int parallelism = 1;
  std::filesystem::path scratch;
};

/// What came of one case, or of one expression of an `expr/` file.
struct outcome {
  enum class kind { pass, fail, refused };
  std::string name;
  kind what = kind::pass;
  std::string detail;  ///< The first difference, or the message of the refusal.
};

/// Runs one corpus file of any of the four kinds. Never throws: what goes wrong is an outcome.
std::vector<outcome> run_file(const std::filesystem::path& file, const run_settings& settings);

outcome run_stream_case(const corpus_case& c, const run_settings& settings);
outcome run_batch_case(const corpus_case& c);
outcome run_files_case(const nlohmann::json& c, const run_settings& settings);
std::vector<outcome> run_expressions(const nlohmann::json& c);

// What all kinds of cases share.

/// A session for one case. Its clock stands on the day the answers were recorded: a time without a date is on that day.
session session_for(const std::string& name);
/// Rows of a bounded dataset in the corpus's notation.
nlohmann::json rows_of(const dataset& d);
/// "" or how the dataset's columns differ from the DDL.
std::string schema_difference(const std::string& expected_ddl, const arrow::Schema& got);
/// A refusal as an outcome: a pass where one is expected.
outcome refused(const std::string& name, bool expected, const std::string& message);

}  // namespace flow::conformance
