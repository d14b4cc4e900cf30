#include "operators/key_set.hpp"

#include <algorithm>
#include <utility>

namespace flow {

key_set::entry* key_set::find(std::uint64_t hash, std::string_view wanted) {
  if (slots_.empty()) return nullptr;
  const auto mask = slots_.size() - 1;
  for (auto at = hash & mask; slots_[at] != free_slot; at = (at + 1) & mask) {
    auto& found = entries_[slots_[at]];
    if (found.hash == hash && key(found) == wanted) return &found;
  }
  return nullptr;
}

std::uint32_t key_set::insert(std::uint64_t hash, std::string_view added, std::int64_t time) {
  if (2 * (live_ + 1) > slots_.size()) grow();
  std::uint32_t number;
  if (free_.empty()) {
    number = static_cast<std::uint32_t>(entries_.size());
    entries_.emplace_back();
  } else {
    number = free_.back();
    free_.pop_back();
  }
  entries_[number] = {hash, time, bytes_.size(), static_cast<std::uint32_t>(added.size()), false, true};
  bytes_.insert(bytes_.end(), added.begin(), added.end());
  const auto mask = slots_.size() - 1;
  auto at = hash & mask;
  while (slots_[at] != free_slot) at = (at + 1) & mask;
  slots_[at] = number;
  ++live_;
  return number;
}

std::size_t key_set::slot_of(std::uint32_t number) const {
  const auto mask = slots_.size() - 1;
  auto at = entries_[number].hash & mask;
  while (slots_[at] != number) at = (at + 1) & mask;
  return at;
}

void key_set::erase(std::uint32_t number) {
  // The entries behind move up, so that no search stops at the gap too early.
  const auto mask = slots_.size() - 1;
  auto gap = slot_of(number);
  for (auto at = (gap + 1) & mask; slots_[at] != free_slot; at = (at + 1) & mask) {
    const auto home = entries_[slots_[at]].hash & mask;
    if (((at - home) & mask) >= ((at - gap) & mask)) {
      slots_[gap] = slots_[at];
      gap = at;
    }
  }
  slots_[gap] = free_slot;
  entries_[number].alive = false;
  dead_bytes_ += entries_[number].size;
  free_.push_back(number);
  --live_;
  if (dead_bytes_ > 65'536 && 2 * dead_bytes_ > bytes_.size()) compact();
}

void key_set::grow() {
  slots_.assign(std::max<std::size_t>(64, 2 * slots_.size()), free_slot);
  const auto mask = slots_.size() - 1;
  for (const auto& e : entries_) {
    if (!e.alive) continue;
    auto at = e.hash & mask;
    while (slots_[at] != free_slot) at = (at + 1) & mask;
    slots_[at] = number_of(e);
  }
}

void key_set::compact() {
  std::vector<char> packed;
  packed.reserve(bytes_.size() - dead_bytes_);
  for (auto& e : entries_) {
    if (!e.alive) continue;
    const auto begin = bytes_.begin() + static_cast<std::ptrdiff_t>(e.offset);
    e.offset = packed.size();
    packed.insert(packed.end(), begin, begin + e.size);
  }
  bytes_ = std::move(packed);
  dead_bytes_ = 0;
}

std::size_t key_set::bytes() const {
  return bytes_.capacity() + entries_.capacity() * sizeof(entry) + slots_.capacity() * sizeof(std::uint32_t);
}

void key_set::clear() { *this = key_set(); }

}  // namespace flow
