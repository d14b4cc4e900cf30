// The arithmetic of offsets, without a broker.
#include "sources/kafka/range_plan.hpp"

#include <boost/test/unit_test.hpp>

#include "flow/error.hpp"

using namespace flow;

namespace {

topic_partition p(int partition) { return {"t", partition}; }

}  // namespace

BOOST_AUTO_TEST_SUITE(range_plan)

BOOST_AUTO_TEST_CASE(a_limit_is_dealt_out_in_proportion_to_what_partitions_have) {
  const auto ends = limited_ends({{p(0), 0}, {p(1), 100}}, {{p(0), 300}, {p(1), 200}}, 40);
  BOOST_TEST(ends.at(p(0)) == 30);
  BOOST_TEST(ends.at(p(1)) == 110);
}

BOOST_AUTO_TEST_CASE(a_small_partition_gets_at_least_one_record_of_a_limit) {
  const auto ends = limited_ends({{p(0), 0}, {p(1), 0}, {p(2), 7}}, {{p(0), 1000}, {p(1), 1}, {p(2), 7}}, 10);
  BOOST_TEST(ends.at(p(0)) == 9);
  BOOST_TEST(ends.at(p(1)) == 1);
  BOOST_TEST(ends.at(p(2)) == 7);
}

BOOST_AUTO_TEST_CASE(a_limit_beyond_what_there_is_changes_nothing) {
  const partition_offsets until{{p(0), 3}, {p(1), 5}};
  BOOST_TEST((limited_ends({{p(0), 0}, {p(1), 4}}, until, 1'000'000) == until));
}

BOOST_AUTO_TEST_CASE(large_ranges_are_cut_to_reach_the_least_number) {
  const auto ranges = cut_ranges({{p(0), 0}, {p(1), 0}}, {{p(0), 90}, {p(1), 10}}, 5);
  const std::vector<offset_range> expected{{p(0), 0, 18},  {p(0), 18, 36}, {p(0), 36, 54},
                                           {p(0), 54, 72}, {p(0), 72, 90}, {p(1), 0, 10}};
  BOOST_TEST((ranges == expected));
}

BOOST_AUTO_TEST_CASE(no_range_is_cut_when_there_are_enough_and_empty_ones_are_left_out) {
  const auto ranges = cut_ranges({{p(0), 0}, {p(1), 10}, {p(2), 4}}, {{p(0), 90}, {p(1), 10}, {p(2), 5}}, 2);
  BOOST_TEST((ranges == std::vector<offset_range>{{p(0), 0, 90}, {p(2), 4, 5}}));
}

BOOST_AUTO_TEST_CASE(offsets_are_written_as_spark_writes_them) {
  const partition_offsets offsets{{{"a", 0}, 23}, {{"a", 1}, -1}, {{"b", 10}, -2}};
  BOOST_TEST(to_json(offsets).dump() == R"({"a":{"0":23,"1":-1},"b":{"10":-2}})");
  BOOST_TEST((partition_offsets_from(to_json(offsets)) == offsets));
  BOOST_TEST((parse_partition_offsets("startingOffsets", to_json(offsets).dump()) == offsets));
}

BOOST_AUTO_TEST_CASE(partitions_to_assign_are_read_from_json) {
  const auto all = parse_partitions("assign", R"({"a":[1,0],"b":[2]})");
  BOOST_TEST((all == std::vector<topic_partition>{{"a", 1}, {"a", 0}, {"b", 2}}));
}

BOOST_AUTO_TEST_SUITE_END()
