#include "sources/rate_source.hpp"

#include <boost/test/unit_test.hpp>

#include <nlohmann/json.hpp>

#include "tests/sources/read_all.hpp"

namespace {

using nlohmann::json;

std::unique_ptr<flow::source> start(const option_list& settings, const json& position = nullptr) {
  auto source = provide("rate", make_request(settings))->make(true);
  source->restore(position);
  return source;
}

const json at_start = {{"start", 1'700'000'000'000'000}, {"planned", 0}, {"unfinished", json::array()}};

}  // namespace

BOOST_AUTO_TEST_CASE(rows_follow_the_rate_and_the_ramp) {
  const flow::rate_plan steady{100, 0};
  BOOST_TEST(steady.rows_at(1'000'000) == 100);
  BOOST_TEST(steady.rows_at(15'000) == 1);
  const flow::rate_plan ramped{100, 10'000'000};
  BOOST_TEST(ramped.rows_at(10'000'000) == 500);
  BOOST_TEST(ramped.rows_at(11'000'000) == 600);
  for (std::int64_t value = 0; value < 700; ++value) {
    BOOST_TEST(ramped.rows_at(ramped.time_of(value)) > value);
    BOOST_TEST(ramped.rows_at(ramped.time_of(value) - 1) <= value);
  }
}

BOOST_AUTO_TEST_CASE(values_are_a_function_of_position_and_start_over_all_partitions) {
  const option_list settings{{"rowsPerSecond", "5"}, {"numPartitions", "2"}};
  const auto source = start(settings, at_start);
  const auto splits = source->discover({false, {1'700'000'001'000'000}});
  BOOST_TEST(splits.size() == 2u);
  const auto rows = read_splits(*source, splits);
  BOOST_TEST(rows.size() == 5u);
  BOOST_TEST(rows == read_splits(*start(settings, at_start), splits, {1, 1}));
  BOOST_TEST(source->discover({false, {1'700'000'001'000'000}}).empty());
  const auto again = start(settings, source->position({}));
  const auto next = read_splits(*again, again->discover({false, {1'700'000'002'000'000}}));
  BOOST_TEST(next.at(0).at(1) == 5);
  BOOST_TEST(next.size() == 5u);
}

BOOST_AUTO_TEST_CASE(an_adopted_plan_moves_the_next_epoch_behind_it) {
  const option_list settings{{"rowsPerSecond", "5"}};
  const auto planned = start(settings, at_start)->discover({false, {1'700'000'001'000'000}});
  const auto again = start(settings, at_start);
  again->adopt(planned);
  BOOST_TEST(again->discover({false, {1'700'000'001'000'000}}).empty());
}

BOOST_AUTO_TEST_CASE(a_continuous_position_is_taken_over_by_micro_batches) {
  const option_list settings{{"rowsPerSecond", "10"}};
  auto source = provide("rate", make_request(settings))->make(true);
  source->set_continuous(true);
  source->restore(at_start);
  const auto splits = source->discover({});
  BOOST_TEST(splits.size() == 1u);
  BOOST_TEST(!splits[0].bounded);
  const auto again = start(settings, source->position({{splits[0], {{"next", 4}}}}));
  const auto rows = read_splits(*again, again->discover({false, {1'700'000'001'000'000}}));
  BOOST_TEST(rows.size() == 6u);
  BOOST_TEST(rows.at(0).at(1) == 4);
}
