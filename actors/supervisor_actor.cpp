#include "actors/supervisor_actor.hpp"

#include "actors/failure_report.hpp"
#include "actors/query_actor.hpp"
#include "actors/query_log.hpp"

namespace flow {

namespace {

/// Makes the next run, on a thread of its own where it may: opening sinks and reading state back may take long. Holds on to
/// nothing once it has answered.
class launcher : public caf::event_based_actor {
 public:
  launcher(caf::actor_config& config, std::shared_ptr<query_launch> before, supervisor_handle whom)
      : caf::event_based_actor(config), launch_(std::move(before)), whom_(std::move(whom)) {}

  const char* name() const override { return "flow.launcher"; }

 protected:
  caf::behavior make_behavior() override {
    std::optional<error> failure;
    try {
      launch_ = prepare_relaunch(*launch_);
    } catch (...) {
      failure = as_error(std::current_exception());
    }
    send(std::exchange(whom_, supervisor_handle()), relaunched_message{std::move(launch_), std::move(failure)});
    return {};
  }

 private:
  std::shared_ptr<query_launch> launch_;
  supervisor_handle whom_;
};

/// For the user it is a failure like others: what another restart might have mended did not come back in time.
error exhausted(const error& cause, int restarts) {
  if (restarts == 0) return error(errc::query_failed, cause.what());
  return error(errc::query_failed, std::string(cause.what()) + " (after " + std::to_string(restarts) +
                                       " restarts from the checkpoint without an epoch in between)");
}

}  // namespace

supervisor_actor::supervisor_actor(caf::actor_config& config, std::shared_ptr<query_launch> launch)
    : supervisor_handle::base(config),
      launch_(std::move(launch)),
      board_(launch_->board),
      policy_(launch_->settings.restarts, launch_->settings.restart_pause),
      published_(launch_->last) {}

void supervisor_actor::on_exit() {
  launch_.reset();
  run_ = query_handle();
}

supervisor_actor::behavior_type supervisor_actor::make_behavior() {
  run();
  return {
      [this](const run_ended_message& m) { on_run_ended(m); },
      [this](relaunched_message& m) { on_relaunched(m); },
      [this](const relaunch_message&) {
        if (launch_) relaunch();
      },
      [this](const stop_message& m) {
        stopping_ = true;
        if (run_) return send(run_, m);
        if (launch_) end(std::nullopt);
      },
      [this](const drain_request_message& m) {
        std::erase_if(waiting_, [](const auto& each) { return each->fulfilled(); });
        waiting_.push_back(m.call);
        // The run may just have ended, without having said so yet: then the next one is told.
        if (run_) send(run_, m);
      },
      [this](const failed_message& m) {
        if (m.cause.code() != errc::restart_required) verdict_ = m.cause;
        if (run_) return send(run_, m);
        if (verdict_ && launch_) end(verdict_);
      },
  };
}

void supervisor_actor::run() {
  const auto self = caf::actor_cast<supervisor_handle>(caf::strong_actor_ptr(ctrl()));
  run_ = spawn<query_actor>(launch_, self);
  for (const auto& each : waiting_) {
    if (!each->fulfilled()) send(run_, drain_request_message{each});
  }
  if (stopping_) send(run_, stop_message{});
  if (verdict_) send(run_, failed_message{*verdict_});
}

void supervisor_actor::on_run_ended(const run_ended_message& m) {
  run_ = query_handle();
  published_ = m.published;
  if (verdict_) return end(verdict_);
  if (!m.failure || m.failure->code() != errc::restart_required) return end(m.failure);
  // Whoever has stopped the query while it was about to start again finds it as the checkpoint has it.
  stopping_ ? end(std::nullopt) : restart_after(*m.failure);
}

void supervisor_actor::restart_after(error cause) {
  const auto& query = launch_->settings.name.empty() ? launch_->id : launch_->settings.name;
  const auto pause = policy_.next(published_);
  if (!pause) {
    if (policy_.in_a_row() > 0) log_gave_up(query, cause, policy_.in_a_row());
    return end(exhausted(cause, policy_.in_a_row()));
  }
  log_restart(query, cause, policy_.in_a_row(), *pause);
  launch_->restarts.note(cause.what(), launch_->clock());
  board_->set_status({"Starting again from the checkpoint: " + std::string(cause.what()), false, false});
  delayed_send(this, *pause, relaunch_message{});
}

void supervisor_actor::relaunch() {
  const auto self = caf::actor_cast<supervisor_handle>(caf::strong_actor_ptr(ctrl()));
  if (launch_->own_threads) {
    spawn<launcher, caf::detached>(std::move(launch_), self);
  } else {
    spawn<launcher>(std::move(launch_), self);
  }
}

void supervisor_actor::on_relaunched(relaunched_message& m) {
  launch_ = std::move(m.launch);
  if (!m.failure) {
    board_->set_run_id(launch_->run_id);
    return run();
  }
  if (stopping_ || verdict_) return end(verdict_);
  m.failure->code() == errc::restart_required ? restart_after(*m.failure) : end(m.failure);
}

void supervisor_actor::end(std::optional<error> failure) {
  on_exit();
  board_->end(std::move(failure));
  for (const auto& each : waiting_) each->fulfil();
  quit();
}

}  // namespace flow
