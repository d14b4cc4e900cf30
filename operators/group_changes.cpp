#include "operators/group_changes.hpp"

#include <algorithm>

namespace flow {

void group_changes::make_room(std::size_t bound, std::span<const std::uint32_t> inserted) {
  if (flags_.size() < bound) flags_.resize(std::max(bound, flags_.size() * 2));
  for (const auto g : inserted) flags_[g] = 0;
}

void group_changes::touch(std::span<const std::uint32_t> groups) {
  if (kept_ == 0) return;
  auto* const flags = flags_.data();
  std::uint8_t listed = kept_;
  for (const auto& list : lists_) {
    if (list.many) listed &= static_cast<std::uint8_t>(~list.which);
  }
  if (listed == 0) {
    for (const auto g : groups) flags[g] |= kept_;
    return;
  }
  for (const auto g : groups) {
    const auto missing = static_cast<std::uint8_t>(listed & ~flags[g]);
    flags[g] |= kept_;
    if (missing == 0) continue;
    if ((missing & unemitted) != 0) list_of(unemitted).groups.push_back(g);
    if ((missing & unsaved) != 0) list_of(unsaved).groups.push_back(g);
  }
  for (auto& list : lists_) list.many = list.many || are_many(list.groups.size());
}

void group_changes::take_marked(listing& list) {
  auto& taken = list.taken;
  taken.resize(flags_.size());
  std::size_t found = 0;
  for (std::uint32_t g = 0; g < flags_.size(); ++g) {
    taken[found] = g;
    found += (flags_[g] & list.which) != 0 ? 1 : 0;
    flags_[g] &= static_cast<std::uint8_t>(~list.which);
  }
  taken.resize(found);
}

void group_changes::take_listed(listing& list) {
  list.taken.swap(list.groups);
  std::erase_if(list.taken, [&](std::uint32_t g) {
    const bool marked = (flags_[g] & list.which) != 0;
    flags_[g] &= static_cast<std::uint8_t>(~list.which);
    return !marked;
  });
}

const group_changes::group_ids& group_changes::take(mark which) {
  auto& list = list_of(which);
  list.many ? take_marked(list) : take_listed(list);
  list.groups.clear();
  list.many = are_many(list.taken.size());
  return list.taken;
}

std::size_t group_changes::count(mark which) const {
  const auto& list = list_of(which);
  if (!list.many) return list.groups.size();
  return static_cast<std::size_t>(std::ranges::count_if(flags_, [&](std::uint8_t flags) { return (flags & which) != 0; }));
}

void group_changes::set_stored(std::span<const std::uint32_t> groups) {
  for (const auto g : groups) flags_[g] |= stored;
}

void group_changes::clear() {
  flags_.clear();
  for (auto& list : lists_) list.groups.clear();
}

}  // namespace flow
