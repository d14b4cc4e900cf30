#include "session/session_state.hpp"

namespace flow {

std::vector<query_ptr> query_manager::active() const {
  std::vector<query_ptr> running;
  for (auto& query : session_->queries()) {
    if (query->is_active()) running.push_back(std::move(query));
  }
  return running;
}

query_ptr query_manager::get(std::string_view id_or_name) const {
  for (auto& query : active()) {
    if (query->id() == id_or_name || query->name() == id_or_name) return query;
  }
  return nullptr;
}

void query_manager::await_any_termination() const {
  // With those that ended before the call, as in Spark: else a query that fails at once would be waited for in vain. The next
  // start forgets them.
  const auto all = session_->queries();
  for (const auto& query : all) {
    if (!query->is_active()) return query->await_termination();
  }
  if (all.size() == 1) return all[0]->await_termination();
  while (!all.empty()) {
    // A query tells only those who wait for it: each is given a turn.
    for (const auto& query : all) {
      if (query->await_termination(std::chrono::milliseconds(20))) return;
    }
  }
}

}  // namespace flow
