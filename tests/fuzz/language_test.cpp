#include "flow/flow.hpp"
#include "tests/fuzz/mutator.hpp"

using namespace flow;
using namespace flow::testing;

namespace {

const mutator types_written({"a INT, b STRING NOT NULL, c DECIMAL(10, 2), d ARRAY<MAP<STRING, STRUCT<x: INT, y: ARRAY<DATE>>>>",
                             "`odd name` TIMESTAMP COMMENT 'c', e BINARY, f STRUCT<>, g BOOLEAN", "MAP<INT, ARRAY<STRING>>"},
                            {"<", ">", ",", ":", "(", ")", "`", "DECIMAL(39, 0)", "ARRAY<", "STRUCT<", "INT", "'", "-1",
                             "NULL"});

const std::vector<std::string> words = {
    "(",     ")",        ",",    "'",    "\"",      "`",  "--", "/*", "SELECT",   "FROM",
    "WHERE", "CASE",     "WHEN", "END",  "AND",     "IN", "->", "::", "1e99",     "NULL",
    "x''",   "INTERVAL", "OVER", "LIKE", "BETWEEN", "*",  ".",  "[",  "\xff\xfe", "9999999999999999999999",
    "\\"};

const mutator expressions_written({"CASE WHEN a > 1 AND b IS NOT NULL THEN 'x' ELSE upper(b) END AS c",
                                   "sum(DISTINCT a * 2) FILTER (WHERE b LIKE '%y\\_' ESCAPE '\\')",
                                   "window(t, '10 minutes', '5 minutes').start + INTERVAL '1' DAY",
                                   "transform(array(1, 2, 3), (x, i) -> x + i)[0] BETWEEN 1 AND 2 OR a IN (1, 2, NULL)",
                                   "CAST(a AS DECIMAL(10, 2)) / 1.5e-3D % 7BD || x'CAFE' <=> -9223372036854775808L"},
                                  words);

const mutator queries(
    {"SELECT a, count(*) AS n FROM t WHERE b > 'x' GROUP BY a HAVING n > 1 ORDER BY n DESC LIMIT 5",
     "WITH w AS (SELECT explode(split(b, ' ')) AS word FROM t) SELECT word FROM w UNION ALL SELECT b FROM t",
     "SELECT t.a, u.b FROM t LEFT JOIN t u ON t.a = u.a AND u.b RLIKE '^a+$'",
     "SELECT regexp_replace(b, '(\\\\d+)', '<$1>'), from_json(b, 'x INT'), date_format(now(), 'yyyy-MM-dd') FROM t"},
    words);

}  // namespace

BOOST_AUTO_TEST_SUITE(language)

BOOST_AUTO_TEST_CASE(types_and_schemas) {
  fuzz(types_written, [](const std::string& text) { to_ddl(*parse_schema(text)); });
  fuzz(types_written, [](const std::string& text) { to_ddl(*parse_type(text)); });
}

BOOST_AUTO_TEST_CASE(expressions_parse_and_print) {
  fuzz(expressions_written, [](const std::string& text) { to_sql(*parse_expression(text)); }, 5000);
}

BOOST_AUTO_TEST_CASE(queries_parse_plan_and_run) {
  auto s = session::make({.name = "fuzz", .threads = 1});
  const auto schema = parse_schema("a INT, b STRING");
  s.create_dataset(schema, {batch_from_json(schema, {{1, "a b"}, {2, nullptr}, {nullptr, "12"}})})
      .create_or_replace_temp_view("t");
  fuzz(queries, [&](const std::string& text) { s.sql(text).collect(); });
}

BOOST_AUTO_TEST_SUITE_END()
