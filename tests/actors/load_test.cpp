// What a query costs when it is idle, and what bounds it when the sink is slow.
#include <future>

#include <sys/resource.h>

#include <boost/test/unit_test.hpp>

#include "tests/actors/test_plans.hpp"

using namespace flow;
using namespace flow::test;

BOOST_AUTO_TEST_SUITE(load)

namespace {

/// CPU time of this process so far, in milliseconds.
double cpu_milliseconds() {
  rusage use{};
  getrusage(RUSAGE_SELF, &use);
  const auto ms = [](const timeval& t) { return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_usec) / 1e3; };
  return ms(use.ru_utime) + ms(use.ru_stime);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_slow_sink_stops_the_reading) {
  for (const auto kind : {flow::trigger::kind::micro_batch, flow::trigger::kind::continuous}) {
    const auto input = std::make_shared<shelf>(2);
    const auto output = std::make_shared<tray>();
    std::promise<void> release, entered;
    std::atomic<bool> first{true};
    output->blocking = true;
    output->at_write = [&, gate = release.get_future().share()] {
      if (first.exchange(false)) entered.set_value();
      gate.wait();
    };
    for (int i = 0; i < 2000; ++i) input->put(static_cast<std::size_t>(i) % 2, {{i, i, i}});
    auto settings = settings_for("", {kind, seconds(3600)}, 2);
    settings.memory_limit_bytes = 1;  // The least window: 2 batches an edge.
    const auto runner = make_engine(pool_of(2));
    const auto query = runner->start(probe_plan(shelf_provider(input, {.readers = 2}), {}), tray_provider(output), settings);
    entered.get_future().wait();
    // As long as the sink stands still, so does what has been read: nothing moves once credit is used up.
    std::int64_t reads = -1;
    for (int still = 0; still < 3;) {
      query->await_termination(std::chrono::milliseconds(50));
      still = input->reads == reads ? still + 1 : 0;
      reads = input->reads;
    }
    // 2 readers x 2 edges and 2 edges to the sink with 2 batches each, parts of one batch in each outbox and in hand.
    BOOST_TEST(reads <= 40);
    release.set_value();
    query->process_all_available();
    BOOST_TEST(output->rows().size() == 2000u);
  }
}

BOOST_AUTO_TEST_CASE(an_idle_query_of_100_actors_uses_less_than_a_hundredth_of_a_core) {
  for (const auto kind : {flow::trigger::kind::micro_batch, flow::trigger::kind::continuous}) {
    const auto input = std::make_shared<shelf>(48);
    const auto output = std::make_shared<tray>();
    const auto runner = make_engine(pool_of(2));
    const auto query = runner->start(hold_plan({shelf_provider(input)}, milliseconds(1)), tray_provider(output),
                                     settings_for("", {kind, milliseconds(10)}, 48));
    for (std::size_t p = 0; p < 48; ++p) input->put(p, {{static_cast<std::int64_t>(p), 1, 1}});
    query->process_all_available();
    query->await_termination(std::chrono::milliseconds(300));  // Idle readers are declared so once.
    const auto before = cpu_milliseconds();
    query->await_termination(std::chrono::milliseconds(1000));
    const auto used = cpu_milliseconds() - before;
    BOOST_TEST_MESSAGE("idle: " << used << " ms of CPU in one second");
    BOOST_TEST(used < 10.0);
  }
}

BOOST_AUTO_TEST_CASE(two_engines_in_one_process_do_not_meet) {
  const auto one = make_engine(pool_of(1)), two = make_engine(pool_of(2));
  const auto input = std::make_shared<shelf>(1);
  const auto a = std::make_shared<tray>(), b = std::make_shared<tray>();
  const auto first = one->start(total_plan({shelf_provider(input)}), tray_provider(a), settings_for("", {}));
  const auto second = two->start(total_plan({shelf_provider(input)}), tray_provider(b), settings_for("", {}));
  input->put(0, {{1, 1, 1}});
  first->process_all_available();
  first->stop();
  input->put(0, {{1, 2, 1}});
  second->process_all_available();
  BOOST_TEST((latest_by_key(a->rows()) == std::map<std::int64_t, std::int64_t>{{1, 1}}));
  BOOST_TEST((latest_by_key(b->rows()) == std::map<std::int64_t, std::int64_t>{{1, 3}}));
}

/// From put() to write(), one row at a time, in continuous mode: source and sink as two actors of the pool.
void measure_latency(bool busy) {
  const auto input = std::make_shared<shelf>(1);
  const auto output = std::make_shared<tray>();
  const auto runner = make_engine(pool_of(2, busy));
  const auto query = runner->start(pass_plan({shelf_provider(input, {.readers = 1})}), tray_provider(output),
                                   settings_for("", {flow::trigger::kind::continuous, seconds(3600)}));
  std::atomic<std::int64_t> arrived{0};
  const auto now = [] { return std::chrono::steady_clock::now().time_since_epoch().count(); };
  output->at_write = [&] { arrived = now(); };
  std::vector<double> took;
  for (std::size_t i = 1; i <= 1000; ++i) {
    const auto begin = now();
    input->put(0, {{1, 1, 1}});
    output->wait_for_written(i);
    took.push_back(static_cast<double>(arrived - begin) / 1e3);
  }
  std::sort(took.begin(), took.end());
  BOOST_TEST_MESSAGE("push to callback, " << (busy ? "busy polling" : "pool") << ": p50 " << took[500] << " us, p99 "
                                          << took[990] << " us");
  BOOST_TEST(took[500] < 100'000.0);
}

BOOST_AUTO_TEST_CASE(a_pushed_row_reaches_the_callback_at_once) { measure_latency(false); }
BOOST_AUTO_TEST_CASE(a_pushed_row_reaches_the_callback_at_once_when_polling) { measure_latency(true); }

BOOST_AUTO_TEST_SUITE_END()
