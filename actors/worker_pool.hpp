#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>

#include <caf/logger.hpp>
#include <caf/policy/unprofiled.hpp>

// A worker says which actor it runs for CAF's logger, which Debian builds without, and finds out by a dynamic_cast for every
// actor that it resumes: a twentieth of what a single row costs from push to callback.
#if CAF_LOG_LEVEL == CAF_LOG_LEVEL_QUIET
#undef CAF_PUSH_AID_FROM_PTR
#define CAF_PUSH_AID_FROM_PTR(actor) CAF_VOID_STMT
#endif
#include <caf/scheduler/coordinator.hpp>

namespace flow {

/// How the pool's workers take actors that have something to do: from one queue, oldest first, sleeping while it is empty. As
/// CAF's own `sharing`, but a worker is woken after the queue is let go, so that it does not run into the lock at once, and not
/// at all if none sleeps. With busy polling the first worker spins instead of sleeping; the others are woken only for what it
/// cannot take at once.
class pool_policy : public caf::policy::unprofiled {
 public:
  struct coordinator_data {
    explicit coordinator_data(caf::scheduler::abstract_coordinator* pool);

    bool polling;
    std::mutex lock;
    std::condition_variable wake;
    std::deque<caf::resumable*> queue;
    std::atomic<std::size_t> size{0};  ///< Of the queue, for the worker that spins.
    std::size_t sleeping = 0;          ///< Workers.
    bool spinning = false;             ///< The first worker has nothing to do.
  };
  struct worker_data {
    explicit worker_data(caf::scheduler::abstract_coordinator*) {}
  };

  template <class Coordinator>
  void central_enqueue(Coordinator* pool, caf::resumable* job) {
    put(pool->data(), job);
  }
  template <class Worker>
  void external_enqueue(Worker* worker, caf::resumable* job) {
    put(worker->parent()->data(), job);
  }
  template <class Worker>
  void internal_enqueue(Worker* worker, caf::resumable* job) {
    put(worker->parent()->data(), job);
  }
  template <class Worker>
  void resume_job_later(Worker* worker, caf::resumable* job) {
    put(worker->parent()->data(), job);
  }
  template <class Worker>
  caf::resumable* dequeue(Worker* worker) {
    auto& pool = worker->parent()->data();
    return pool.polling && worker->id() == 0 ? spin(pool) : wait(pool);
  }
  template <class Worker, class Visit>
  void foreach_resumable(Worker*, Visit) {}
  template <class Coordinator, class Visit>
  void foreach_central_resumable(Coordinator* pool, Visit visit) {
    std::unique_lock guard(pool->data().lock);
    auto left = std::move(pool->data().queue);
    guard.unlock();
    for (auto* job : left) visit(job);
  }

 private:
  static void put(coordinator_data& pool, caf::resumable* job);
  static caf::resumable* take(coordinator_data& pool);
  static caf::resumable* wait(coordinator_data& pool);
  static caf::resumable* spin(coordinator_data& pool);
};

/// The pool, in the place of CAF's own schedulers.
using worker_pool = caf::scheduler::coordinator<pool_policy>;

/// Configuration key: a bool, whether one worker spins.
inline constexpr char polling_key[] = "libflow.busy-polling";

}  // namespace flow
