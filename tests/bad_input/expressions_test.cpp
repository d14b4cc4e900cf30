// Names, types and texts of expressions: refused by the verb that holds them.
#include <boost/test/unit_test.hpp>

#include "tests/bad_input/fixture.hpp"

using namespace flow;
using namespace flow::test;

BOOST_FIXTURE_TEST_SUITE(wrong_expressions, workshop)

BOOST_AUTO_TEST_CASE(unknown_column_suggests_the_nearest_and_lists_all) {
  check_refused(errc::unknown_column, {"`usr`", "did you mean `user`?", "user, page, ms, time"},
                [&] { stream().select("usr"); });
  check_refused(errc::unknown_column, {"`pag`", "did you mean `page`?"}, [&] { stream().group_by("pag").count(); });
  check_refused(errc::unknown_column, {"`tme`", "did you mean `time`?"}, [&] { stream().with_watermark("tme", "1 minute"); });
  check_refused(errc::unknown_column, {"no member 'z' in 'at'", "STRUCT<x: INT, y: INT>"},
                [&] { stream().select(col("at.z")); });
}

BOOST_AUTO_TEST_CASE(ambiguous_column_lists_what_it_could_be) {
  const auto both = table().as("a").join(table().as("b"), col("a.user") == col("b.user"));
  check_refused(errc::ambiguous_column, {"`user`", "a.user, b.user", "qualify"}, [&] { both.select("user"); });
}

BOOST_AUTO_TEST_CASE(unknown_function_suggests_the_nearest) {
  check_refused(errc::unknown_function, {"'uper'", "did you mean 'upper'?"}, [&] { stream().select_expr("uper(user)"); });
  check_refused(errc::unknown_function, {"'frobnicate_everything'", "flow functions"},
                [&] { stream().select_expr("frobnicate_everything(user)"); });
}

BOOST_AUTO_TEST_CASE(wrong_type_names_the_function_and_the_type) {
  check_refused(errc::type_mismatch, {"sum", "STRUCT<x: INT, y: INT>"}, [&] { stream().group_by("user").sum("at"); });
  check_refused(errc::type_mismatch, {"BOOLEAN", "ms", "INT"}, [&] { stream().where("ms"); });
  check_refused(errc::type_mismatch, {"with_watermark", "TIMESTAMP", "`ms`", "INT"},
                [&] { stream().with_watermark("ms", "1 minute"); });
  check_refused(errc::type_mismatch, {"at", "STRUCT<x: INT, y: INT>", "INT"}, [&] { stream().select(col("at").cast("INT")); });
  check_refused(errc::type_mismatch, {"explode", "STRING"}, [&] { stream().select(explode(col("user"))); });
  check_refused(errc::type_mismatch, {"substr"}, [&] { stream().select_expr("substr()"); });
}

BOOST_AUTO_TEST_CASE(syntax_error_says_where_and_what_is_expected) {
  check_refused(errc::syntax_error, {"line 1, column 6", "ms + \n", "     ^"}, [&] { stream().select_expr("ms + "); });
  check_refused(errc::syntax_error, {"line 1, column", "(ms + 1", "expected"}, [&] { stream().where("(ms + 1"); });
  check_refused(errc::syntax_error, {"line 2, column"}, [&] { s.sql("SELECT 1\nFORM t"); });
  check_refused(errc::syntax_error, {"line 1, column"}, [&] { parse_schema("a INT, b"); });
  check_refused(errc::syntax_error, {"INTEGR"}, [&] { parse_schema("a INTEGR"); });
}

BOOST_AUTO_TEST_CASE(unknown_table_suggests_the_nearest) {
  table().create_or_replace_temp_view("events");
  check_refused(errc::unknown_table, {"`event`", "did you mean `events`?"}, [&] { s.table("event"); });
  check_refused(errc::unknown_table, {"`event`", "create_or_replace_temp_view(\"event\")"},
                [&] { s.sql("SELECT * FROM event"); });
}

BOOST_AUTO_TEST_CASE(malformed_durations_are_refused_with_an_example) {
  check_refused(errc::invalid_argument, {"soon", "10 minutes"}, [&] { stream().with_watermark("time", "soon"); });
  check_refused(errc::invalid_argument, {"window", "-5 minutes"},
                [&] { stream().group_by(window(col("time"), "-5 minutes")).count(); });
  check_refused(errc::invalid_argument, {"window", "1 month"},
                [&] { stream().group_by(window(col("time"), "1 month")).count(); });
}

BOOST_AUTO_TEST_CASE(column_that_is_neither_key_nor_aggregate_says_what_to_do) {
  check_refused(errc::unsupported_plan, {"`page`", "neither a group key nor inside an aggregate"},
                [&] { stream().group_by("user").agg(col("page")); });
}

BOOST_AUTO_TEST_CASE(unknown_join_type_lists_all) {
  check_refused(errc::invalid_argument, {"\"sideways\"", "inner", "left_outer"},
                [&] { stream().join(table(), std::vector<std::string>{"user"}, "sideways"); });
}

BOOST_AUTO_TEST_SUITE_END()
