// Alone in its file: what does not start queries needs no engine to link.
#include <algorithm>

#include "flow/error.hpp"
#include "session/session_state.hpp"

namespace flow {

query_ptr session_state::start(physical_plan plan, sink_provider_ptr sink, query_settings settings) {
  check_name_is_free(settings.name);
  engine* runs_on = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (!engine_) engine_ = make_engine(options_);
    runs_on = engine_.get();
  }
  auto query = runs_on->start(std::move(plan), std::move(sink), std::move(settings));
  const std::lock_guard lock(mutex_);
  std::erase_if(queries_, [](const auto& other) { return !other->is_active(); });
  queries_.push_back(query);
  return query;
}

}  // namespace flow
