#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include <flow/flow.hpp>

#include "workloads.hpp"

namespace bench {

namespace {

using clock = std::chrono::steady_clock;

/// A place where one thread says "it has come" and another sleeps until then, so that nothing keeps a core awake; the time is
/// taken by the first.
struct arrival {
  std::atomic<std::int64_t> at{0};
  void mark() {
    at.store(clock::now().time_since_epoch().count(), std::memory_order_release);
    at.notify_one();
  }
};

nlohmann::json percentiles(std::vector<double> us) {
  std::sort(us.begin(), us.end());
  const auto at = [&](double q) { return us[static_cast<std::size_t>(q * static_cast<double>(us.size() - 1))]; };
  return {{"p50_us", at(0.5)}, {"p99_us", at(0.99)}, {"p999_us", at(0.999)}};
}

/// Calls send(i) and waits until `there` is marked, `rows` times with pauses; microseconds each, the first tenth left out.
template <class Send>
std::vector<double> measure(const latency_options& o, arrival& there, const Send& send) {
  std::vector<double> us;
  const int warm_up = o.rows / 10;
  for (int i = 0; i < o.rows + warm_up; ++i) {
    std::this_thread::sleep_for(std::chrono::microseconds(o.pause_us));
    there.at.store(0, std::memory_order_relaxed);
    const auto sent = clock::now();
    send(i);
    there.at.wait(0, std::memory_order_acquire);
    const std::int64_t at = there.at.load(std::memory_order_acquire);
    const auto took = clock::duration(at - sent.time_since_epoch().count());
    if (i >= warm_up) us.push_back(std::chrono::duration<double, std::micro>(took).count());
  }
  return us;
}

std::vector<double> hand_over(const latency_options& o) {
  arrival there;
  std::mutex lock;
  std::condition_variable wake;
  int posted = 0;
  bool done = false;
  std::thread receiver([&] {
    int seen = 0;
    std::unique_lock guard(lock);
    while (true) {
      wake.wait(guard, [&] { return posted != seen || done; });
      if (done) return;
      seen = posted;
      there.mark();
    }
  });
  auto us = measure(o, there, [&](int) {
    {
      std::lock_guard guard(lock);
      ++posted;
    }
    wake.notify_one();
  });
  {
    std::lock_guard guard(lock);
    done = true;
  }
  wake.notify_one();
  receiver.join();
  return us;
}

flow::batch one_row(const flow::schema_ptr& schema, int i) {
  const auto row = nlohmann::json::array({"user-" + std::to_string(i), i});
  return flow::batch_from_json(schema, nlohmann::json::array({row}));
}

std::vector<double> pipeline(const latency_options& o) {
  using namespace flow;
  auto s = session::make({.name = "latency", .threads = 1, .parallelism = 1, .busy_polling = o.busy_polling});
  const auto schema = parse_schema("user STRING, v INT");
  auto in = s.push_stream(schema);
  auto counts = in.stream().select_expr("user", "v * 2 AS v").where("v >= 0").group_by("user").count();
  arrival there;
  auto query = counts.write_stream()
                   .output_mode("update")
                   .trigger(trigger::continuous("1 second"))
                   .foreach ([&](const batch&) { there.mark(); })
                   .start();
  std::vector<batch> rows;
  for (int i = 0; i < 64; ++i) rows.push_back(one_row(schema, i));
  auto us = measure(o, there, [&](int i) { in.push(rows[static_cast<std::size_t>(i) % rows.size()]); });
  query->stop();
  return us;
}

}  // namespace

nlohmann::json latency(const latency_options& o) {
  const auto floor = percentiles(hand_over(o));
  const auto measured = percentiles(pipeline(o));
  return {{"workload", "latency"},
          {"rows", o.rows},
          {"busy_polling", o.busy_polling},
          {"push_to_callback", measured},
          {"condition_variable", floor},
          {"p50_ratio", measured["p50_us"].get<double>() / floor["p50_us"].get<double>()},
          {"p99_ratio", measured["p99_us"].get<double>() / floor["p99_us"].get<double>()}};
}

}  // namespace bench
