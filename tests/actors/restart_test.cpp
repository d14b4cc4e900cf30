// A query begins again at its checkpoint by itself when a sink or source asks for it.
#include <boost/test/unit_test.hpp>

#include "actors/restart_policy.hpp"
#include "session/push_source.hpp"
#include "tests/actors/test_plans.hpp"

using namespace flow;
using namespace flow::test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(restarts)

namespace {

struct fixture {
  std::shared_ptr<shelf> input = std::make_shared<shelf>(2);
  std::shared_ptr<tray> output = std::make_shared<tray>();
  scratch_dir checkpoint;
  std::unique_ptr<engine> runner = make_engine(pool_of(2));
  query_settings settings = settings_for(checkpoint.path(), {});

  fixture() { settings.restart_pause = milliseconds(1); }
  query_ptr start(physical_plan plan) { return runner->start(std::move(plan), tray_provider(output), settings); }
  query_ptr start_totals() { return start(total_plan({shelf_provider(input)})); }
};

const std::vector<flow::trigger> both_modes{{}, {flow::trigger::kind::continuous, milliseconds(2)}};

std::string message_of(const query_ptr& query) {
  try {
    query->await_termination();
  } catch (const error& e) {
    BOOST_TEST((e.code() == errc::query_failed));  // restart_required is between sinks and the engine.
    return e.what();
  }
  return "";
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_first_restart_follows_at_once_and_later_ones_wait_twice_as_long_each) {
  restart_policy policy(5, milliseconds(4000));
  BOOST_TEST((policy.next(epoch{3}) == 0us));
  BOOST_TEST((policy.next(epoch{3}) == 4s));
  BOOST_TEST((policy.next(epoch{3}) == 8s));
  BOOST_TEST((policy.next(epoch{3}) == 10s));
  BOOST_TEST((policy.next(epoch{3}) == 10s));
  BOOST_TEST(!policy.next(epoch{3}).has_value());
}

BOOST_AUTO_TEST_CASE(an_epoch_in_between_forgives_earlier_restarts) {
  restart_policy policy(1, milliseconds(1));
  for (std::uint64_t i = 0; i < 5; ++i) BOOST_TEST((policy.next(epoch{i}) == 0us));
  BOOST_TEST(!policy.next(epoch{4}).has_value());
  // A sink that went back by an epoch has made no progress by showing it again.
  BOOST_TEST(!policy.next(epoch{3}).has_value());
  BOOST_TEST(!policy.next(epoch{4}).has_value());
}

BOOST_FIXTURE_TEST_CASE(a_sink_lost_at_any_step_loses_and_repeats_nothing, fixture) {
  for (const auto& when : both_modes) {
    for (const std::string step : {"write", "prepare", "commit"}) {
      input = std::make_shared<shelf>(2);
      output = std::make_shared<tray>();
      const scratch_dir here;
      settings = settings_for(here.path(), when);
      const auto query = start_totals();
      const auto id = query->id(), run_id = query->run_id();
      input->put(0, {{1, 1, 1}, {2, 5, 1}});
      query->process_all_available();
      output->restart_at = step;
      output->restarts = 1;
      input->put(1, {{1, 2, 1}});
      query->process_all_available();
      BOOST_TEST((latest_by_key(output->rows()) == std::map<std::int64_t, std::int64_t>{{1, 3}, {2, 5}}), step);
      BOOST_TEST(output->rows().size() == 3u, step);
      BOOST_TEST(query->is_active());
      BOOST_TEST(query->id() == id);
      BOOST_TEST(query->run_id() != run_id);
      // A commit that failed was completed by the next run's recover(): no epoch has run since.
      input->put(1, {{1, 4, 1}});
      query->process_all_available();
      const auto progress = query->last_progress();
      BOOST_TEST(progress["runId"] == query->run_id());
      BOOST_TEST(progress["restarts"]["count"] == 1);
      BOOST_TEST(progress["restarts"]["reason"] == "the tray was lost at " + step);
      query->stop();
      BOOST_TEST(!query->exception().has_value());
      BOOST_TEST(output->closed() == 2);
    }
  }
}

BOOST_FIXTURE_TEST_CASE(a_reader_that_was_lost_is_made_anew, fixture) {
  for (const auto& when : both_modes) {
    input = std::make_shared<shelf>(2);
    output = std::make_shared<tray>();
    const scratch_dir here;
    settings = settings_for(here.path(), when);
    const auto query = start_totals();
    input->put(0, {{1, 1, 1}});
    query->process_all_available();
    input->restart_reads = 2;
    input->put(0, {{1, 2, 1}});
    query->process_all_available();
    BOOST_TEST((latest_by_key(output->rows()) == std::map<std::int64_t, std::int64_t>{{1, 3}}));
    BOOST_TEST(output->rows().size() == 2u);
  }
}

BOOST_FIXTURE_TEST_CASE(a_run_that_cannot_be_made_is_tried_again, fixture) {
  const auto query = start_totals();
  input->put(0, {{1, 1, 1}});
  query->process_all_available();
  output->restart_at = "recover";
  output->restarts = 2;
  input->restart_reads = 1;
  input->put(0, {{1, 2, 1}});
  query->process_all_available();
  BOOST_TEST((latest_by_key(output->rows()) == std::map<std::int64_t, std::int64_t>{{1, 3}}));
  BOOST_TEST(query->last_progress()["restarts"]["count"] == 3);
}

BOOST_FIXTURE_TEST_CASE(a_run_that_may_not_be_made_ends_the_query, fixture) {
  const auto query = start_totals();
  output->fail_at = {"recover"};
  input->restart_reads = 1;
  input->put(0, {{1, 1, 1}});
  BOOST_CHECK_EXCEPTION(query->await_termination(), error, [](const error& e) { return e.code() == errc::unwritable_output; });
}

BOOST_FIXTURE_TEST_CASE(restarts_without_progress_end_the_query_with_their_cause, fixture) {
  settings.restarts = 3;
  output->restart_at = "prepare";
  output->restarts = 1000;
  const auto query = start_totals();
  input->put(0, {{1, 1, 1}});
  const auto message = message_of(query);
  BOOST_TEST(message == "the tray was lost at prepare (after 3 restarts from the checkpoint without an epoch in between)");
  BOOST_TEST(output->closed() == 4);
  BOOST_CHECK_THROW(query->process_all_available(), error);
}

BOOST_FIXTURE_TEST_CASE(a_query_that_may_not_restart_ends_at_once, fixture) {
  settings.restarts = 0;
  output->restart_at = "write";
  output->restarts = 1;
  const auto query = start_totals();
  input->put(0, {{1, 1, 1}});
  BOOST_TEST(message_of(query) == "the tray was lost at write");
}

BOOST_FIXTURE_TEST_CASE(any_number_of_restarts_is_fine_as_long_as_epochs_come_through, fixture) {
  settings.restarts = 1;
  const auto query = start_totals();
  output->restart_at = "prepare";
  for (int i = 1; i <= 5; ++i) {
    output->restarts = 1;
    input->put(0, {{1, i, 1}});
    query->process_all_available();
  }
  BOOST_TEST((latest_by_key(output->rows()) == std::map<std::int64_t, std::int64_t>{{1, 15}}));
}

BOOST_FIXTURE_TEST_CASE(a_query_can_be_stopped_while_it_waits_to_start_again, fixture) {
  settings.restart_pause = seconds(1'000'000);
  output->restart_at = "prepare";
  output->restarts = 1000;
  const auto query = start_totals();
  input->put(0, {{1, 1, 1}});
  while (output->closed() < 2) BOOST_REQUIRE(!query->await_termination(1ms));
  query->stop();
  BOOST_TEST(!query->is_active());
  BOOST_TEST(!query->exception().has_value());
  start_totals()->stop();  // The checkpoint is free.
}

BOOST_FIXTURE_TEST_CASE(a_query_without_a_checkpoint_of_its_own_restarts_too, fixture) {
  settings.checkpoint_dir.clear();
  const auto query = start_totals();
  input->put(0, {{1, 1, 1}});
  query->process_all_available();
  output->restart_at = "write";
  output->restarts = 1;
  input->put(0, {{1, 2, 1}});
  query->process_all_available();
  BOOST_TEST((latest_by_key(output->rows()) == std::map<std::int64_t, std::int64_t>{{1, 3}}));
}

BOOST_FIXTURE_TEST_CASE(rows_pushed_and_not_committed_come_again_after_a_restart, fixture) {
  for (const auto& when : both_modes) {
    const auto rows = std::make_shared<push_input::channel>(event_schema(), 1000);
    // Another query reads them too, and commits while the first one is between two runs.
    const auto other = std::make_shared<tray>();
    output = std::make_shared<tray>();
    const scratch_dir here;
    const auto from = std::make_shared<push_source_provider>(rows);
    const auto beside = runner->start(pass_plan({from}), tray_provider(other), settings_for("", when));
    settings = settings_for(here.path(), when);
    settings.restart_pause = milliseconds(1);
    const auto query = start(total_plan({from}));
    std::int64_t sum = 0;
    for (int i = 1; i <= 20; ++i) {
      output->restart_at = i % 2 == 0 ? "prepare" : "write";
      output->restarts = i % 3;
      rows->push(make_batch({{1, i, 1}}));
      sum += i;
      if (i % 4 == 0) query->process_all_available();
    }
    query->process_all_available();
    BOOST_TEST((latest_by_key(output->rows()) == std::map<std::int64_t, std::int64_t>{{1, sum}}));
    beside->process_all_available();
    BOOST_TEST(other->rows().size() == 20u);
    beside->stop();
    query->stop();
  }
}

BOOST_AUTO_TEST_SUITE_END()
