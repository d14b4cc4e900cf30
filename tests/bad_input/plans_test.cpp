// Queries that a stream cannot answer: refused before start, with what to do instead.
#include <boost/test/unit_test.hpp>

#include "tests/bad_input/fixture.hpp"

using namespace flow;
using namespace flow::test;

BOOST_FIXTURE_TEST_SUITE(unsupported_plans, workshop)

BOOST_AUTO_TEST_CASE(sort_needs_complete_mode_and_an_aggregation) {
  check_refused(errc::unsupported_plan, {"sorted only in complete mode", "output_mode(\"complete\")"},
                [&] { start(stream().order_by("ms"), "append"); });
  check_refused(errc::unsupported_plan, {"sorted only in complete mode"},
                [&] { start(stream().group_by("user").count().order_by("user"), "update"); });
}

BOOST_AUTO_TEST_CASE(append_aggregate_needs_a_watermark) {
  check_refused(errc::unsupported_plan, {"append mode", "with_watermark()", "output_mode(\"update\")"},
                [&] { start(stream().group_by("user").count(), "append"); });
  check_refused(errc::unsupported_plan, {"no group key carries a watermark"},
                [&] { start(stream().with_watermark("time", "1 minute").group_by("user").count(), "append"); });
}

BOOST_AUTO_TEST_CASE(complete_needs_an_aggregate) {
  check_refused(errc::unsupported_plan, {"complete mode", "group_by().agg()", "output_mode(\"append\")"},
                [&] { start(stream(), "complete"); });
}

BOOST_AUTO_TEST_CASE(second_watermark_of_one_stream_is_refused) {
  check_refused(errc::unsupported_plan, {"with_watermark(\"time\")", "once per stream"}, [&] {
    start(stream().with_watermark("time", "1 minute").select("time", "user").with_watermark("time", "2 minutes"), "append");
  });
}

BOOST_AUTO_TEST_CASE(join_of_two_streams_says_what_works) {
  check_refused(errc::unsupported_plan, {"join of two streams", "with a table"}, [&] {
    start(stream().select("user").join(stream().select("user"), std::vector<std::string>{"user"}), "append");
  });
}

BOOST_AUTO_TEST_CASE(outer_join_that_keeps_the_tables_rows_says_which_work) {
  check_refused(errc::unsupported_plan, {"RIGHT OUTER join", "left_outer, left_semi or left_anti", "swap the sides"},
                [&] { start(stream().join(table(), std::vector<std::string>{"user"}, "right_outer"), "append"); });
}

BOOST_AUTO_TEST_CASE(distinct_aggregate_names_its_replacement) {
  stream().create_or_replace_temp_view("events");
  check_refused(errc::unsupported_plan, {"distinct aggregates", "approx_count_distinct()", "drop_duplicates()"},
                [&] { start(s.sql("SELECT user, count(DISTINCT page) AS pages FROM events GROUP BY user"), "update"); });
}

BOOST_AUTO_TEST_CASE(limit_in_update_mode_and_union_with_a_table_say_what_works) {
  check_refused(errc::unsupported_plan, {"limit()", "output_mode(\"append\")"}, [&] { start(stream().limit(3), "update"); });
  check_refused(errc::unsupported_plan, {"union of a stream with a table", "read_stream"},
                [&] { start(stream().unite(table()), "append"); });
}

BOOST_AUTO_TEST_CASE(streams_are_not_collected_and_tables_not_streamed) {
  check_refused(errc::unsupported_plan, {"write_stream()"}, [&] { stream().collect(); });
  check_refused(errc::unsupported_plan, {"bounded table", "read_stream()"}, [&] { table().write_stream(); });
}

BOOST_AUTO_TEST_CASE(slide_longer_than_its_window_names_the_column_as_written) {
  check_refused(errc::invalid_argument, {"window(`time`, '10 minutes', '20 minutes')", "use a slide of at most the size"},
                [&] { stream().group_by(window(col("time"), "10 minutes", "20 minutes")).count(); });
}

BOOST_AUTO_TEST_CASE(file_sink_takes_append_only) {
  check_refused(errc::unsupported_plan, {"\"json\"", "append", "watermark"}, [&] {
    stream().group_by("user").count().write_stream().output_mode("update").format("json").option("path", path("out")).start();
  });
}

BOOST_AUTO_TEST_CASE(two_queries_of_one_name_are_refused) {
  const auto first = stream().write_stream().format("noop").query_name("twin").start();
  check_refused(errc::illegal_state, {"\"twin\"", "stop it first"},
                [&] { stream().write_stream().format("noop").query_name("twin").start(); });
  BOOST_TEST(first->is_active());
  first->stop();
}

BOOST_AUTO_TEST_SUITE_END()
