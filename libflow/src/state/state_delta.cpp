#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <utility>

#include "flow/error.hpp"
#include "flow/state.hpp"

namespace flow {
namespace {

/// A key's eight bytes after the prefix all keys share, as a number that orders like them.
struct prefixed {
  std::uint64_t prefix;
  std::uint32_t index;
};

std::size_t common_prefix(std::string_view a, std::string_view b, std::size_t limit) {
  const auto end = std::min({a.size(), b.size(), limit});
  std::size_t i = 0;
  while (i < end && a[i] == b[i]) ++i;
  return i;
}

std::uint64_t prefix_at(std::string_view key, std::size_t skip) {
  std::array<unsigned char, 8> raw{};
  if (key.size() > skip) std::memcpy(raw.data(), key.data() + skip, std::min<std::size_t>(8, key.size() - skip));
  std::uint64_t value = 0;
  for (const auto byte : raw) value = value << 8 | byte;
  return value;
}

/// Least significant byte first; bytes in which no two keys differ cost one look.
void radix_sort(std::vector<prefixed>& items) {
  std::array<std::array<std::uint32_t, 256>, 8> counts{};
  for (const auto& item : items) {
    for (std::size_t b = 0; b < 8; ++b) ++counts[b][item.prefix >> (8 * b) & 0xff];
  }
  std::vector<prefixed> other(items.size());
  for (std::size_t b = 0; b < 8; ++b) {
    auto& count = counts[b];
    if (count[items.front().prefix >> (8 * b) & 0xff] == items.size()) continue;
    std::uint32_t start = 0;
    for (auto& c : count) start += std::exchange(c, start);
    for (const auto& item : items) other[count[item.prefix >> (8 * b) & 0xff]++] = item;
    items.swap(other);
  }
}

}  // namespace

void state_delta::reserve(std::size_t entries, std::size_t bytes) {
  entries_.reserve(entries_.size() + entries);
  bytes_.reserve(bytes_.size() + bytes);
}

void state_delta::put(std::uint64_t hash, std::string_view key, std::string_view value) {
  constexpr std::size_t limit = std::numeric_limits<std::int32_t>::max();
  if (key.size() > limit || value.size() > limit) {
    throw error(errc::invalid_argument, "a state entry of " + std::to_string(key.size() + value.size()) +
                                            " bytes cannot be stored: keys and values are at most 2 GiB each");
  }
  const auto at = bytes_.size();
  if (sorted_ && !entries_.empty()) sorted_ = this->key(entries_.back()) < key;
  bytes_.resize(at + key.size() + value.size());
  if (!key.empty()) std::memcpy(bytes_.data() + at, key.data(), key.size());
  if (!value.empty()) std::memcpy(bytes_.data() + at + key.size(), value.data(), value.size());
  entries_.push_back({at, static_cast<std::uint32_t>(key.size()), static_cast<std::uint32_t>(value.size()), group_of(hash)});
}

void state_delta::put_whole(std::vector<column> columns, std::uint32_t value_size) {
  columns_ = std::move(columns);
  value_size_ = value_size;
}

state_delta state_delta::as_changes() const {
  state_delta out;
  for (const auto& c : columns_) {
    for (std::size_t i = 0; i < c.keys->size(); ++i) {
      out.put(0, c.keys->key(i), {c.values.data() + i * value_size_, value_size_});
      out.entries_.back().group = c.keys->groups[i];
    }
  }
  return out;
}

std::size_t state_delta::stored_bytes() const {
  constexpr std::size_t per_entry = 16;
  auto total = bytes_.size() + per_entry * entries_.size();
  for (const auto& c : columns_) total += c.values.size() + c.keys->bytes.size() + per_entry * c.keys->size();
  return total;
}

void state_delta::erase(std::uint64_t hash, std::string_view key) {
  put(hash, key, {});
  entries_.back().value_size = erased;
}

std::vector<std::uint32_t> state_delta::sorted_order() const {
  const auto n = entries_.size();
  std::vector<std::uint32_t> order(n);
  if (sorted_ || n == 0) {
    for (std::size_t i = 0; i < n; ++i) order[i] = static_cast<std::uint32_t>(i);
    return order;
  }
  const auto first = key(entries_.front());
  auto shared = first.size();
  for (const auto& e : entries_) shared = common_prefix(first, key(e), shared);
  std::vector<prefixed> items(n);
  for (std::size_t i = 0; i < n; ++i) items[i] = {prefix_at(key(entries_[i]), shared), static_cast<std::uint32_t>(i)};
  const auto by_prefix = [](const prefixed& a, const prefixed& b) { return a.prefix < b.prefix; };
  if (n < 256) {
    std::sort(items.begin(), items.end(), by_prefix);
  } else {
    radix_sort(items);
  }
  const auto by_key = [this](const prefixed& a, const prefixed& b) { return key(entries_[a.index]) < key(entries_[b.index]); };
  for (std::size_t begin = 0; begin < n;) {
    auto end = begin + 1;
    while (end < n && items[end].prefix == items[begin].prefix) ++end;
    if (end - begin > 1) {
      std::sort(items.begin() + static_cast<std::ptrdiff_t>(begin), items.begin() + static_cast<std::ptrdiff_t>(end), by_key);
    }
    begin = end;
  }
  for (std::size_t i = 0; i < n; ++i) order[i] = items[i].index;
  return order;
}

void state_delta::sort() {
  if (sorted_ || entries_.empty()) return;
  const auto order = sorted_order();
  std::vector<entry> entries(entries_.size());
  for (std::size_t i = 0; i < order.size(); ++i) entries[i] = entries_[order[i]];
  entries_ = std::move(entries);
  sorted_ = true;
}

}  // namespace flow
