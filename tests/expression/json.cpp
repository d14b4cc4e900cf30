// from_json and its like, beyond what the corpus has.
#include <arrow/api.h>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "flow/batch.hpp"
#include "flow/bound_expression.hpp"
#include "flow/error.hpp"
#include "flow/expression.hpp"

namespace {

using namespace flow;
using nlohmann::json;

json values_of(const std::string& text, const batch& rows) {
  const auto value = evaluate_array(*bind(*parse_expression(text), *rows->schema()), *rows, {});
  json out = json::array();
  for (auto& row :
       batch_to_json(*arrow::RecordBatch::Make(arrow::schema({arrow::field("v", value->type())}), value->length(), {value})))
    out.push_back(row.at(0));
  return out;
}

batch texts(const std::vector<std::optional<std::string>>& values) {
  arrow::StringBuilder builder;
  for (const auto& value : values) BOOST_REQUIRE((value ? builder.Append(*value) : builder.AppendNull()).ok());
  return arrow::RecordBatch::Make(parse_schema("j STRING"), static_cast<std::int64_t>(values.size()),
                                  {builder.Finish().ValueOrDie()});
}

json value_of(const std::string& text, const std::string& input) { return values_of(text, texts({input})).at(0); }

std::string failure_of(const std::string& text, const batch& rows) {
  try {
    values_of(text, rows);
  } catch (const error& e) {
    return e.what();
  }
  return "";
}

void check_failure(const std::string& expression, const std::string& input, const std::string& part) {
  const auto message = failure_of(expression, texts({input}));
  BOOST_TEST(message.find(part) != std::string::npos, "no \"" << part << "\" in: " << message);
}

}  // namespace

BOOST_AUTO_TEST_CASE(binary_is_decoded_as_its_text_and_broken_characters_are_replaced) {
  arrow::BinaryBuilder builder;
  for (const auto* text : {R"({"a": "x"})", "{\"a\": \"\xC3\"}", R"({"a": "é"})"}) BOOST_REQUIRE(builder.Append(text).ok());
  const auto rows = arrow::RecordBatch::Make(parse_schema("j BINARY"), 3, {builder.Finish().ValueOrDie()});
  BOOST_TEST(values_of("from_json(j, 'a STRING')", rows) == json::parse(R"([["x"], ["\ufffd"], ["é"]])"));
}

BOOST_AUTO_TEST_CASE(character_cut_between_two_rows_is_good_in_neither) {
  const auto rows = texts({"{\"a\": \"x\"}\xC3", "\xA9{\"a\": \"y\"}"});
  BOOST_TEST(values_of("from_json(j, 'a STRING')", rows) == json::parse(R"([["x"], [null]])"));
}

BOOST_AUTO_TEST_CASE(open_text_does_not_run_into_the_next_row) {
  const auto rows = texts({R"({"a": "x)", R"(", "a": "y"})", R"({"a": 1)", R"(2})"});
  BOOST_TEST(values_of("from_json(j, 'a STRING')", rows) == json::parse("[[null], [null], [null], [null]]"));
}

BOOST_AUTO_TEST_CASE(slice_of_a_column_is_decoded_like_the_whole) {
  const auto whole = texts({R"({"a": 1})", std::nullopt, R"({"a": 3})", "", R"({"a": 5})"});
  const auto all = values_of("from_json(j, 'a INT')", whole);
  for (std::int64_t begin = 0; begin < 5; ++begin) {
    const auto part = values_of("from_json(j, 'a INT')", whole->Slice(begin));
    BOOST_TEST(part == json(std::vector<json>(all.begin() + begin, all.end())), "from row " << begin);
  }
}

BOOST_AUTO_TEST_CASE(failfast_names_what_does_not_fit) {
  constexpr auto call = "from_json(j, 'a INT', map('mode', 'FAILFAST'))";
  BOOST_TEST(value_of(call, R"({"a": 1})") == json::parse("[1]"));
  check_failure(call, R"({"a": "x"})", "the value x of \"a\" is no INT");
  check_failure(call, "{bad", "no JSON of the type STRUCT<a: INT>");
  check_failure("from_json(j, 'ARRAY<INT>', map('mode', 'FAILFAST'))", R"(["x"])", "no ARRAY<INT>");
}

BOOST_AUTO_TEST_CASE(options_and_schemas_that_mean_nothing_are_refused_by_name) {
  check_failure("from_json(j, 'a INT', map('mode', 'DROPMALFORMED'))", "{}", "DROPMALFORMED");
  check_failure("from_json(j, 'a INT', map('allowComment', 'true'))", "{}", "allowComments");
  check_failure("from_json(j, 'INT')", "{}", "not INT");
  check_failure("from_json(j, j)", "{}", "constant text");
  check_failure("from_json(j, 'MAP<INT, STRING>')", "{}", "only STRING keys");
  check_failure("to_json(j)", "{}", "a struct, an array or a map");
  check_failure("schema_of_json('{')", "{}", "no JSON");
}

BOOST_AUTO_TEST_CASE(array_of_structs_takes_one_object_and_keeps_what_fits) {
  constexpr auto call = "from_json(j, 'ARRAY<STRUCT<a: INT>>')";
  BOOST_TEST(value_of(call, R"({"a": 1})") == json::parse("[[1]]"));
  BOOST_TEST(value_of(call, R"([{"a": 1}, {"a": "x"}])") == json::parse("[[1], [null]]"));
  BOOST_TEST(value_of(call, R"([1])") == json());
  BOOST_TEST(value_of("from_json(j, 'ARRAY<INT>')", R"([1, "x"])") == json());
  BOOST_TEST(value_of("from_json(j, 'ARRAY<INT>')", R"({"a": 1})") == json());
}

BOOST_AUTO_TEST_CASE(map_keeps_the_last_of_a_repeated_key) {
  BOOST_TEST(value_of("from_json(j, 'MAP<STRING, INT>')", R"({"a": 1, "b": 2, "\u0061": 3})") ==
             json::parse(R"([["a", 3], ["b", 2]])"));
}

BOOST_AUTO_TEST_CASE(value_that_becomes_text_is_written_again_as_jackson_writes_it) {
  constexpr auto call = "from_json(j, 'a STRING').a";
  BOOST_TEST(value_of(call, R"({"a": [1.50, 1e3, -0, 7, "\u0041\n", true, null, {"b" : {}}]})") ==
             R"([1.5,1000.0,0,7,"A\n",true,null,{"b":{}}])");
  BOOST_TEST(value_of(call, R"({"a": 12345678901234567890})") == "12345678901234567890");
}

BOOST_AUTO_TEST_CASE(schema_may_come_from_an_example) {
  BOOST_TEST(value_of(R"(from_json(j, schema_of_json('{"a": 1, "b": [true]}')))", R"({"b": [false], "a": 2})") ==
             json::parse("[2, [false]]"));
}

BOOST_AUTO_TEST_CASE(paths_follow_hive_where_it_is_odd) {
  const auto at = [](const std::string& path, const std::string& text) {
    return value_of("get_json_object(j, '" + path + "')", text);
  };
  BOOST_TEST(at("$.a[*].b", R"({"a": [{"b": 1}, {"c": 2}, {"b": "x"}]})") == R"([1,"x"])");
  BOOST_TEST(at("$.a[*].b", R"({"a": [{"b": "x"}, {"c": 2}]})") == R"("x")");
  BOOST_TEST(at("$[*][*]", "[[1, 2], [[3]], 4]") == "[1,2,3,4]");
  BOOST_TEST(at("$[1][*]", "[[1], [2, 3]]") == "[2,3]");
  BOOST_TEST(at("$[2]", "[1]") == json());
  BOOST_TEST(at("$.a", R"({"a": null, "a": 2})") == "2");
  BOOST_TEST(at("$.a", R"({"a": 1, "b")") == json());
  BOOST_TEST(at("$.a.b", R"({"a": {"b": "\"\u00e9"}})") == "\"é");
  BOOST_TEST(at("$..a", "{}") == json());
  BOOST_TEST(at("$[-1]", "[1]") == json());
}

BOOST_AUTO_TEST_CASE(path_may_differ_by_row) {
  const auto rows = batch_from_json(parse_schema("j STRING, p STRING"),
                                    json::parse(R"([["{\"a\":1}", "$.a"], ["{\"b\":2}", "$.b"], ["{}", null], [null, "$"]])"));
  BOOST_TEST(values_of("get_json_object(j, p)", rows) == json::parse(R"(["1", "2", null, null])"));
}

BOOST_AUTO_TEST_CASE(times_that_are_keys_are_written_as_numbers) {
  BOOST_TEST(value_of("to_json(map(DATE '1970-01-03', 1))", "") == R"({"2":1})");
  BOOST_TEST(value_of("to_json(map(TIMESTAMP '1970-01-01 00:00:01', 1))", "") == R"({"1000000":1})");
}

BOOST_AUTO_TEST_CASE(tuple_takes_the_last_member_that_is_not_null) {
  const auto rows = texts({R"({"a": 1.50, "b": "x\ty", "a": 2, "b": null})", "[1]", std::nullopt, "{"});
  BOOST_TEST(values_of("json_tuple(j, 'a', 'b', 'c')", rows) ==
             json::parse(R"([["2", "x\ty", null], [null, null, null], [null, null, null], [null, null, null]])"));
}

BOOST_AUTO_TEST_CASE(csv_record_becomes_a_struct_and_what_does_not_fit_null) {
  const auto rows = texts({"1,x", "y,z", "1", "", std::nullopt, "2,\"a\nb\"\nmore"});
  BOOST_TEST(values_of("from_csv(j, 'a INT, b STRING, _corrupt_record STRING')", rows) ==
             json::parse(R"([[1, "x", null], [null, "z", "y,z"], [1, null, "1"], [null, null, ""], null, [2, "a\nb", null]])"));
  BOOST_TEST(values_of("from_csv(j, 'a STRING', map('sep', ';'))", texts({"1,x"})) == json::parse(R"([["1,x"]])"));
  check_failure("from_csv(j, 'a INT', map('mode', 'FAILFAST'))", "x", "no record of STRUCT<a: INT>: x");
  check_failure("from_csv(j, 'a INT', map('separator', ';'))", "x", "from_csv()");
  check_failure("from_csv(j, 'ARRAY<INT>')", "x", "columns");
}

BOOST_AUTO_TEST_CASE(null_struct_is_no_csv_record) {
  const auto rows = texts({"1,x", std::nullopt});
  BOOST_TEST(values_of("to_csv(from_csv(j, 'a INT, b STRING'), map('sep', '|'))", rows) == json::parse(R"(["1|x", null])"));
}
