// Continuous mode end to end, and switches between the modes.
#include <boost/test/unit_test.hpp>

#include "tests/actors/test_plans.hpp"

using namespace flow;
using namespace flow::test;

BOOST_AUTO_TEST_SUITE(continuous)

namespace {

struct fixture {
  std::shared_ptr<shelf> input = std::make_shared<shelf>(3);
  std::shared_ptr<tray> output = std::make_shared<tray>();
  scratch_dir checkpoint;
  std::unique_ptr<engine> runner = make_engine(pool_of(2));

  query_ptr start(physical_plan plan, query_settings settings) {
    return runner->start(std::move(plan), tray_provider(output), std::move(settings));
  }
};

const flow::trigger every_10_ms = flow::trigger{flow::trigger::kind::continuous, milliseconds(10)};
const flow::trigger never = flow::trigger{flow::trigger::kind::continuous, seconds(3600)};

std::vector<event> sorted(std::vector<event> rows) {
  std::sort(rows.begin(), rows.end());
  return rows;
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(rows_flow_before_any_barrier, fixture) {
  const auto query = start(pass_plan({shelf_provider(input)}), settings_for(checkpoint.path(), never));
  input->put(0, {{1, 1, 1}});
  output->wait_for_written(1);
  BOOST_TEST(output->rows().empty());  // Not committed yet.
  query->stop();
  BOOST_TEST(output->rows().size() == 1u);  // The last barrier loses nothing.
}

BOOST_FIXTURE_TEST_CASE(all_that_is_available_is_committed, fixture) {
  const auto query = start(pass_plan({shelf_provider(input)}), settings_for(checkpoint.path(), never));
  std::vector<event> put;
  for (int i = 0; i < 60; ++i) {
    put.push_back({i % 7, i, i});
    input->put(static_cast<std::size_t>(i) % 3, {put.back()});
  }
  query->process_all_available();
  BOOST_TEST((sorted(output->rows()) == sorted(put)));
  query->process_all_available();  // Nothing new: returns too.
}

BOOST_FIXTURE_TEST_CASE(totals_are_exact_over_restarts_modes_and_parallelism, fixture) {
  std::map<std::int64_t, std::int64_t> expected;
  int value = 0;
  const std::vector<std::pair<flow::trigger, int>> runs{{every_10_ms, 1}, {{}, 3}, {every_10_ms, 2}, {never, 3}, {{}, 1}};
  for (const auto& [when, parallelism] : runs) {
    const auto query = start(total_plan({shelf_provider(input)}), settings_for(checkpoint.path(), when, parallelism));
    for (int i = 0; i < 60; ++i) {
      const event row{i % 11, ++value, i};
      expected[row.key] += row.value;
      input->put(static_cast<std::size_t>(i) % 3, {row});
    }
    if (value % 120 == 0) query->process_all_available();
    query->stop();  // May leave rows unread, for the next run.
  }
  const auto query = start(total_plan({shelf_provider(input)}), settings_for(checkpoint.path(), {}, 2));
  query->process_all_available();
  BOOST_TEST((latest_by_key(output->rows()) == expected));
}

BOOST_FIXTURE_TEST_CASE(watermarks_flow_with_the_rows, fixture) {
  auto settings = settings_for(checkpoint.path(), never, 2);
  const auto query = start(hold_plan({shelf_provider(input, {.readers = 1})}, milliseconds(10)), settings);
  input->put(0, {{1, 1, 100}});
  input->put(0, {{2, 2, 120}});
  output->wait_for_written(1);                            // 100 is passed by 110.
  input->put(0, {{3, 3, 90}, {3, 4, 115}, {3, 5, 200}});  // 90 is late.
  output->wait_for_written(3);
  query->stop();
  BOOST_TEST((sorted(output->rows()) == sorted({{1, 1, 100}, {2, 2, 120}, {3, 4, 115}})));
}

BOOST_FIXTURE_TEST_CASE(an_idle_reader_does_not_hold_back_the_watermark, fixture) {
  const auto query =
      start(hold_plan({shelf_provider(input, {.readers = 3})}, milliseconds(10)), settings_for(checkpoint.path(), never));
  input->put(0, {{1, 1, 100}});
  input->put(0, {{2, 2, 200}});
  output->wait_for_written(1);
  BOOST_TEST(output->written() == 1u);
}

BOOST_FIXTURE_TEST_CASE(nobody_holds_back_the_watermark_once_all_that_is_available_is_read, fixture) {
  auto settings = settings_for(checkpoint.path(), never);
  settings.idle_timeout = seconds(3600);
  const auto query = start(hold_plan({shelf_provider(input, {.readers = 3})}, milliseconds(10)), settings);
  input->put(0, {{1, 1, 100}});
  input->put(1, {{2, 2, 200}});
  query->process_all_available();
  BOOST_TEST((output->rows() == std::vector<event>{{1, 1, 100}}));
  query->stop();
}

BOOST_FIXTURE_TEST_CASE(watermark_survives_a_restart_and_a_switch_of_mode, fixture) {
  auto query =
      start(hold_plan({shelf_provider(input, {.readers = 1})}, milliseconds(10)), settings_for(checkpoint.path(), never));
  input->put(0, {{1, 1, 100}});
  input->put(0, {{1, 2, 200}});
  output->wait_for_written(1);
  query->stop();
  query = start(hold_plan({shelf_provider(input, {.readers = 1})}, milliseconds(10)), settings_for(checkpoint.path(), {}));
  input->put(0, {{1, 3, 180}, {1, 4, 195}, {1, 5, 300}});  // 180 is late after 190.
  query->process_all_available();
  BOOST_TEST((sorted(output->rows()) == sorted({{1, 1, 100}, {1, 2, 200}, {1, 4, 195}})));
}

BOOST_AUTO_TEST_SUITE_END()
