#include "actors/worker_pool.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

namespace flow {

namespace {

/// Tells the core that this is a waiting loop: it saves power and lets its other thread run.
void relax() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

pool_policy::coordinator_data::coordinator_data(caf::scheduler::abstract_coordinator* pool)
    : polling(caf::get_or(pool->system().config(), polling_key, false)) {}

void pool_policy::put(coordinator_data& pool, caf::resumable* job) {
  bool asleep;
  {
    const std::lock_guard guard(pool.lock);
    pool.queue.push_back(job);
    pool.size.store(pool.queue.size(), std::memory_order_release);
    asleep = pool.sleeping > 0 && pool.queue.size() > (pool.spinning ? 1u : 0u);
  }
  if (asleep) pool.wake.notify_one();
}

/// With the lock held, from a queue that is not empty.
caf::resumable* pool_policy::take(coordinator_data& pool) {
  auto* job = pool.queue.front();
  pool.queue.pop_front();
  pool.size.store(pool.queue.size(), std::memory_order_relaxed);
  return job;
}

caf::resumable* pool_policy::wait(coordinator_data& pool) {
  std::unique_lock guard(pool.lock);
  while (pool.queue.empty()) {
    ++pool.sleeping;
    pool.wake.wait(guard);
    --pool.sleeping;
  }
  return take(pool);
}

caf::resumable* pool_policy::spin(coordinator_data& pool) {
  std::unique_lock guard(pool.lock);
  while (pool.queue.empty()) {
    pool.spinning = true;
    guard.unlock();
    while (pool.size.load(std::memory_order_acquire) == 0) relax();
    guard.lock();
  }
  pool.spinning = false;
  return take(pool);
}

}  // namespace flow
