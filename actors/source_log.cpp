#include "actors/source_log.hpp"

#include <string>

namespace flow {

namespace {

std::string log_name(std::size_t number) { return std::string(source_log_prefix) + std::to_string(number); }

}  // namespace

void take_log_changes(source& from, std::size_t number, const std::vector<split_position>& unfinished,
                      std::vector<instance_delta>& into) {
  if (auto changes = from.take_log_changes(unfinished)) into.push_back({log_name(number), 0, 1, std::move(changes)});
}

void restore_log(source& into, std::size_t number, checkpoint_store& store, epoch at) {
  into.restore_log(*store.open_state(log_name(number), 0, 1, at));
}

}  // namespace flow
