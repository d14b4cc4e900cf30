#include <filesystem>
#include <fstream>

#include <boost/test/unit_test.hpp>

#include <nlohmann/json.hpp>

#include "flow/error.hpp"
#include "flow/types.hpp"
#include "tests/conformance/row_comparison.hpp"
#include "tests/sources/read_all.hpp"
#include "tests/sources/temporary_directory.hpp"

namespace {

using nlohmann::json;

const std::filesystem::path corpus = std::filesystem::path(FLOW_SOURCE_DIR) / "tests/conformance/corpus/files";

std::string bytes_of(const json& content) {
  if (content.is_string()) return content.get<std::string>();
  const auto hex = content.at("hex").get<std::string>();
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) out += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return out;
}

/// "" if the case holds, else what differs.
std::string difference(const json& one, const flow::read_budget& budget) {
  const temporary_directory directory;
  for (const auto& [name, content] : one.at("files").items()) directory.write(name, bytes_of(content));
  option_list settings{{"path", directory.path()}};
  if (one.contains("options")) {
    for (const auto& [key, value] : one.at("options").items()) settings.emplace_back(key, value.get<std::string>());
  }
  const auto schema = one.contains("schema") ? flow::parse_schema(one.at("schema").get<std::string>()) : nullptr;
  try {
    const auto provider = provide(one.at("format").get<std::string>(), make_request(settings, schema, false));
    if (one.value("expect_error", "") == "analysis") return "an error was expected when the table is opened";
    auto source = provider->make(false);
    source->restore(nullptr);
    const auto rows = read_splits(*source, source->discover({}), budget);
    if (one.contains("expect_error")) return "an error was expected when the table is read";
    const auto ddl = flow::to_ddl(*provider->schema());
    const auto wanted = flow::to_ddl(*flow::parse_schema(one.at("expect_schema").get<std::string>()));
    if (ddl != wanted) return "schema " + ddl + ", not " + wanted;
    return flow::conformance::first_difference(*provider->schema(), one.at("expect"), rows, false);
  } catch (const flow::error& e) {
    if (!one.contains("expect_error")) return std::string("error: ") + e.what();
  }
  return "";
}

void check_corpus(const flow::read_budget& budget) {
  int checked = 0;
  for (const auto& entry : std::filesystem::directory_iterator(corpus)) {
    const auto one = json::parse(std::ifstream(entry.path()));
    if (one.contains("select")) continue;
    const auto what = difference(one, budget);
    BOOST_CHECK_MESSAGE(what.empty(), entry.path().stem().string() << ": " << what);
    ++checked;
  }
  BOOST_CHECK_GT(checked, 100);
}

}  // namespace

BOOST_AUTO_TEST_CASE(files_give_the_rows_that_spark_gives) { check_corpus({}); }

BOOST_AUTO_TEST_CASE(one_row_at_a_time_gives_the_same_rows) { check_corpus({1, 1}); }
