// Micro-batch mode end to end.
#include <boost/test/unit_test.hpp>

#include "tests/actors/test_plans.hpp"

using namespace flow;
using namespace flow::test;

BOOST_AUTO_TEST_SUITE(micro_batch)

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

std::vector<event> sorted(std::vector<event> rows) {
  std::sort(rows.begin(), rows.end());
  return rows;
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(rows_reach_the_sink_once, fixture) {
  const auto query = start(pass_plan({shelf_provider(input)}), settings_for(checkpoint.path(), {}));
  std::vector<event> put;
  for (int i = 0; i < 50; ++i) {
    put.push_back({i % 7, i, i});
    input->put(static_cast<std::size_t>(i) % 3, {put.back()});
  }
  query->process_all_available();
  BOOST_TEST((sorted(output->rows()) == sorted(put)));
  query->stop();
  BOOST_TEST(!query->is_active());
  BOOST_TEST(!query->exception().has_value());
  BOOST_TEST(output->closed() == 1);
}

BOOST_FIXTURE_TEST_CASE(an_epoch_takes_no_more_than_its_limit, fixture) {
  for (int i = 0; i < 5; ++i) input->put(0, {{1, i, i}});
  const auto query = start(pass_plan({shelf_provider(input, {.batches_per_epoch = 2})}), settings_for(checkpoint.path(), {}));
  query->process_all_available();
  const auto epochs = output->epochs();
  BOOST_TEST(epochs.size() == 3u);
  BOOST_TEST(epochs.at(1).size() == 2u);
  BOOST_TEST(epochs.at(3).size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(state_survives_restarts_at_any_parallelism, fixture) {
  std::map<std::int64_t, std::int64_t> expected;
  int value = 0;
  for (const int parallelism : {1, 3, 2, 4}) {
    const auto query = start(total_plan({shelf_provider(input)}), settings_for(checkpoint.path(), {}, parallelism));
    for (int i = 0; i < 40; ++i) {
      const event row{i % 11, ++value, i};
      expected[row.key] += row.value;
      input->put(static_cast<std::size_t>(i) % 3, {row});
    }
    query->process_all_available();
    query->stop();
    BOOST_TEST((latest_by_key(output->rows()) == expected), "parallelism " << parallelism);
  }
}

BOOST_FIXTURE_TEST_CASE(watermark_moves_between_epochs_and_a_no_data_epoch_closes, fixture) {
  const auto query = start(hold_plan({shelf_provider(input)}, milliseconds(10)), settings_for(checkpoint.path(), {}));
  input->put(0, {{1, 1, 100}, {1, 2, 50}});  // The old row beside the new one is kept.
  query->process_all_available();
  BOOST_TEST((output->rows() == std::vector<event>{{1, 2, 50}}));
  BOOST_TEST(output->epochs().size() == 2u);
  input->put(1, {{2, 3, 90}, {2, 4, 91}});  // 90 is late: not after the watermark.
  query->process_all_available();
  input->put(2, {{2, 5, 200}});
  query->process_all_available();
  BOOST_TEST((sorted(output->rows()) == sorted({{1, 2, 50}, {1, 1, 100}, {2, 4, 91}})));
  BOOST_TEST(query->last_progress()["eventTime"]["watermark"] == "1970-01-01T00:00:00.190Z");
}

BOOST_FIXTURE_TEST_CASE(watermark_survives_a_restart, fixture) {
  auto query = start(hold_plan({shelf_provider(input)}, milliseconds(10)), settings_for(checkpoint.path(), {}));
  input->put(0, {{1, 1, 100}});
  query->process_all_available();
  query->stop();
  query = start(hold_plan({shelf_provider(input)}, milliseconds(10)), settings_for(checkpoint.path(), {}));
  input->put(0, {{1, 2, 80}, {1, 3, 120}});  // 80 is late.
  query->process_all_available();
  BOOST_TEST((output->rows() == std::vector<event>{{1, 1, 100}}));
}

BOOST_FIXTURE_TEST_CASE(several_watermarks_wait_for_the_slowest, fixture) {
  const auto other = std::make_shared<shelf>(1);
  const auto query =
      start(hold_plan({shelf_provider(input), shelf_provider(other)}, milliseconds(0)), settings_for(checkpoint.path(), {}));
  input->put(0, {{1, 1, 100}});
  query->process_all_available();
  BOOST_TEST(output->rows().empty());
  other->put(0, {{2, 2, 40}});
  query->process_all_available();
  BOOST_TEST((output->rows() == std::vector<event>{{2, 2, 40}}));
}

BOOST_FIXTURE_TEST_CASE(available_now_ends_by_itself, fixture) {
  for (int i = 0; i < 5; ++i) input->put(0, {{1, i, i}});
  const auto query = start(pass_plan({shelf_provider(input, {.batches_per_epoch = 2})}),
                           settings_for(checkpoint.path(), trigger::available_now()));
  query->await_termination();
  BOOST_TEST(output->rows().size() == 5u);
}

BOOST_FIXTURE_TEST_CASE(once_takes_all_in_one_epoch, fixture) {
  for (int i = 0; i < 5; ++i) input->put(0, {{1, i, i}});
  const auto query =
      start(pass_plan({shelf_provider(input, {.batches_per_epoch = 2})}), settings_for(checkpoint.path(), trigger::once()));
  query->await_termination();
  BOOST_TEST(output->epochs().size() == 1u);
  BOOST_TEST(output->rows().size() == 5u);
}

BOOST_FIXTURE_TEST_CASE(epoch_that_the_sink_forgot_runs_again_with_the_same_rows, fixture) {
  auto query = start(total_plan({shelf_provider(input)}), settings_for(checkpoint.path(), {}));
  input->put(0, {{1, 1, 1}});
  query->process_all_available();
  input->put(0, {{1, 2, 1}});
  query->process_all_available();
  query->stop();
  output->forgotten = 1;
  input->put(0, {{1, 4, 1}});
  query = start(total_plan({shelf_provider(input)}), settings_for(checkpoint.path(), {}));
  query->process_all_available();
  const auto epochs = output->epochs();
  BOOST_TEST((epochs.at(2) == std::vector<event>{{1, 3, 0}}));
  BOOST_TEST((epochs.at(3) == std::vector<event>{{1, 7, 0}}));
}

BOOST_FIXTURE_TEST_CASE(unequal_instances_on_a_forward_edge_lose_nothing, fixture) {
  const auto other = std::make_shared<shelf>(1);
  for (const int parallelism : {1, 2, 3}) {
    const auto into = std::make_shared<tray>();
    const auto query = runner->start(pass_plan({shelf_provider(input, {.readers = 3}), shelf_provider(other, {.readers = 1})}),
                                     tray_provider(into), settings_for("", {}, parallelism));
    for (std::size_t p = 0; p < 3; ++p) input->put(p, {{1, 1, 1}});
    other->put(0, {{1, 1, 1}});
    query->process_all_available();
    query->stop();
    BOOST_TEST(into->rows().size() == static_cast<std::size_t>(4 * parallelism));
  }
}

BOOST_FIXTURE_TEST_CASE(progress_speaks_sparks_names, fixture) {
  const auto query = start(total_plan({shelf_provider(input)}), settings_for(checkpoint.path(), {}));
  BOOST_TEST(query->last_progress().is_null());
  input->put(0, {{1, 1, 1}, {2, 2, 2}});
  query->process_all_available();
  const auto progress = query->last_progress();
  BOOST_TEST(progress["batchId"] == 0);
  BOOST_TEST(progress["numInputRows"] == 2);
  BOOST_TEST(progress["id"] == query->id());
  BOOST_TEST(progress["runId"] == query->run_id());
  BOOST_TEST(progress["durationMs"].contains("triggerExecution"));
  BOOST_TEST(progress["stateOperators"][0]["numRowsTotal"] == 2);
  BOOST_TEST(progress["stateOperators"][0]["operatorName"] == "totals");
  BOOST_TEST(progress["sources"][0]["description"] == "ShelfSource");
  BOOST_TEST(progress["sources"][0]["endOffset"][0] == 1);
  BOOST_TEST(progress["sink"]["numOutputRows"] == 2);
}

BOOST_AUTO_TEST_SUITE_END()
