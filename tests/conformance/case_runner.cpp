#include "case_runner.hpp"

#include <fstream>

#include <arrow/api.h>

#include "row_comparison.hpp"

namespace flow::conformance {

using nlohmann::json;

namespace {

constexpr timestamp recorded_at{1'795'219'200'000'000};  // 2026-11-21 00:00:00 UTC

}  // namespace

session session_for(const std::string& name) {
  return session::make({.name = name, .threads = 1, .clock = [] { return recorded_at; }});
}

json rows_of(const dataset& d) {
  json all = json::array();
  for (const auto& part : d.collect())
    for (auto& row : batch_to_json(*part)) all.push_back(std::move(row));
  return all;
}

std::string schema_difference(const std::string& expected_ddl, const arrow::Schema& got) {
  const auto expected = to_ddl(*parse_schema(expected_ddl)), have = to_ddl(got);
  return expected == have ? "" : "schema: expected " + expected + ", got " + have;
}

outcome refused(const std::string& name, bool expected, const std::string& message) {
  return {name, expected ? outcome::kind::pass : outcome::kind::refused, message};
}

outcome run_batch_case(const corpus_case& c) {
  try {
    const auto s = session_for(c.name);
    corpus_query query(s, c);
    const auto result = query.build();
    const auto rows = rows_of(result);
    if (c.expect_error != refusal::none) return {c.name, outcome::kind::fail, "should be refused, but gave " + rows.dump()};
    if (c.expect_schema) {
      const auto wrong = schema_difference(*c.expect_schema, *result.schema());
      if (!wrong.empty()) return {c.name, outcome::kind::fail, wrong};
    }
    const auto wrong = first_difference(*result.schema(), c.expect, rows, c.ordered);
    return {c.name, wrong.empty() ? outcome::kind::pass : outcome::kind::fail, wrong};
  } catch (const error& e) {
    return refused(c.name, c.expect_error != refusal::none, e.what());
  }
}

std::vector<outcome> run_file(const std::filesystem::path& file, const run_settings& settings) {
  try {
    std::ifstream in(file);
    const auto content = json::parse(in);
    if (content.contains("cases")) return run_expressions(content);
    if (content.contains("files")) return {run_files_case(content, settings)};
    const auto c = read_case(file);
    if (content.contains("steps") || content.contains("output_mode")) return {run_stream_case(c, settings)};
    return {run_batch_case(c)};
  } catch (const std::exception& e) {
    return {{file.stem().string(), outcome::kind::fail, e.what()}};
  }
}

}  // namespace flow::conformance
