#include <boost/test/unit_test.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "flow/failpoint.hpp"
#include "tests/state/checkpoint_model.hpp"

using namespace flow;
using namespace flow::testing;

namespace {

namespace fs = std::filesystem;

constexpr const char* directory_variable = "FLOW_TEST_CHECKPOINT";
constexpr std::uint64_t last_epoch = 14;

checkpoint_settings small_pieces() {
  checkpoint_settings settings;
  settings.segment_bytes = 2048;
  settings.map_bytes = 128u << 10;
  return settings;
}

/// Goes on from what the checkpoint holds to last_epoch.
void run_query(const fs::path& dir) {
  const auto store = checkpoint_store::open(dir, small_pieces());
  const auto newest = store->newest();
  for (auto e = newest ? newest->number.value + 1 : 1; e <= last_epoch; ++e) {
    store->put_plan({e}, {{"planned", e}});
    store->commit(record_of(e), deltas_of(changes_of_epoch(e), "op", 2));
    store->sink_committed({e});
    while (store->compact(30'000)) {
    }
  }
}

/// Runs one of this program's disabled tests in a process of its own; its wait status.
int run_in_child(const std::string& test, const fs::path& dir, const std::string& failpoint) {
  const auto child = fork();
  if (child == 0) {
    setenv(directory_variable, dir.c_str(), 1);
    setenv("FLOW_FAILPOINT", failpoint.c_str(), 1);
    const auto run = "--run_test=" + test;
    execl("/proc/self/exe", "test_state", run.c_str(), "--log_level=nothing", "--report_level=no", nullptr);
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

/// What must hold after any crash: the newest epoch is whole, its predecessor too, and nothing is left over.
std::uint64_t check_recovered(const fs::path& dir) {
  const auto store = checkpoint_store::open(dir, small_pieces());
  BOOST_REQUIRE(store->verify().at("ok") == true);
  const auto newest = store->newest();
  if (!newest) return 0;
  const auto e = newest->number.value;
  BOOST_REQUIRE(newest->sources == record_of(e).sources);
  BOOST_REQUIRE(contents(*store, "op", 2, {e}) == model_at(e));
  if (store->find({e - 1})) BOOST_REQUIRE(contents(*store, "op", 3, {e - 1}) == model_at(e - 1));
  BOOST_REQUIRE(!store->plan({e}));
  if (const auto plan = store->plan({e + 1})) BOOST_REQUIRE(plan->at("planned") == e + 1);
  return e;
}

std::uint64_t expected_epoch(std::string_view failpoint, std::uint64_t pass, std::uint64_t newest) {
  if (failpoint == "checkpoint.commit.after") return pass;
  if (failpoint.starts_with("checkpoint.commit") || failpoint == "checkpoint.plan.after") return pass - 1;
  return newest;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(crash_rules)

BOOST_AUTO_TEST_CASE(query_in_child, *boost::unit_test::disabled()) { run_query(std::getenv(directory_variable)); }

#ifdef FLOW_FAILPOINTS
BOOST_AUTO_TEST_CASE(crash_at_any_point_leaves_the_last_committed_epoch_whole) {
  for (const auto name : known_failpoints()) {
    if (!name.starts_with("checkpoint.") || name.starts_with("checkpoint.takeover.")) continue;
    for (const std::uint64_t pass : {1u, 2u, 4u}) {
      BOOST_TEST_CONTEXT(name << ":" << pass) {
        temporary_directory dir;
        const auto status =
            run_in_child("crash_rules/query_in_child", dir.path(), std::string(name) + ":" + std::to_string(pass));
        BOOST_REQUIRE(WIFSIGNALED(status));
        BOOST_REQUIRE(WTERMSIG(status) == SIGKILL);
        const auto newest = check_recovered(dir.path());
        BOOST_TEST(newest == expected_epoch(name, pass, newest));
        run_query(dir.path());
        BOOST_TEST(check_recovered(dir.path()) == last_epoch);
      }
    }
  }
}
#endif

BOOST_AUTO_TEST_CASE(second_process_is_refused_and_told_who_owns_the_checkpoint) {
  temporary_directory dir;
  const auto store = checkpoint_store::open(dir.path());
  const auto owner = getpid();
  const auto child = fork();
  if (child == 0) {
    const auto failed = failure_of([&] { checkpoint_store::open(dir.path()); });
    const bool right = failed && failed->code == errc::checkpoint_locked &&
                       failed->message.find("pid " + std::to_string(owner)) != std::string::npos;
    _exit(right ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  BOOST_TEST(WIFEXITED(status));
  BOOST_TEST(WEXITSTATUS(status) == 0);
}

BOOST_AUTO_TEST_CASE(second_owner_in_one_process_is_refused) {
  temporary_directory dir;
  auto store = checkpoint_store::open(dir.path());
  const auto failed = failure_of([&] { checkpoint_store::open(dir.path()); });
  BOOST_REQUIRE(failed);
  BOOST_TEST((failed->code == errc::checkpoint_locked));
  BOOST_TEST(failed->message.find("this process") != std::string::npos);
  store.reset();
  BOOST_CHECK_NO_THROW(checkpoint_store::open(dir.path()));
}

BOOST_AUTO_TEST_CASE(take_over_in_child, *boost::unit_test::disabled()) {
  checkpoint_store::open(std::getenv(directory_variable));
}

BOOST_AUTO_TEST_CASE(owner_whose_lock_was_removed_and_taken_cannot_commit) {
  temporary_directory dir;
  const auto store = checkpoint_store::open(dir.path());
  store->commit(record_of(1), {});
  fs::remove(dir.path() / "lock");
  BOOST_REQUIRE(run_in_child("crash_rules/take_over_in_child", dir.path(), "") == 0);
  const auto failed = failure_of([&] { store->commit(record_of(2), {}); });
  BOOST_REQUIRE(failed);
  BOOST_TEST((failed->code == errc::checkpoint_taken_over));
  BOOST_TEST(store->newest()->number.value == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
