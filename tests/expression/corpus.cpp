// Every case of the recorded expression corpus. passing.txt names those that must pass; the list only grows.
#include <cmath>
#include <fstream>
#include <set>

#include <arrow/api.h>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "flow/batch.hpp"
#include "flow/bound_expression.hpp"
#include "flow/error.hpp"
#include "flow/expression.hpp"

namespace {

using nlohmann::json;

const std::string corpus = std::string(FLOW_SOURCE_DIR) + "/tests/conformance/corpus/expr/";
const std::string list = std::string(FLOW_SOURCE_DIR) + "/tests/expression/passing.txt";
constexpr std::array topics{"array_basics",
                            "bigint_arithmetic",
                            "bitwise",
                            "cast_dates",
                            "cast_from_string",
                            "cast_numbers",
                            "cast_matrix",
                            "cast_others",
                            "comparisons",
                            "conditional",
                            "date_arithmetic",
                            "date_format",
                            "date_parse",
                            "date_parts",
                            "date_trunc",
                            "decimal_arithmetic",
                            "decimal_literals",
                            "double_arithmetic",
                            "double_text",
                            "format_text",
                            "from_json",
                            "function_arguments",
                            "hash_functions",
                            "higher_order",
                            "int_arithmetic",
                            "json_path",
                            "like",
                            "logic",
                            "map_functions",
                            "math",
                            "nested_types",
                            "null_functions",
                            "number_functions",
                            "regex",
                            "rounding",
                            "schema_of_json",
                            "sequence_bounds",
                            "sequences",
                            "string_arrays",
                            "string_basics",
                            "string_edit",
                            "string_encodings",
                            "string_generated",
                            "string_parts",
                            "struct_functions",
                            "time_windows",
                            "to_json"};

bool same_number(double a, double b, double tolerance) {
  return a == b || std::abs(a - b) <= tolerance * std::max(std::abs(a), std::abs(b));
}

bool same(const json& got, const json& wanted, const arrow::DataType& type);

bool same_pairs(const json& got, const json& wanted, const arrow::MapType& type) {
  if (got.size() != wanted.size()) return false;
  std::set<std::size_t> used;
  for (const auto& pair : wanted) {
    std::size_t k = 0;
    while (k < got.size() &&
           (used.contains(k) || !same(got[k][0], pair[0], *type.key_type()) || !same(got[k][1], pair[1], *type.item_type())))
      ++k;
    if (k == got.size()) return false;
    used.insert(k);
  }
  return true;
}

bool same(const json& got, const json& wanted, const arrow::DataType& type) {
  if (got.is_null() || wanted.is_null()) return got.is_null() && wanted.is_null();
  if (got.is_number() && wanted.is_number() && (got.is_number_float() || wanted.is_number_float())) {
    return same_number(got.get<double>(), wanted.get<double>(), type.id() == arrow::Type::FLOAT ? 1e-6 : 1e-9);
  }
  if (!got.is_array() || !wanted.is_array()) return got == wanted;
  if (type.id() == arrow::Type::MAP) return same_pairs(got, wanted, static_cast<const arrow::MapType&>(type));
  if (got.size() != wanted.size()) return false;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const auto field = type.id() == arrow::Type::STRUCT ? static_cast<int>(i) : 0;
    if (!same(got[i], wanted[i], *type.field(field)->type())) return false;
  }
  return true;
}

/// Corpus inputs and outputs write a time's fraction with one to six digits.
json normal(const json& value, const arrow::DataType& type) {
  if (value.is_null()) return value;
  if (type.id() == arrow::Type::TIMESTAMP) {
    auto text = value.get<std::string>();
    if (const auto point = text.find('.'); point != std::string::npos) text.resize(point + 7, '0');
    return text;
  }
  return value;
}

std::string evaluate(const json& c, const flow::batch& rows) {
  // The recording was made on this day; "10:11:12" is a time on it.
  const auto midnight = flow::batch_from_json(flow::schema_builder{}.add("t", flow::types::timestamp()).build(),
                                              json::array({json::array({"2026-11-21 00:00:00"})}));
  const flow::evaluation_context context{{static_cast<const arrow::TimestampArray&>(*midnight->column(0)).Value(0)}, 0};
  const auto expected_error = c.value("error", "");
  flow::bound_ptr bound;
  try {
    bound = flow::bind(*flow::parse_expression(c["expr"].get<std::string>()), *rows->schema());
  } catch (const flow::error& e) {
    return expected_error == "analysis" ? "" : std::string("not bound: ") + e.what();
  }
  if (expected_error == "analysis") return "was bound, to " + bound->to_string();
  flow::array values;
  try {
    values = flow::evaluate_array(*bound, *rows, context);
  } catch (const flow::error& e) {
    return expected_error == "runtime" ? "" : std::string("failed: ") + e.what();
  }
  if (expected_error == "runtime") return "did not fail";
  const auto type = flow::to_ddl(*bound->type());
  if (type != c["type"].get<std::string>()) return "type " + type + ", not " + c["type"].get<std::string>();
  if (!values->type()->Equals(*bound->type()))
    return "array of " + values->type()->ToString() + ", not " + bound->type()->ToString();
  if (const auto valid = values->ValidateFull(); !valid.ok()) return "invalid array: " + valid.ToString();
  const auto out = flow::batch_to_json(
      *arrow::RecordBatch::Make(flow::schema_builder{}.add("v", bound->type()).build(), values->length(), {values}));
  for (std::size_t i = 0; i < c["values"].size(); ++i) {
    const auto wanted = normal(c["values"][i], *bound->type());
    if (!same(out[i][0], wanted, *bound->type()))
      return "row " + std::to_string(i) + ": " + out[i][0].dump() + ", not " + wanted.dump();
  }
  // What is true of a batch is true of each of its rows, wherever they begin in their buffers.
  for (std::int64_t i = 0; i < rows->num_rows(); ++i) {
    const auto one = flow::evaluate_array(*bound, *rows->Slice(i, 1), context);
    if (bound->deterministic() && !one->RangeEquals(values, 0, 1, i, arrow::EqualOptions().nans_equal(true))) {
      return "row " + std::to_string(i) + " by itself: " + one->ToString();
    }
  }
  return "";
}

std::string identity(const char* topic, const json& c) { return std::string(topic) + ": " + c["expr"].get<std::string>(); }

}  // namespace

BOOST_AUTO_TEST_CASE(expressions_give_what_was_recorded) {
  std::set<std::string> must_pass;
  std::ifstream file(list);
  for (std::string line; std::getline(file, line);) must_pass.insert(line);
  std::size_t passed = 0, failed = 0, checked = 0;
  const char* record = std::getenv("FLOW_RECORD_PASSING");
  std::ofstream recorded(record != nullptr ? record : "/dev/null");
  for (const auto* topic : topics) {
    std::ifstream in(corpus + topic + ".json");
    const auto document = json::parse(in);
    const auto rows = flow::batch_from_json(flow::parse_schema(document["schema"].get<std::string>()), document["rows"]);
    for (const auto& c : document["cases"]) {
      if (c.contains("group_by")) continue;
      std::string problem;
      try {
        problem = evaluate(c, rows);
      } catch (const std::exception& e) {
        problem = std::string("exception: ") + e.what();
      }
      const auto id = identity(topic, c);
      const bool required = must_pass.contains(id);
      checked += required ? 1 : 0;
      problem.empty() ? ++passed : ++failed;
      if (problem.empty()) recorded << id << "\n";
      if (!problem.empty() && record != nullptr) BOOST_TEST_MESSAGE(id << ": " << problem);
      if (required) BOOST_TEST(problem == "", id << ": " << problem);
    }
  }
  BOOST_TEST(checked == must_pass.size());
  BOOST_TEST_MESSAGE(passed << " cases pass, " << failed << " do not");
}
