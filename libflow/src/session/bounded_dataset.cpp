#include <arrow/record_batch.h>
#include <arrow/scalar.h>

#include "flow/dataset.hpp"
#include "flow/engine.hpp"
#include "flow/error.hpp"
#include "flow/functions.hpp"
#include "session/session_state.hpp"

namespace flow {

std::vector<batch> dataset::collect() const {
  const auto plan = make_physical_plan(*plan_, session_->lookup(), {.streaming = false, .mode = output_mode::append});
  return run_local(plan, {session_->options().clock(), 0});
}

std::int64_t dataset::count() const {
  std::int64_t rows = 0;
  for (const auto& one : collect()) rows += one->num_rows();
  return rows;
}

}  // namespace flow
