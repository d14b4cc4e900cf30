#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "flow/flow.hpp"

/// Reads the cases of the conformance corpus (its README says what the fields mean) and builds their queries with libflow.
namespace flow::conformance {

/// A table of a case: rows given, or a stream that is fed step by step.
struct corpus_table {
  schema_ptr schema;
  bool stream = false;
  nlohmann::json rows;
};

enum class refusal { none, analysis, runtime };

/// One file of `stream/` or `batch/`.
struct corpus_case {
  std::string name, about;
  std::map<std::string, corpus_table> tables;
  nlohmann::json plan;
  std::string result;
  output_mode mode = output_mode::append;
  std::map<std::string, std::string> options;
  bool ordered = false;
  bool restart = false;
  refusal expect_error = refusal::none;
  int error_step = 0;
  std::optional<std::string> expect_schema;
  nlohmann::json steps, expect, watermark;  ///< stream/: one entry a step; batch/: `expect` is the rows.
};

/// @throws std::runtime_error naming the file and the field for what is not of the format.
corpus_case read_case(const std::filesystem::path& file);
/// All cases of a folder, by name.
std::vector<corpus_case> read_cases(const std::filesystem::path& folder);

/// The datasets of a case in one session: tables, streams, and the result of each stage of its plan.
class corpus_query {
 public:
  /// Makes the tables and streams. Streams are push inputs of the session.
  corpus_query(session owner, const corpus_case& what);

  /// Builds the stages in order and returns the result. @throws flow::error where libflow refuses a verb.
  dataset build();

  /// Feeds the rows of one step to all streams together.
  void feed(const nlohmann::json& step);

 private:
  dataset relation(const std::string& name, const std::string& alias) const;
  dataset apply(const dataset& input, const nlohmann::json& verb) const;
  dataset apply_group_by(const dataset& input, const nlohmann::json& verb) const;
  dataset apply_join(const dataset& input, const nlohmann::json& join) const;

  session session_;
  const corpus_case& case_;
  std::map<std::string, push_input> streams_;
  std::map<std::string, dataset> relations_;
};

}  // namespace flow::conformance
