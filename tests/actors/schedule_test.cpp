// Whole queries under a scheduler that runs one actor message round at a time in an order drawn from a seed, with crashes,
// restarts, switches of mode and of parallelism: totals must come out exact.
#include <random>

#include <boost/test/unit_test.hpp>
#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include "actors/supervisor_actor.hpp"
#include "tests/actors/test_plans.hpp"

using namespace flow;
using namespace flow::test;

BOOST_AUTO_TEST_SUITE(schedules)

namespace {

struct stepped_config : caf::actor_system_config {
  stepped_config() { set("scheduler.policy", caf::atom("testing")); }
};

/// Runs actors one at a time, in an order drawn from `random`.
class stepper {
 public:
  explicit stepper(unsigned seed)
      : random(seed), system_(config_), pool_(dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler())) {}

  /// One step; false if nothing can move.
  bool step() {
    if (pool_.jobs.empty()) return pool_.has_pending_timeout() && pool_.trigger_timeout();
    const auto chosen = static_cast<std::ptrdiff_t>(random() % pool_.jobs.size());
    std::rotate(pool_.jobs.begin(), pool_.jobs.begin() + chosen, pool_.jobs.begin() + chosen + 1);
    pool_.run_once();
    return true;
  }
  supervisor_handle spawn(const std::shared_ptr<query_launch>& launch) { return system_.spawn<supervisor_actor>(launch); }

  std::mt19937 random;

 private:
  stepped_config config_;
  caf::actor_system system_;
  caf::scheduler::test_coordinator& pool_;
};

struct world {
  explicit world(unsigned seed) : steps(seed) {}

  std::shared_ptr<query_board> start(physical_plan plan, bool continuous) {
    const flow::trigger when{continuous ? flow::trigger::kind::continuous : flow::trigger::kind::micro_batch, milliseconds(1)};
    auto settings = settings_for(checkpoint.path(), when, static_cast<int>(steps.random() % 3 + 1));
    settings.state = steps.random() % 2 ? state_store_kind::memory : state_store_kind::lmdb;
    settings.memory_limit_bytes = 1;
    settings.restart_pause = milliseconds(1);
    output->overlaps = steps.random() % 2 == 0;
    auto launch = prepare_launch(std::move(plan), tray_provider(output), settings, [] { return timestamp{1'000'000}; });
    launch->own_threads = false;
    auto board = launch->board;
    query = steps.spawn(launch);
    return board;
  }
  void run_to_end(const query_board& board) {
    while (!board.ended() && steps.step()) continue;
    query = supervisor_handle();
    BOOST_REQUIRE(board.ended());
  }

  stepper steps;
  std::shared_ptr<shelf> input = std::make_shared<shelf>(2);
  std::shared_ptr<tray> output = std::make_shared<tray>();
  scratch_dir checkpoint;
  supervisor_handle query;
};

void run_world(unsigned seed) {
  world w(seed);
  std::map<std::int64_t, std::int64_t> expected;
  int value = 0;
  for (int run = 0; run < 4; ++run) {
    const auto board = w.start(total_plan({shelf_provider(w.input, {.batches_per_epoch = 3})}), w.steps.random() % 2 == 0);
    for (int i = 0; i < 20; ++i) {
      const event row{static_cast<std::int64_t>(w.steps.random() % 5), ++value, i};
      expected[row.key] += row.value;
      w.input->put(w.steps.random() % 2, {row});
      for (auto n = w.steps.random() % 30; n > 0; --n) w.steps.step();
      if (w.steps.random() % 20 == 0) {
        caf::anon_send(w.query, failed_message{error(errc::restart_required, "the sink was lost")});
      }
    }
    // A crash at any step, or an orderly end.
    if (w.steps.random() % 2 == 0) {
      caf::anon_send(w.query, failed_message{error(errc::query_failed, "crash")});
    } else {
      caf::anon_send(w.query, stop_message{});
    }
    w.run_to_end(*board);
  }
  const auto board = w.start(total_plan({shelf_provider(w.input)}), seed % 2 == 0);
  const auto call = std::make_shared<waiting_call>();
  const auto finished = call->answer();
  caf::anon_send(w.query, drain_request_message{call});
  while (finished.wait_for(std::chrono::seconds(0)) != std::future_status::ready) BOOST_REQUIRE(w.steps.step());
  BOOST_TEST(!board->failure().has_value());
  caf::anon_send(w.query, stop_message{});
  w.run_to_end(*board);
  BOOST_TEST((latest_by_key(w.output->rows()) == expected), "seed " << seed);
}

}  // namespace

BOOST_AUTO_TEST_CASE(totals_are_exact_under_any_schedule) {
  for (unsigned seed = 1; seed <= 60; ++seed) run_world(seed);
}

BOOST_AUTO_TEST_SUITE_END()
