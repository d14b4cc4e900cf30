#include <arrow/api.h>

#include "case_runner.hpp"
#include "row_comparison.hpp"

namespace flow::conformance {

using nlohmann::json;

namespace {

/// The values of one expression: for every row in order, or with `group_by` for every group in the order of `keys`.
json values_of(const dataset& table, const json& file, const expression_ptr& e, data_type& type) {
  if (!file.contains("group_by")) {
    const auto result = table.select_list({expressions::alias(e, "value")});
    type = result.schema()->field(0)->type();
    json values = json::array();
    for (auto& row : rows_of(result)) values.push_back(row.at(0));
    return values;
  }
  std::vector<expression_ptr> keys;
  for (const auto& key : file.at("group_by")) keys.push_back(expressions::reference({key.get<std::string>()}));
  const auto count = keys.size();
  const auto result = table.group_by_list(std::move(keys)).agg_list({expressions::alias(e, "value")});
  type = result.schema()->field(static_cast<int>(count))->type();
  std::map<std::string, json> by_key;
  for (auto& row : rows_of(result))
    by_key[json(row.begin(), row.begin() + static_cast<std::ptrdiff_t>(count)).dump()] = row.at(count);
  json values = json::array();
  for (const auto& key : file.at("keys")) values.push_back(by_key[key.dump()]);
  return values;
}

outcome run_expression(const dataset& table, const json& file, const json& c) {
  const auto text = c.at("expr").get<std::string>();
  const auto name = file.at("name").get<std::string>() + ": " + text;
  const bool error_expected = c.contains("error");
  try {
    data_type type;
    const auto got = values_of(table, file, parse_expression(text), type);
    if (error_expected) return {name, outcome::kind::fail, "should be refused, but gave " + got.dump()};
    const auto expected_type = to_ddl(*parse_type(c.at("type").get<std::string>()));
    if (expected_type != to_ddl(*type))
      return {name, outcome::kind::fail, "type: expected " + expected_type + ", got " + to_ddl(*type)};
    const auto& expected = c.at("values");
    for (std::size_t i = 0; i < std::max(expected.size(), got.size()); ++i) {
      if (i >= got.size() || i >= expected.size() || !same_value(*type, expected[i], got[i])) {
        return {name, outcome::kind::fail,
                "row " + std::to_string(i) + ": expected " + (i < expected.size() ? expected[i].dump() : "none") + ", got " +
                    (i < got.size() ? got[i].dump() : "none")};
      }
    }
    return {name, outcome::kind::pass, ""};
  } catch (const error& e) {
    return refused(name, error_expected, e.what());
  }
}

}  // namespace

std::vector<outcome> run_expressions(const json& c) {
  const auto s = session_for(c.at("name").get<std::string>());
  const auto schema = parse_schema(c.at("schema").get<std::string>());
  const auto table = s.create_dataset(schema, {batch_from_json(schema, c.at("rows"))});
  std::vector<outcome> all;
  for (const auto& one : c.at("cases")) all.push_back(run_expression(table, c, one));
  return all;
}

}  // namespace flow::conformance
