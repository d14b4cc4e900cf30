#include "operators/keyed_table.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include <arrow/api.h>
#include <arrow/util/bit_util.h>

#include "libflow/src/batch/column_buffer.hpp"
#include "libflow/src/row/value_format.hpp"
#include "operators/arrow_status.hpp"

namespace flow {

using key_hash::absent;
using key_hash::present;

/// Keys as encoded rows.
struct keyed_table::encoded_keys {
  const byte_rows& rows;

  probe operator()(std::size_t i) const {
    const auto from = rows.offsets[i], to = rows.offsets[i + 1];
    if (from == to) return {{}, key_hash::of_short({}, 0, 0), nullptr, 0, 0};
    const auto* p = rows.bytes.data() + from;
    const auto size = to - from - 1;
    if (size > 16) return {{}, key_hash::of(p + 1, size, *p), p + 1, size, *p};
    const bool room = rows.bytes.size() >= from + std::size_t{17};
    const auto words = room ? key_hash::load_padded(p + 1, size) : key_hash::load_exact(p + 1, size);
    return {words, key_hash::of_short(words, *p, size), nullptr, size, *p};
  }
};

/// A STRING or BINARY column whose rows encode as marker and bytes.
struct keyed_table::text_column {
  const arrow::BinaryArray& column;
  const std::int32_t* offsets = column.raw_value_offsets();
  const std::uint8_t* data = column.value_data() ? column.value_data()->data() : nullptr;
  std::int64_t data_size = column.value_data() ? column.value_data()->size() : 0;
  bool nulls = column.null_count() != 0;

  probe operator()(std::size_t i) const {
    if (nulls && column.IsNull(static_cast<std::int64_t>(i)))
      return {{}, key_hash::of_short({}, absent, 0), nullptr, 0, absent};
    const auto from = offsets[i];
    const auto size = static_cast<std::uint32_t>(offsets[i + 1] - from);
    const auto* p = data + from;
    if (size > 16) return {{}, key_hash::of(p, size, present), p, size, present};
    const auto words = from + 16 <= data_size ? key_hash::load_padded(p, size) : key_hash::load_exact(p, size);
    return {words, key_hash::of_short(words, present, size), nullptr, size, present};
  }
};

/// A column of numbers or times.
template <class Format>
struct keyed_table::fixed_column {
  const arrow::Array& column;
  const typename Format::value* values = column.data()->GetValues<typename Format::value>(1);
  bool nulls = column.null_count() != 0;

  probe operator()(std::size_t i) const {
    if (nulls && column.IsNull(static_cast<std::int64_t>(i)))
      return {{}, key_hash::of_short({}, absent, 0), nullptr, 0, absent};
    std::uint8_t encoded[16] = {};
    Format::store(encoded, values[i]);
    const key_hash::words words{key_hash::load(encoded), key_hash::load(encoded + 8)};
    return {words, key_hash::of_short(words, present, Format::size), nullptr, Format::size, present};
  }
};

keyed_table::keyed_table() : slots_(64, free_slot) {}

template <class Keys>
void keyed_table::look_up(const Keys& keys, std::size_t count, std::vector<std::uint32_t>& ids) {
  // Wide enough that what is prefetched has come when it is wanted.
  constexpr std::size_t width = 128;
  std::array<probe, width> probes;
  std::array<std::uint32_t, width> candidates;
  inserted_.clear();
  ids.resize(count);
  for (std::size_t from = 0; from < count; from += width) {
    const auto n = std::min(width, count - from);
    const auto mask = id_mask();
    for (std::size_t j = 0; j < n; ++j) {
      probes[j] = keys(from + j);
      __builtin_prefetch(&slots_[probes[j].hash & mask]);
    }
    for (std::size_t j = 0; j < n; ++j) {
      const auto wanted = tag(probes[j].hash, mask);
      auto at = probes[j].hash & mask;
      while (slots_[at] != free_slot && (slots_[at] & ~mask) != wanted) at = (at + 1) & mask;
      candidates[j] = slots_[at];
      if (candidates[j] != free_slot) __builtin_prefetch(&entries_[candidates[j] & mask]);
    }
    for (std::size_t j = 0; j < n; ++j) {
      auto id = candidates[j] & mask;
      if (candidates[j] == free_slot || !equal(entries_[id], probes[j])) {
        id = find(probes[j]);
        if (id == none) id = insert(probes[j]);
      }
      ids[from + j] = id;
    }
  }
}

void keyed_table::find_or_insert(const byte_rows& keys, std::vector<std::uint32_t>& ids) {
  look_up(encoded_keys{keys}, keys.size(), ids);
}

bool keyed_table::find_or_insert_column(const arrow::Array& column, std::vector<std::uint32_t>& ids) {
  const auto rows = static_cast<std::size_t>(column.length());
  switch (const auto kind = row::layout_of(*column.type())) {
    case row::layout::null:
    case row::layout::boolean:
    case row::layout::structure:
    case row::layout::list:
      return false;
    case row::layout::bytes:
      look_up(text_column{static_cast<const arrow::BinaryArray&>(column)}, rows, ids);
      return true;
    default:
      row::with_fixed(kind, [&]<class Format>(Format) {
        look_up(fixed_column<Format>{column}, rows, ids);
        return 0;
      });
      return true;
  }
}

bool keyed_table::equal_long(const entry& e, const probe& p) const {
  return e.hash == p.hash && std::memcmp(arena_.data() + e.words.low, p.data, p.size) == 0;
}

std::uint32_t keyed_table::find(const probe& p) const {
  const auto mask = id_mask();
  const auto wanted = tag(p.hash, mask);
  for (auto at = p.hash & mask; slots_[at] != free_slot; at = (at + 1) & mask) {
    const auto id = slots_[at] & mask;
    if ((slots_[at] & ~mask) == wanted && equal(entries_[id], p)) return id;
  }
  return none;
}

std::uint32_t keyed_table::find(std::string_view key) const {
  byte_rows one;
  one.bytes.assign(key.begin(), key.end());
  one.offsets.push_back(static_cast<std::uint32_t>(key.size()));
  return find(encoded_keys{one}(0));
}

std::uint32_t keyed_table::insert(const probe& p) {
  if (free_.empty() && (entries_.size() + 1) * 2 > slots_.size()) grow();
  auto words = p.words;
  if (p.size > 16) {
    words = {arena_.size(), 0};
    arena_.insert(arena_.end(), p.data, p.data + p.size);
  }
  std::uint32_t id;
  if (free_.empty()) {
    id = static_cast<std::uint32_t>(entries_.size());
    entries_.push_back({words, p.hash, p.size, p.first});
  } else {
    id = free_.back();
    free_.pop_back();
    entries_[id] = {words, p.hash, p.size, p.first};
  }
  place(id);
  inserted_.push_back(id);
  return id;
}

void keyed_table::place(std::uint32_t id) {
  const auto mask = id_mask();
  const auto hash = entries_[id].hash;
  auto at = hash & mask;
  while (slots_[at] != free_slot) at = (at + 1) & mask;
  slots_[at] = tag(hash, mask) | id;
}

void keyed_table::grow() {
  slots_.assign(slots_.size() * 2, free_slot);
  for (std::uint32_t id = 0; id < entries_.size(); ++id) {
    if (holds(id)) place(id);
  }
}

/// Closes the gap behind a removed slot, so that probing never needs tombstones.
void keyed_table::remove_slot(std::uint32_t id) {
  const std::size_t mask = id_mask();
  auto gap = entries_[id].hash & mask;
  while ((slots_[gap] & mask) != id || slots_[gap] == free_slot) gap = (gap + 1) & mask;
  for (auto at = (gap + 1) & mask; slots_[at] != free_slot; at = (at + 1) & mask) {
    const auto home = entries_[slots_[at] & mask].hash & mask;
    if (((at - home) & mask) < ((at - gap) & mask)) continue;
    slots_[gap] = slots_[at];
    gap = at;
  }
  slots_[gap] = free_slot;
}

void keyed_table::erase(std::span<const std::uint32_t> ids) {
  for (const auto id : ids) {
    remove_slot(id);
    if (entries_[id].size > 16) dead_bytes_ += entries_[id].size;
    entries_[id] = {{}, 0, 0, unused};
    free_.push_back(id);
  }
  if (dead_bytes_ > (1u << 20) && dead_bytes_ * 2 > arena_.size()) compact_arena();
}

void keyed_table::compact_arena() {
  std::vector<std::uint8_t> packed;
  packed.reserve(arena_.size() - dead_bytes_);
  for (auto& e : entries_) {
    if (e.first == unused || e.size <= 16) continue;
    const auto* p = arena_.data() + e.words.low;
    e.words.low = packed.size();
    packed.insert(packed.end(), p, p + e.size);
  }
  arena_ = std::move(packed);
  dead_bytes_ = 0;
}

void keyed_table::clear() {
  // A table that once was large should not cost its size at every flush of a few keys.
  if (entries_.size() * 16 < slots_.size()) {
    for (std::uint32_t id = 0; id < entries_.size(); ++id) {
      if (holds(id)) remove_slot(id);
    }
  } else {
    std::fill(slots_.begin(), slots_.end(), free_slot);
  }
  entries_.clear();
  arena_.clear();
  free_.clear();
  inserted_.clear();
  dead_bytes_ = 0;
}

namespace {

/// The bytes of a key held in two words.
void copy_words(const key_hash::words& words, std::uint8_t* out, std::uint32_t size) {
  std::uint64_t parts[2] = {words.low, words.high};
  if constexpr (std::endian::native == std::endian::big) {
    parts[0] = __builtin_bswap64(parts[0]);
    parts[1] = __builtin_bswap64(parts[1]);
  }
  std::memcpy(out, parts, size);
}

}  // namespace

void keyed_table::append_key(std::uint32_t id, byte_rows& out) const {
  const auto& e = entries_[id];
  if (e.first != 0) {
    const auto at = out.bytes.size();
    out.bytes.resize(at + 1 + e.size);
    out.bytes[at] = e.first;
    if (e.size > 16)
      std::memcpy(out.bytes.data() + at + 1, arena_.data() + e.words.low, e.size);
    else if (e.size > 0)
      copy_words(e.words, out.bytes.data() + at + 1, e.size);
  }
  out.offsets.push_back(static_cast<std::uint32_t>(out.bytes.size()));
}

array keyed_table::text_keys(const data_type& type, std::span<const std::uint32_t> ids) const {
  std::int64_t total = 0, nulls = 0;
  for (const auto id : ids) {
    total += entries_[id].size;
    nulls += entries_[id].first == absent ? 1 : 0;
  }
  constexpr std::int64_t slack = 16;  // Short keys are written as two words.
  const auto rows = static_cast<std::int64_t>(ids.size());
  auto offsets = allocate((rows + 1) * 4);
  auto bytes = allocate(total, slack);
  auto* const ends = reinterpret_cast<std::int32_t*>(offsets->mutable_data());
  auto* const first = bytes->mutable_data();
  auto* to = first;
  ends[0] = 0;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto& e = entries_[ids[i]];
    if (e.size > 16) {
      std::memcpy(to, arena_.data() + e.words.low, e.size);
    } else {
      copy_words(e.words, to, 16);
    }
    to += e.size;
    ends[i + 1] = static_cast<std::int32_t>(to - first);
  }
  std::shared_ptr<arrow::Buffer> valid;
  if (nulls > 0) {
    valid = expect_value(arrow::AllocateBitmap(rows), "the keys of a group by");
    for (std::int64_t i = 0; i < rows; ++i)
      arrow::bit_util::SetBitTo(valid->mutable_data(), i, entries_[ids[static_cast<std::size_t>(i)]].first != absent);
  }
  return arrow::MakeArray(arrow::ArrayData::Make(type, rows, {std::move(valid), std::move(offsets), std::move(bytes)}, nulls));
}

std::size_t keyed_table::bytes() const {
  return slots_.capacity() * sizeof(slots_[0]) + entries_.capacity() * sizeof(entry) + arena_.capacity();
}

}  // namespace flow
