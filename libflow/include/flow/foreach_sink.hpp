#pragma once

#include <functional>
#include <vector>

#include "flow/batch.hpp"
#include "flow/epoch.hpp"
#include "flow/sink.hpp"

/// Sinks that call the user. Defined by the sinks room. What the function throws ends the query with its text, as an error of
/// the code it has, else of query_failed; but for error{restart_required}: the query begins again at its checkpoint.
namespace flow {

/// Calls `fn` with each batch of results as it comes, on the pipeline's thread: `fn` must not wait. At least once after a
/// crash.
sink_provider_ptr make_foreach_sink(std::function<void(const batch&)> fn);

/// Calls `fn` once an epoch with all its rows (none for an epoch without results) before the epoch is committed: after a
/// crash again with the same epoch, so a function that is idempotent on it makes the output exactly-once.
sink_provider_ptr make_foreach_batch_sink(std::function<void(std::vector<batch> rows, epoch e)> fn);

}  // namespace flow
