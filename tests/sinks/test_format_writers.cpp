#include <boost/test/unit_test.hpp>

#include "flow/error.hpp"
#include "flow/format_writer.hpp"
#include "tests/sinks/sink_fixture.hpp"

using namespace flow;
using test::make_options;
using test::rows_of;

namespace {

std::string written(const std::string& format, const std::string& ddl, const std::string& json,
                    const std::map<std::string, std::string>& settings = {}) {
  const auto writer = find_format_writer(format, make_options(settings), parse_schema(ddl));
  std::string out;
  writer->append_header(out);
  writer->append_rows(*rows_of(ddl, json), out);
  return out;
}

bool is_mismatch(const error& e) { return e.code() == errc::type_mismatch; }

}  // namespace

BOOST_AUTO_TEST_SUITE(format_writers)

BOOST_AUTO_TEST_CASE(json_leaves_null_fields_out_unless_told) {
  const std::string ddl = "a INT, s STRUCT<x: INT, y: STRING>", rows = R"([[null, [1, null]], [2, null]])";
  BOOST_TEST(written("json", ddl, rows) == "{\"s\":{\"x\":1}}\n{\"a\":2}\n");
  BOOST_TEST(written("json", ddl, rows, {{"ignoreNullFields", "false"}}) ==
             "{\"a\":null,\"s\":{\"x\":1,\"y\":null}}\n{\"a\":2,\"s\":null}\n");
}

BOOST_AUTO_TEST_CASE(json_keeps_nulls_in_arrays_and_maps) {
  BOOST_TEST(written("json", "l ARRAY<INT>, m MAP<INT, STRING>", R"([[[1, null], [[7, null], [8, "x"]]], [[], []]])") ==
             "{\"l\":[1,null],\"m\":{\"7\":null,\"8\":\"x\"}}\n{\"l\":[],\"m\":{}}\n");
}

BOOST_AUTO_TEST_CASE(json_writes_every_scalar_as_spark_does) {
  BOOST_TEST(written("json",
                     "a BOOLEAN, b TINYINT, c BIGINT, d DOUBLE, e DECIMAL(5,2), f DATE, g TIMESTAMP, h TIMESTAMP_NTZ, i BINARY",
                     R"([[true, -1, 9223372036854775807, 10000000.0, "1.50", "2024-02-29", "2024-02-29 10:00:00.123456",
                          "2024-02-29 10:00:00", "4142"]])") ==
             "{\"a\":true,\"b\":-1,\"c\":9223372036854775807,\"d\":1.0E7,\"e\":1.50,\"f\":\"2024-02-29\","
             "\"g\":\"2024-02-29T10:00:00.123Z\",\"h\":\"2024-02-29T10:00:00.000\",\"i\":\"QUI=\"}\n");
  BOOST_TEST(written("json", "d DOUBLE", R"([["NaN"], ["-Infinity"]])") == "{\"d\":\"NaN\"}\n{\"d\":\"-Infinity\"}\n");
}

BOOST_AUTO_TEST_CASE(dates_and_times_are_written_by_the_patterns_given) {
  const std::map<std::string, std::string> patterns{
      {"dateFormat", "dd/MM/yyyy"}, {"timestampFormat", "yyyy-MM-dd HH:mm"}, {"timestampNTZFormat", "HH:mm:ss"}};
  const std::string ddl = "d DATE, t TIMESTAMP, n TIMESTAMP_NTZ";
  const std::string rows = R"([["2024-02-29", "2024-02-29 10:11:12", "2024-02-29 10:11:12"]])";
  BOOST_TEST(written("csv", ddl, rows, patterns) == "29/02/2024,2024-02-29 10:11,10:11:12\n");
  BOOST_TEST(written("json", ddl, rows, patterns) == "{\"d\":\"29/02/2024\",\"t\":\"2024-02-29 10:11\",\"n\":\"10:11:12\"}\n");
  BOOST_CHECK_EXCEPTION(written("csv", ddl, rows, {{"timestampFormat", "YYYY"}}), error,
                        [](const error& e) { return e.code() == errc::invalid_option; });
}

BOOST_AUTO_TEST_CASE(json_escapes_what_it_must_and_nothing_else) {
  BOOST_TEST(written("json", "`a\"b` STRING", R"([["\"\\/\n\u0001é"]])") == "{\"a\\\"b\":\"\\\"\\\\/\\n\\u0001é\"}\n");
}

BOOST_AUTO_TEST_CASE(json_of_a_sliced_batch_has_the_slices_rows) {
  const std::string ddl = "l ARRAY<STRUCT<x: STRING>>, s STRUCT<y: INT>";
  const auto rows = rows_of(ddl, R"([[[["a"]], [1]], [[["b"], ["c"]], [2]], [null, null]])")->Slice(1, 1);
  std::string out;
  json_writer({}, parse_schema(ddl))->append_rows(*rows, out);
  BOOST_TEST(out == "{\"l\":[{\"x\":\"b\"},{\"x\":\"c\"}],\"s\":{\"y\":2}}\n");
}

BOOST_AUTO_TEST_CASE(csv_quotes_only_what_needs_it) {
  BOOST_TEST(written("csv", "a STRING, b INT",
                     R"([["plain", 1], ["a,b", 2], ["say \"hi\"", 3], ["two\nlines", 4], ["back\\slash", 5]])") ==
             "plain,1\n\"a,b\",2\n\"say \\\"hi\\\"\",3\n\"two\nlines\",4\nback\\slash,5\n");
}

BOOST_AUTO_TEST_CASE(csv_tells_null_from_empty_text) {
  BOOST_TEST(written("csv", "a STRING, b STRING", R"([[null, ""], ["x", null]])") == ",\"\"\nx,\n");
  BOOST_TEST(written("csv", "a STRING, b STRING", R"([[null, ""]])", {{"nullValue", "NULL"}, {"emptyValue", ""}}) == "NULL,\n");
}

BOOST_AUTO_TEST_CASE(csv_options_change_separator_quote_header_and_line_end) {
  BOOST_TEST(written("csv", "a STRING, `b c` INT", R"([["x;y", 1]])",
                     {{"sep", ";"}, {"quote", "'"}, {"header", "true"}, {"lineSep", "\r\n"}}) == "a;b c\r\n'x;y';1\r\n");
  BOOST_TEST(written("csv", "a STRING", R"([["x"]])", {{"quoteAll", "true"}}) == "\"x\"\n");
}

BOOST_AUTO_TEST_CASE(csv_cuts_blanks_around_values_unless_told) {
  BOOST_TEST(written("csv", "a STRING", R"([[" x "]])") == "x\n");
  BOOST_TEST(written("csv", "a STRING", R"([[" x "]])",
                     {{"ignoreLeadingWhiteSpace", "false"}, {"ignoreTrailingWhiteSpace", "false"}}) == " x \n");
}

BOOST_AUTO_TEST_CASE(csv_refuses_nested_columns_by_name) {
  BOOST_CHECK_EXCEPTION(csv_writer({}, parse_schema("l ARRAY<INT>")), error, is_mismatch);
}

BOOST_AUTO_TEST_CASE(text_writes_its_only_column_and_refuses_others) {
  BOOST_TEST(written("text", "value STRING", R"([["a"], [null], ["b"]])") == "a\n\nb\n");
  BOOST_CHECK_EXCEPTION(text_writer({}, parse_schema("a STRING, b STRING")), error, is_mismatch);
  BOOST_CHECK_EXCEPTION(text_writer({}, parse_schema("a INT")), error, is_mismatch);
}

BOOST_AUTO_TEST_SUITE_END()
