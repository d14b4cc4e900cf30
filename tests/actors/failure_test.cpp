// Whatever fails ends the query with its error; nothing hangs, nothing is lost for the next start.
#include <boost/test/unit_test.hpp>

#include "tests/actors/test_plans.hpp"

using namespace flow;
using namespace flow::test;

BOOST_AUTO_TEST_SUITE(failures)

namespace {

struct fixture {
  std::shared_ptr<shelf> input = std::make_shared<shelf>(2);
  std::shared_ptr<tray> output = std::make_shared<tray>();
  scratch_dir checkpoint;
  std::unique_ptr<engine> runner = make_engine(pool_of(2));

  query_ptr start(physical_plan plan, flow::trigger when = {}) {
    return runner->start(std::move(plan), tray_provider(output), settings_for(checkpoint.path(), when));
  }
  /// The error that ends the query; the sink must have been closed.
  std::string failure_of(const query_ptr& query, errc code) {
    std::string message;
    try {
      query->await_termination();
    } catch (const error& e) {
      BOOST_TEST((e.code() == code), "code " << to_string(e.code()));
      message = e.what();
    }
    BOOST_TEST(query->exception().has_value());
    BOOST_TEST(output->closed() == 1);
    BOOST_CHECK_THROW(query->process_all_available(), error);
    return message;
  }
};

const std::vector<flow::trigger> both_modes{{}, {flow::trigger::kind::continuous, milliseconds(5)}};

}  // namespace

BOOST_FIXTURE_TEST_CASE(operator_that_throws_ends_the_query, fixture) {
  for (const auto& when : both_modes) {
    output = std::make_shared<tray>();
    const auto query = start(probe_plan(shelf_provider(input), [] { throw std::runtime_error("user code broke"); }), when);
    input->put(0, {{1, 1, 1}});
    BOOST_TEST(failure_of(query, errc::query_failed) == "user code broke");
  }
}

BOOST_FIXTURE_TEST_CASE(operator_that_throws_at_the_barrier_ends_the_query, fixture) {
  const auto query = start(probe_plan(shelf_provider(input), {}, [] { throw error(errc::evaluation_failed, "bad barrier"); }));
  input->put(0, {{1, 1, 1}});
  BOOST_TEST(failure_of(query, errc::evaluation_failed) == "bad barrier");
}

BOOST_FIXTURE_TEST_CASE(reader_that_throws_ends_the_query, fixture) {
  input->fail_reads_after = 1;
  for (const auto& when : both_modes) {
    output = std::make_shared<tray>();
    const auto query = start(pass_plan({shelf_provider(input)}), when);
    for (int i = 0; i < 3; ++i) input->put(0, {{1, i, 1}});
    BOOST_TEST(failure_of(query, errc::unreadable_input) == "the shelf broke");
  }
}

BOOST_FIXTURE_TEST_CASE(discovery_that_throws_ends_the_query, fixture) {
  const auto query = start(pass_plan({shelf_provider(input, {.fail_discover = true})}));
  BOOST_TEST(failure_of(query, errc::unreadable_input) == "the shelf cannot be listed");
}

BOOST_FIXTURE_TEST_CASE(whoever_waits_for_all_rows_waits_for_servers_that_do_not_answer, fixture) {
  for (const auto& when : both_modes) {
    input = std::make_shared<shelf>(2);
    output = std::make_shared<tray>();
    const scratch_dir here;
    input->put(0, {{1, 1, 1}});
    input->looks_away = 5;
    const auto query =
        runner->start(pass_plan({shelf_provider(input)}), tray_provider(output), settings_for(here.path(), when));
    query->process_all_available();
    BOOST_TEST(output->rows().size() == 1u);
    BOOST_TEST(input->looks_away <= 0);
    query->stop();
  }
}

BOOST_FIXTURE_TEST_CASE(a_query_that_looks_once_ends_where_nobody_answers, fixture) {
  for (const auto kind : {flow::trigger::kind::once, flow::trigger::kind::available_now}) {
    output = std::make_shared<tray>();
    input->looks_away = 1;
    const auto query = start(pass_plan({shelf_provider(input)}), {kind, {}});
    BOOST_TEST(failure_of(query, errc::unreadable_input) == "nobody is at the shelf");
  }
}

BOOST_FIXTURE_TEST_CASE(sink_that_throws_at_any_step_ends_the_query, fixture) {
  for (const bool blocking : {false, true}) {
    for (const std::string step : {"write", "prepare", "commit"}) {
      output = std::make_shared<tray>();
      output->fail_at = {step};
      output->blocking = blocking;
      const scratch_dir here;
      const auto query =
          runner->start(pass_plan({shelf_provider(input)}), tray_provider(output), settings_for(here.path(), {}));
      input->put(0, {{1, 1, 1}});
      BOOST_TEST(failure_of(query, errc::unwritable_output) == "the tray fell at " + step);
    }
  }
}

BOOST_FIXTURE_TEST_CASE(sink_that_cannot_open_is_thrown_by_start, fixture) {
  output->fail_at = {"open"};
  BOOST_CHECK_THROW(start(pass_plan({shelf_provider(input)})), error);
}

BOOST_FIXTURE_TEST_CASE(what_failed_first_is_thrown_by_start_even_if_the_sink_cannot_be_closed_either, fixture) {
  output->fail_at = {"recover", "close"};
  BOOST_CHECK_EXCEPTION(start(pass_plan({shelf_provider(input)})), error,
                        [](const error& e) { return std::string(e.what()) == "the tray fell at recover"; });
}

BOOST_FIXTURE_TEST_CASE(rows_of_a_failed_epoch_come_once_after_a_restart, fixture) {
  for (const std::string step : {"write", "prepare", "commit"}) {
    output = std::make_shared<tray>();
    input = std::make_shared<shelf>(2);
    const scratch_dir here;
    const auto run = [&] {
      return runner->start(total_plan({shelf_provider(input)}), tray_provider(output), settings_for(here.path(), {}));
    };
    output->fail_at = {step};
    auto query = run();
    input->put(0, {{1, 1, 1}, {2, 5, 1}});
    BOOST_CHECK_THROW(query->await_termination(), error);
    output->fail_at.clear();
    query = run();
    input->put(1, {{1, 2, 1}});
    query->process_all_available();
    BOOST_TEST((latest_by_key(output->rows()) == std::map<std::int64_t, std::int64_t>{{1, 3}, {2, 5}}), step);
    query->stop();
  }
}

BOOST_FIXTURE_TEST_CASE(another_querys_checkpoint_is_refused_before_any_row_is_read, fixture) {
  input->put(0, {{1, 1, 1}});
  auto query = start(total_plan({shelf_provider(input)}));
  query->process_all_available();
  query->stop();
  const auto reads = input->reads.load();
  try {
    start(hold_plan({shelf_provider(input)}, milliseconds(0)));
    BOOST_ERROR("the checkpoint was accepted");
  } catch (const error& e) {
    BOOST_TEST((e.code() == errc::checkpoint_mismatch));
    BOOST_TEST(std::string(e.what()).find("totals") != std::string::npos);
  }
  BOOST_TEST(input->reads == reads);
}

BOOST_FIXTURE_TEST_CASE(a_checkpoint_has_one_owner_at_a_time, fixture) {
  const auto query = start(pass_plan({shelf_provider(input)}));
  try {
    start(pass_plan({shelf_provider(input)}));
    BOOST_ERROR("two queries own one checkpoint");
  } catch (const error& e) {
    BOOST_TEST((e.code() == errc::checkpoint_locked));
  }
  query->stop();
  start(pass_plan({shelf_provider(input)}))->stop();
}

BOOST_FIXTURE_TEST_CASE(the_engines_end_stops_its_queries, fixture) {
  const auto query = start(pass_plan({shelf_provider(input)}), {flow::trigger::kind::continuous, seconds(3600)});
  input->put(0, {{1, 1, 1}});
  output->wait_for_written(1);
  runner.reset();
  BOOST_TEST(!query->is_active());
  BOOST_TEST(output->rows().size() == 1u);
  query->stop();
  query->process_all_available();
}

BOOST_AUTO_TEST_SUITE_END()
