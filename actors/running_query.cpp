#include "actors/running_query.hpp"

#include "actors/callback_scope.hpp"

namespace flow {

running_query::running_query(const query_launch& launch)
    : id_(launch.id), name_(launch.settings.name), plan_text_(launch.plan.physical_text), board_(launch.board) {}

void running_query::attach(supervisor_handle supervisor) {
  const std::lock_guard lock(mutex_);
  supervisor_ = std::move(supervisor);
}

void running_query::detach() { attach(supervisor_handle()); }

template <class Message>
bool running_query::tell(Message message) {
  const std::lock_guard lock(mutex_);
  if (!supervisor_) return false;
  caf::anon_send(supervisor_, std::move(message));
  return true;
}

void running_query::rethrow() const {
  if (const auto failure = board_->failure()) throw error(*failure);
}

void running_query::refuse_within_callback(const char* call) const {
  if (!callback_scope::within(*board_)) return;
  throw error(errc::invalid_argument, std::string(call) + " was called from a function that the query itself calls, where it " +
                                          "would wait for itself forever: call it from another thread, or stop() there");
}

void running_query::stop() {
  tell(stop_message{});
  if (callback_scope::within(*board_)) return;
  board_->wait();
  detach();
}

void running_query::await_termination() {
  refuse_within_callback("await_termination()");
  board_->wait();
  detach();
  rethrow();
}

bool running_query::await_termination(std::chrono::milliseconds timeout) {
  refuse_within_callback("await_termination()");
  if (!board_->wait(timeout)) return false;
  await_termination();
  return true;
}

void running_query::process_all_available() {
  refuse_within_callback("process_all_available()");
  const auto call = std::make_shared<waiting_call>();
  auto result = call->answer();
  if (!board_->ended() && tell(drain_request_message{call})) {
    // The supervisor sees to it, at the latest when the query ends. Its end may have been quicker than the message.
    while (result.wait_for(std::chrono::milliseconds(50)) == std::future_status::timeout && !board_->ended()) continue;
  }
  rethrow();
}

}  // namespace flow
