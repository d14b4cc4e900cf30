#include <boost/test/unit_test.hpp>

#include "flow/table_text.hpp"
#include "tests/sinks/sink_fixture.hpp"

using namespace flow;
using test::rows_of;

namespace {

std::string table(const std::string& ddl, const std::string& json, int rows = 20, int width = 20) {
  return table_text(*parse_schema(ddl), {rows_of(ddl, json)}, rows, width);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(table_of_text)

BOOST_AUTO_TEST_CASE(cells_stand_right_when_cut_and_left_when_whole) {
  BOOST_TEST(table("word STRING, count BIGINT", R"([["flow", 2], ["a", 10]])") ==
             "+----+-----+\n"
             "|word|count|\n"
             "+----+-----+\n"
             "|flow|    2|\n"
             "|   a|   10|\n"
             "+----+-----+\n");
  BOOST_TEST(table("word STRING", R"([["a"]])", 20, 0) == "+----+\n|word|\n+----+\n|a   |\n+----+\n");
}

BOOST_AUTO_TEST_CASE(columns_are_at_least_three_wide) {
  BOOST_TEST(table("k INT", "[[1]]") == "+---+\n|  k|\n+---+\n|  1|\n+---+\n");
}

BOOST_AUTO_TEST_CASE(long_cells_are_cut_but_headers_are_not) {
  BOOST_TEST(table("a_header_of_22_letters STRING", R"([["abcdefghijklmnopqrstuvwxyz"]])") ==
             "+----------------------+\n"
             "|a_header_of_22_letters|\n"
             "+----------------------+\n"
             "|  abcdefghijklmnopq...|\n"
             "+----------------------+\n");
  BOOST_TEST(table("abc STRING", R"([["vwxyz"]])", 20, 3) == "+---+\n|abc|\n+---+\n|vwx|\n+---+\n");
}

BOOST_AUTO_TEST_CASE(what_is_left_out_is_said) {
  BOOST_TEST(table("k INT", "[[1], [2], [3]]", 2).ends_with("|  2|\n+---+\nonly showing top 2 rows\n"));
  BOOST_TEST(table("k INT", "[[1], [2]]", 1).ends_with("only showing top 1 row\n"));
  BOOST_TEST(!table("k INT", "[[1], [2]]", 2).ends_with("rows\n"));
}

BOOST_AUTO_TEST_CASE(values_look_as_in_sparks_show) {
  BOOST_TEST(table("a ARRAY<INT>, m MAP<STRING, INT>, s STRUCT<x: DOUBLE, y: STRING>, b BINARY, n INT, t TIMESTAMP",
                   R"([[[1, null], [["k", 1]], [1.0, null], "0AFF", null, "2024-01-01 10:00:00.5"]])", 1, 0) ==
             "+---------+--------+-----------+-------+----+---------------------+\n"
             "|a        |m       |s          |b      |n   |t                    |\n"
             "+---------+--------+-----------+-------+----+---------------------+\n"
             "|[1, NULL]|{k -> 1}|{1.0, NULL}|[0A FF]|NULL|2024-01-01 10:00:00.5|\n"
             "+---------+--------+-----------+-------+----+---------------------+\n");
}

BOOST_AUTO_TEST_CASE(width_counts_characters_and_wide_ones_twice) {
  BOOST_TEST(table("w STRING", R"([["äöü€"], ["日本"]])") == "+----+\n|   w|\n+----+\n|äöü€|\n|日本|\n+----+\n");
}

BOOST_AUTO_TEST_CASE(line_breaks_do_not_tear_the_table) {
  BOOST_TEST(table("w STRING", R"([["a\nb\tc"]])") == "+-------+\n|      w|\n+-------+\n|a\\nb\\tc|\n+-------+\n");
}

BOOST_AUTO_TEST_CASE(tables_without_rows_or_columns_have_a_frame) {
  BOOST_TEST(table("k INT", "[]") == "+---+\n|  k|\n+---+\n+---+\n");
  BOOST_TEST(table_text(*arrow::schema(arrow::FieldVector{}), {}, 20, 20) == "++\n||\n++\n++\n");
}

BOOST_AUTO_TEST_SUITE_END()
