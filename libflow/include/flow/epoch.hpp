#pragma once

#include <compare>
#include <cstdint>

namespace flow {

/// The unit of recovery: one barrier through the whole graph. The first epoch of a query is 1 in LMDB and in
/// progress reports' arithmetic; 0 means "nothing committed yet". Spark's batchId is `value - 1`.
struct epoch {
  std::uint64_t value = 0;

  friend auto operator<=>(const epoch&, const epoch&) = default;
  constexpr epoch next() const { return {value + 1}; }
  /// Spark's name of this epoch: batch ids start at 0. Given to `foreach_batch` and progress.
  constexpr std::int64_t batch_id() const { return static_cast<std::int64_t>(value) - 1; }
};

/// Keys are hashed once into this many groups; an operator instance owns a contiguous range of them, so that a
/// checkpoint restores at any parallelism up to this number. Source: Flink's key groups.
inline constexpr std::uint32_t key_group_count = 1024;

/// One of `key_group_count` slices of the key space.
struct key_group {
  std::uint16_t value = 0;

  friend auto operator<=>(const key_group&, const key_group&) = default;
};

/// A key's group, from the 64-bit hash of its encoded bytes (see row_codec.hpp).
constexpr key_group group_of(std::uint64_t hash) { return {static_cast<std::uint16_t>(hash >> 54)}; }

/// The operator instance, of `parallelism`, that owns `group`.
constexpr std::uint32_t owner_of(key_group group, std::uint32_t parallelism) {
  return group.value * parallelism / key_group_count;
}

}  // namespace flow
