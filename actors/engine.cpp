#include "flow/engine.hpp"

#include <algorithm>
#include <mutex>
#include <thread>

#include "actors/running_query.hpp"
#include "actors/supervisor_actor.hpp"
#include "actors/worker_pool.hpp"

namespace flow {

namespace {

/// Sizes the pool, and puts it in the place of CAF's own schedulers.
class pool_config : public caf::actor_system_config {
 public:
  explicit pool_config(const session_options& options) {
    const auto machine = std::max(1u, std::thread::hardware_concurrency());
    const auto threads = options.threads > 0 ? static_cast<std::size_t>(options.threads) : std::size_t{machine};
    set("scheduler.max-threads", threads);
    // Messages an actor may handle before others get their turn.
    set("scheduler.max-throughput", std::size_t{32});
    caf::put(content, polling_key, options.busy_polling);
    load<worker_pool>();
  }
};

class actor_engine : public engine {
 public:
  explicit actor_engine(const session_options& options) : clock_(options.clock), config_(options), system_(config_) {}
  ~actor_engine() override { shut_down(); }

  query_ptr start(physical_plan plan, sink_provider_ptr sink, query_settings settings) override {
    const auto launch = prepare_launch(std::move(plan), std::move(sink), std::move(settings), clock_);
    const auto query = std::make_shared<running_query>(*launch);
    query->attach(system_.spawn<supervisor_actor>(launch));
    const std::lock_guard lock(mutex_);
    std::erase_if(queries_, [](const auto& each) { return !each->is_active(); });
    queries_.push_back(query);
    return query;
  }

  void shut_down() override {
    std::vector<std::shared_ptr<running_query>> all;
    {
      const std::lock_guard lock(mutex_);
      all.swap(queries_);
    }
    for (const auto& each : all) each->stop();
  }

 private:
  clock_function clock_;
  pool_config config_;
  caf::actor_system system_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<running_query>> queries_;
};

}  // namespace

std::unique_ptr<engine> make_engine(const session_options& options) { return std::make_unique<actor_engine>(options); }

}  // namespace flow
