#include "actors/epoch_watermarks.hpp"

#include <algorithm>

#include "actors/watermark_tracker.hpp"

namespace flow {

void epoch_watermarks::restore(const std::vector<watermark>& nodes, const watermark& global) {
  for (std::size_t i = 0; i < std::min(nodes.size(), nodes_.size()); ++i) nodes_[i] = nodes[i];
  global_ = global;
}

void epoch_watermarks::observe(int node, timestamp greatest) {
  auto& mark = nodes_.at(static_cast<std::size_t>(node));
  const auto behind = watermark_behind(greatest, specs_[static_cast<std::size_t>(node)].delay);
  if (!mark || behind > *mark) mark = behind;
}

bool epoch_watermarks::advance() {
  watermark chosen;
  for (const auto& mark : nodes_) {
    if (policy_ == watermark_policy::min) {
      if (!mark) return false;
      if (!chosen || *mark < *chosen) chosen = mark;
    } else if (mark && (!chosen || *mark > *chosen)) {
      chosen = mark;
    }
  }
  if (!chosen || *chosen <= first_watermark || (global_ && *chosen <= *global_)) return false;
  global_ = chosen;
  return true;
}

}  // namespace flow
