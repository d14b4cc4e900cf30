#include "actors/watermark_tracker.hpp"

#include <algorithm>
#include <string>

#include "flow/error.hpp"

namespace flow {

namespace {

void raise_to(watermark& mark, const watermark& value) {
  if (value && (!mark || *value > *mark)) mark = value;
}

constexpr std::int64_t floor_to_millisecond(std::int64_t microseconds) {
  const auto rest = microseconds % 1000;
  return microseconds - (rest < 0 ? rest + 1000 : rest);
}

}  // namespace

timestamp watermark_behind(timestamp greatest, duration delay) {
  return {floor_to_millisecond(greatest.microseconds) - delay.microseconds / 1000 * 1000};
}

watermark_tracker::watermark_tracker(std::vector<std::vector<int>> nodes_of, watermark_policy policy) : policy_(policy) {
  for (std::size_t i = 0; i < nodes_of.size(); ++i) {
    for (const int node : nodes_of[i]) {
      const auto known = std::find_if(nodes_.begin(), nodes_.end(), [node](const merged& m) { return m.node == node; });
      auto& entry = known != nodes_.end() ? *known : nodes_.emplace_back();
      entry.node = node;
      entry.told.node = node;
      entry.inputs.push_back({i, {}, false});
    }
  }
}

watermark_tracker::merged& watermark_tracker::find(int node) {
  const auto found = std::find_if(nodes_.begin(), nodes_.end(), [node](const merged& m) { return m.node == node; });
  if (found == nodes_.end()) throw error(errc::illegal_state, "no input tells about watermark node " + std::to_string(node));
  return *found;
}

const watermark_tracker::merged* watermark_tracker::find(int node) const {
  const auto found = std::find_if(nodes_.begin(), nodes_.end(), [node](const merged& m) { return m.node == node; });
  return found == nodes_.end() ? nullptr : &*found;
}

void watermark_tracker::restore(int node, const watermark& value) {
  for (auto& each : nodes_) {
    if (each.node == node) raise_to(each.value, value);
  }
}

void watermark_tracker::update(std::size_t from, const watermark_update& news) {
  auto& entry = find(news.node);
  for (auto& each : entry.inputs) {
    if (each.id != from) continue;
    raise_to(each.value, news.value);
    each.idle = news.idle;
  }
  merge(entry);
  combine();
}

void watermark_tracker::merge(merged& into) {
  watermark least, greatest;
  bool all_idle = true, awaited = false;
  for (const auto& each : into.inputs) {
    raise_to(greatest, each.value);
    if (each.idle) continue;
    all_idle = false;
    if (!each.value) {
      awaited = true;
    } else if (!least || *each.value < *least) {
      least = each.value;
    }
  }
  into.idle = all_idle;
  if (all_idle) {
    raise_to(into.value, greatest);
  } else if (!awaited) {
    raise_to(into.value, least);
  }
}

void watermark_tracker::combine() {
  watermark least, greatest, idle_greatest;
  bool awaited = false, all_idle = true;
  for (const auto& each : nodes_) {
    raise_to(greatest, each.value);
    if (each.idle) {
      raise_to(idle_greatest, each.value);
      continue;
    }
    all_idle = false;
    if (!each.value) {
      awaited = true;
    } else if (!least || *each.value < *least) {
      least = each.value;
    }
  }
  if (policy_ == watermark_policy::max) {
    raise_to(combined_, greatest);
  } else if (all_idle) {
    // Nothing moves: the slowest of those that have said anything decides, else one idle stream could close another's windows.
    watermark slowest;
    for (const auto& each : nodes_) {
      if (each.value && (!slowest || *each.value < *slowest)) slowest = each.value;
    }
    raise_to(combined_, slowest);
  } else if (!awaited) {
    raise_to(combined_, least);
  }
}

watermark watermark_tracker::node(int node) const {
  const auto* found = find(node);
  return found ? found->value : watermark{};
}

bool watermark_tracker::idle(int node) const {
  const auto* found = find(node);
  return found && found->idle;
}

std::vector<watermark_update> watermark_tracker::changes() {
  std::vector<watermark_update> news;
  for (auto& each : nodes_) {
    const watermark_update now{each.node, each.value, each.idle};
    if (now == each.told) continue;
    each.told = now;
    news.push_back(now);
  }
  return news;
}

}  // namespace flow
