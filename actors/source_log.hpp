#pragma once

#include <cstddef>
#include <vector>

#include "flow/checkpoint.hpp"
#include "flow/source.hpp"

/// How the logs of a query's sources travel to its checkpoint and back: as state of one instance each.
namespace flow {

/// Adds what source `number` of the plan has changed in its log.
void take_log_changes(source& from, std::size_t number, const std::vector<split_position>& unfinished,
                      std::vector<instance_delta>& into);

/// Gives source `number` of the plan its log as of epoch `at`.
void restore_log(source& into, std::size_t number, checkpoint_store& store, epoch at);

}  // namespace flow
