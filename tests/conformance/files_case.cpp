#include <fstream>

#include <arrow/api.h>

#include "case_runner.hpp"
#include "row_comparison.hpp"

namespace flow::conformance {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

std::string bytes_of(const json& content) {
  if (content.is_string()) return content.get<std::string>();
  const auto hex = content.at("hex").get<std::string>();
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

void write_files(const fs::path& folder, const json& files) {
  fs::remove_all(folder);
  fs::create_directories(folder);
  for (const auto& [name, content] : files.items()) {
    fs::create_directories((folder / name).parent_path());
    std::ofstream(folder / name, std::ios::binary) << bytes_of(content);
  }
}

}  // namespace

outcome run_files_case(const json& c, const run_settings& settings) {
  const auto name = c.at("name").get<std::string>();
  const bool error_expected = c.contains("expect_error");
  const auto folder = settings.scratch / name;
  try {
    write_files(folder, c.at("files"));
    const auto s = session_for(name);
    auto reader = s.read();
    reader.format(c.at("format").get<std::string>());
    if (c.contains("schema")) reader.schema(c.at("schema").get<std::string>());
    if (c.contains("options"))
      for (const auto& [key, value] : c.at("options").items()) reader.option(key, value.get<std::string>());
    auto table = reader.load(folder.string());
    if (c.contains("select")) {
      std::vector<expression_ptr> columns;
      for (const auto& text : c.at("select")) columns.push_back(parse_expression(text.get<std::string>()));
      table = table.select_list(std::move(columns));
    }
    const auto rows = rows_of(table);
    fs::remove_all(folder);
    if (error_expected) return {name, outcome::kind::fail, "should be refused, but gave " + rows.dump()};
    auto wrong = schema_difference(c.at("expect_schema").get<std::string>(), *table.schema());
    if (wrong.empty()) wrong = first_difference(*table.schema(), c.at("expect"), rows, c.value("ordered", false));
    return {name, wrong.empty() ? outcome::kind::pass : outcome::kind::fail, wrong};
  } catch (const error& e) {
    fs::remove_all(folder);
    return refused(name, error_expected, e.what());
  }
}

}  // namespace flow::conformance
