// An epoch is computed, and written where the sink can, while the one before is committed.
#include <future>

#include <boost/test/unit_test.hpp>

#include "tests/actors/test_plans.hpp"

using namespace flow;
using namespace flow::test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(overlap)

namespace {

struct fixture {
  std::shared_ptr<shelf> input = std::make_shared<shelf>(1);
  std::shared_ptr<tray> output = std::make_shared<tray>();
  scratch_dir checkpoint;
  std::unique_ptr<engine> runner = make_engine(pool_of(2));
};

const std::vector<flow::trigger> both_modes{{}, {flow::trigger::kind::continuous, milliseconds(1)}};

/// A thing that happens once, and whoever waits for it.
class moment {
 public:
  void come() {
    if (!come_.exchange(true)) promise_.set_value();
  }
  bool wait() const { return future_.wait_for(30s) == std::future_status::ready; }

 private:
  std::atomic<bool> come_{false};
  std::promise<void> promise_;
  std::shared_future<void> future_ = promise_.get_future().share();
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_sink_that_can_writes_the_next_epoch_while_one_is_committed) {
  // Long enough for the second row to come in the epoch behind the first's: one without rows may not come between, since then
  // the second would be of the third epoch, which waits for the commit.
  const flow::trigger unhurried{flow::trigger::kind::continuous, milliseconds(500)};
  for (const auto& when : {flow::trigger(), unhurried}) {
    for (const bool blocking : {false, true}) {
      fixture f;
      f.output->overlaps = true;
      f.output->blocking = blocking;
      moment committing, second_written;
      bool met = false;
      std::atomic<bool> held{false};
      // The first epoch with rows: in continuous mode one without may come before.
      f.output->at_commit = [&](std::uint64_t, std::size_t rows) {
        if (rows == 0 || held.exchange(true)) return;
        committing.come();
        met = second_written.wait();
      };
      const auto query = f.runner->start(total_plan({shelf_provider(f.input)}), tray_provider(f.output),
                                         settings_for(f.checkpoint.path(), when));
      f.input->put(0, {{1, 1, 1}});
      BOOST_REQUIRE(committing.wait());
      f.input->put(0, {{1, 2, 1}});
      f.output->wait_for_written(2);
      BOOST_TEST(f.output->rows().empty());
      second_written.come();
      query->process_all_available();
      BOOST_TEST(met);
      BOOST_TEST((f.output->rows() == std::vector<event>{{1, 1, 0}, {1, 3, 0}}));
      BOOST_TEST((latest_by_key(f.output->rows()) == std::map<std::int64_t, std::int64_t>{{1, 3}}));
      query->stop();
    }
  }
}

BOOST_AUTO_TEST_CASE(other_sinks_get_the_next_epoch_after_the_commit_though_it_is_computed_before) {
  for (const auto& when : both_modes) {
    fixture f;
    f.output->blocking = true;
    moment committing, second_computed;
    bool met = false;
    std::size_t written_before = 0;
    std::atomic<int> computed{0};
    std::atomic<bool> held{false};
    f.output->at_commit = [&](std::uint64_t, std::size_t rows) {
      if (rows == 0 || held.exchange(true)) return;
      committing.come();
      met = second_computed.wait();
      written_before = f.output->written();
    };
    const auto query = f.runner->start(probe_plan(shelf_provider(f.input),
                                                  [&] {
                                                    if (++computed == 2) second_computed.come();
                                                  }),
                                       tray_provider(f.output), settings_for(f.checkpoint.path(), when));
    f.input->put(0, {{1, 1, 1}});
    BOOST_REQUIRE(committing.wait());
    f.input->put(0, {{2, 2, 1}});
    query->process_all_available();
    BOOST_TEST(met);
    BOOST_TEST(written_before == 1u);
    BOOST_TEST(f.output->rows().size() == 2u);
    query->stop();
  }
}

BOOST_AUTO_TEST_CASE(no_more_than_two_epochs_are_under_way) {
  fixture f;
  f.output->overlaps = f.output->blocking = true;
  moment committing, go_on;
  f.output->at_commit = [&](std::uint64_t number, std::size_t) {
    if (number != 1) return;
    committing.come();
    go_on.wait();
  };
  const auto query = f.runner->start(pass_plan({shelf_provider(f.input, {.batches_per_epoch = 1})}), tray_provider(f.output),
                                     settings_for(f.checkpoint.path(), {}));
  for (int i = 0; i < 5; ++i) f.input->put(0, {{i, i, 1}});
  BOOST_REQUIRE(committing.wait());
  f.output->wait_for_written(2);
  BOOST_TEST(!query->await_termination(50ms));
  BOOST_TEST(f.output->written() == 2u);
  go_on.come();
  query->process_all_available();
  BOOST_TEST(f.output->rows().size() == 5u);
}

BOOST_AUTO_TEST_CASE(rows_of_a_third_epoch_wait_for_the_commit_though_in_continuous_mode_they_come_before_it) {
  fixture f;
  f.output->overlaps = f.output->blocking = true;
  moment committing, second_prepared, go_on;
  std::atomic<bool> held{false};
  std::atomic<int> prepared{0};
  f.output->at_prepare = [&](std::size_t rows) {
    if (rows > 0 && ++prepared == 2) second_prepared.come();
  };
  f.output->at_commit = [&](std::uint64_t, std::size_t rows) {
    if (rows == 0 || held.exchange(true)) return;
    committing.come();
    go_on.wait();
  };
  const auto query = f.runner->start(pass_plan({shelf_provider(f.input)}), tray_provider(f.output),
                                     settings_for(f.checkpoint.path(), {flow::trigger::kind::continuous, milliseconds(1)}));
  f.input->put(0, {{1, 1, 1}});
  BOOST_REQUIRE(committing.wait());
  f.input->put(0, {{2, 2, 1}});
  BOOST_REQUIRE(second_prepared.wait());
  f.input->put(0, {{3, 3, 1}});
  BOOST_TEST(!query->await_termination(100ms));
  BOOST_TEST(f.output->written() == 2u);
  go_on.come();
  query->process_all_available();
  BOOST_TEST(f.output->rows().size() == 3u);
  query->stop();
}

BOOST_AUTO_TEST_CASE(a_failed_commit_loses_neither_its_epoch_nor_the_one_written_beside_it) {
  for (const auto& when : both_modes) {
    fixture f;
    f.output->overlaps = f.output->blocking = true;
    moment committing, second_written;
    std::atomic<bool> lost{false};
    f.output->at_commit = [&](std::uint64_t, std::size_t rows) {
      if (rows == 0 || lost.exchange(true)) return;
      committing.come();
      second_written.wait();
      throw error(errc::restart_required, "the transaction is gone");
    };
    const auto query = f.runner->start(total_plan({shelf_provider(f.input)}), tray_provider(f.output),
                                       settings_for(f.checkpoint.path(), when));
    f.input->put(0, {{1, 1, 1}});
    BOOST_REQUIRE(committing.wait());
    f.input->put(0, {{1, 2, 1}});
    f.output->wait_for_written(2);
    second_written.come();
    query->process_all_available();
    BOOST_TEST((latest_by_key(f.output->rows()) == std::map<std::int64_t, std::int64_t>{{1, 3}}));
    BOOST_TEST(f.output->rows().size() == 2u);
    BOOST_TEST(query->is_active());
  }
}

BOOST_AUTO_TEST_CASE(two_interrupted_epochs_run_again_as_planned_and_a_continuous_run_forgets_their_plans) {
  for (const bool continuous_between : {false, true}) {
    fixture f;
    f.output->overlaps = f.output->blocking = true;
    moment committing, second_written;
    // The first epoch is in the checkpoint, the second one planned and written, when the query fails.
    f.output->at_commit = [&](std::uint64_t number, std::size_t) {
      if (number != 2) return;
      committing.come();
      second_written.wait();
      throw error(errc::unwritable_output, "gone");
    };
    const auto run = [&](flow::trigger when) {
      return f.runner->start(total_plan({shelf_provider(f.input, {.batches_per_epoch = 2})}), tray_provider(f.output),
                             settings_for(f.checkpoint.path(), when));
    };
    auto query = run({});
    f.input->put(0, {{1, 1, 1}});
    query->process_all_available();
    f.input->put(0, {{1, 2, 1}});
    BOOST_REQUIRE(committing.wait());
    f.input->put(0, {{1, 4, 1}});
    f.output->wait_for_written(3);
    second_written.come();
    BOOST_CHECK_THROW(query->await_termination(), error);
    f.output->at_commit = nullptr;
    f.input->put(0, {{1, 8, 1}});
    if (continuous_between) {
      query = run({flow::trigger::kind::continuous, milliseconds(5)});
      query->process_all_available();
      query->stop();
      f.input->put(0, {{1, 16, 1}});
    }
    query = run({});
    query->process_all_available();
    query->stop();
    BOOST_TEST((latest_by_key(f.output->rows()) == std::map<std::int64_t, std::int64_t>{{1, continuous_between ? 31 : 15}}));
    // As planned before the failure: without the row that came after it.
    if (!continuous_between) BOOST_TEST((f.output->epochs().at(3) == std::vector<event>{{1, 7, 0}}));
  }
}

BOOST_AUTO_TEST_SUITE_END()
