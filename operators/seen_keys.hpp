#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "flow/row_codec.hpp"
#include "flow/state.hpp"
#include "flow/stream_operator.hpp"

namespace flow {

/// When a key that was seen is forgotten, and with it how it lies in state.
enum class forgetting {
  never,          ///< key -> nothing
  by_key_time,    ///< The key has its time in it: time key -> nothing
  by_first_time,  ///< Its first row gave the time: 'k' key -> time, and 't' time key -> nothing, to find what has passed.
};

/// A key's time that never passes.
inline constexpr std::int64_t no_end = std::numeric_limits<std::int64_t>::max();

/// The keys that deduplication has seen. A key is there until its time is at or before the watermark.
class seen_keys {
 public:
  virtual ~seen_keys() = default;

  virtual void restore(const state_view& view) = 0;
  /// Leaves in `rows` those whose key was not there, the first of each, and adds them. `times` go with keys, and are empty for
  /// forgetting::never.
  virtual void add(const byte_rows& keys, std::span<const std::int64_t> times, std::vector<std::int32_t>& rows) = 0;
  /// Forgets keys whose time is at or before `mark`.
  virtual void forget(std::int64_t mark) = 0;
  virtual void snapshot(state_delta& changed) = 0;
  /// rows_total, rows_updated, rows_removed and memory_bytes.
  virtual operator_metrics metrics() const = 0;
  /// Starts the counts of an epoch.
  virtual void begin_epoch() = 0;
};

/// All keys in RAM, or in the state view behind a cache of about `cache_bytes`.
std::unique_ptr<seen_keys> make_seen_keys(forgetting how, state_store_kind where, std::size_t cache_bytes);

}  // namespace flow
