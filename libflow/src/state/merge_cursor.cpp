#include "state/merge_cursor.hpp"

#include <algorithm>

namespace flow {

std::size_t lane::segment_for(std::string_view key) const {
  const auto after = std::upper_bound(segments.begin(), segments.end(), key,
                                      [](std::string_view k, const segment_slot& slot) { return k < slot.view.first_key(); });
  return after == segments.begin() ? segments.size() : static_cast<std::size_t>(after - segments.begin()) - 1;
}

void add_to_lanes(std::vector<lane>& lanes, segment_slot slot) {
  const auto& origin = slot.view.origin();
  if (lanes.empty() || lanes.back().groups != origin.groups || lanes.back().number != origin.lane) {
    lanes.push_back({origin.groups, origin.lane, {}});
  }
  lanes.back().segments.push_back(slot);
}

segment_entry ordered_delta::entry(std::size_t i) const {
  const auto& e = delta->entries()[order == nullptr ? i : (*order)[i]];
  return {delta->key(e), delta->value(e), e.group, e.value_size == state_delta::erased};
}

std::size_t ordered_delta::lower_bound(std::string_view key) const {
  std::size_t first = 0, length = size();
  while (length > 0) {
    const auto half = length / 2;
    if (entry(first + half).key < key) {
      first += half + 1;
      length -= half + 1;
    } else {
      length = half;
    }
  }
  return first;
}

void merge_cursor::add(const ordered_delta& source_added) {
  sources_.emplace_back();
  sources_.back().delta = source_added;
}

void merge_cursor::add(lane& source_added) {
  sources_.emplace_back();
  sources_.back().segments = &source_added;
}

bool merge_cursor::load(source& s) {
  if (s.segments == nullptr) {
    if (s.index >= s.delta.size()) return false;
    s.current = s.delta.entry(s.index);
    return true;
  }
  while (s.segment < s.segments->segments.size()) {
    auto& slot = s.segments->segments[s.segment];
    if (!slot.checked) check_(slot);
    if (s.index < slot.view.size()) {
      s.current = slot.view.entry(static_cast<std::uint32_t>(s.index));
      return true;
    }
    ++s.segment;
    s.index = 0;
  }
  return false;
}

void merge_cursor::place(source& s, std::string_view key) {
  if (s.segments == nullptr) {
    s.index = s.delta.lower_bound(key);
    return;
  }
  auto& segments = s.segments->segments;
  s.segment = s.segments->segment_for(key);
  s.index = 0;
  if (s.segment == segments.size()) {
    s.segment = 0;
    return;
  }
  if (!segments[s.segment].checked) check_(segments[s.segment]);
  s.index = segments[s.segment].view.lower_bound(key);
}

bool merge_cursor::before(std::uint32_t a, std::uint32_t b) const {
  const int order = sources_[a].current.key.compare(sources_[b].current.key);
  return order != 0 ? order < 0 : a < b;
}

void merge_cursor::sift_down(std::size_t at) {
  const auto moving = heap_[at];
  for (;;) {
    auto child = 2 * at + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && before(heap_[child + 1], heap_[child])) ++child;
    if (!before(heap_[child], moving)) break;
    heap_[at] = heap_[child];
    at = child;
  }
  heap_[at] = moving;
}

void merge_cursor::step_first() {
  auto& first = sources_[heap_.front()];
  ++first.index;
  if (!load(first)) {
    heap_.front() = heap_.back();
    heap_.pop_back();
    if (heap_.empty()) return;
  }
  if (heap_.size() > 1) sift_down(0);
}

void merge_cursor::next() {
  const auto key = entry().key;  // Points into the source, which stays.
  step_first();
  while (valid() && entry().key == key) step_first();
}

void merge_cursor::seek(std::string_view key, bool after) {
  heap_.clear();
  for (std::uint32_t i = 0; i < sources_.size(); ++i) {
    place(sources_[i], key);
    if (load(sources_[i])) heap_.push_back(i);
  }
  for (auto i = heap_.size() / 2; i-- > 0;) sift_down(i);
  if (after && valid() && entry().key == key) next();
}

}  // namespace flow
