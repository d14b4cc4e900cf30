#include "plan/pane_windows.hpp"

#include <algorithm>
#include <numeric>

namespace flow::plan {

namespace {

bool reads(const expression& e, int id) {
  const auto ids = columns_read(e);
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

/// The window node that column `id` comes from, unless a node in between looks at it.
const resolved_plan* untouched_window(const resolved_plan& node, int id) {
  switch (node.kind) {
    case resolved_kind::window:
      return node.output.back().id == id ? &node : nullptr;
    case resolved_kind::filter:
      return reads(*node.condition, id) ? nullptr : untouched_window(*node.children[0], id);
    case resolved_kind::project: {
      const auto& value = node.values[static_cast<std::size_t>(position_of(node.output, id))];
      const auto below = whole_column(*value);
      const auto readers =
          std::count_if(node.values.begin(), node.values.end(), [&](const auto& v) { return below && reads(*v, *below); });
      return readers == 1 ? untouched_window(*node.children[0], *below) : nullptr;
    }
    default:
      return nullptr;
  }
}

bool call_reads(const expression& call, int id) { return reads(call, id) || (call.filter && reads(*call.filter, id)); }

}  // namespace

std::optional<paned_window> paned_window_of(const resolved_plan& aggregate) {
  for (std::size_t k = 0; k < aggregate.key_count; ++k) {
    const auto id = whole_column(*aggregate.values[k]);
    if (!id || !find_column(aggregate.children[0]->output, *id)) continue;
    const auto* node = untouched_window(*aggregate.children[0], *id);
    if (!node || node->slide == node->size) continue;
    for (std::size_t i = 0; i < aggregate.values.size(); ++i) {
      if (i != k && call_reads(*aggregate.values[i], *id)) return {};
      if (i != k && i < aggregate.key_count && aggregate.output[i].event_time) return {};
    }
    return paned_window{node, {static_cast<int>(k), node->size, node->slide, node->start}};
  }
  return {};
}

window_lengths panes_of(const sliding_window& window) {
  const duration pane{std::gcd(window.size.microseconds, window.slide.microseconds)};
  return {pane, pane, window.start};
}

}  // namespace flow::plan
