#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <variant>
#include <vector>

#include "actors/barrier_aligner.hpp"
#include "actors/credit_window.hpp"
#include "actors/watermark_tracker.hpp"
#include "flow/batch.hpp"
#include "flow/epoch.hpp"

namespace flow {

/// The end of an epoch, travelling behind its last rows.
struct barrier {
  epoch number;
  watermark passed;      ///< Micro-batch: the epoch's watermark. Continuous: unset, watermarks travel on their own.
  bool settled = false;  ///< Continuous: all that was there to read has been read, so event time waits for nobody.
};

/// What travels on an edge, in order: rows (need credit), watermarks and barriers (need none).
using stream_item = std::variant<batch, watermark_update, barrier>;

/// What has come to an actor and has not been worked on: a queue per edge, bounded by the credit granted. Gives items out in
/// turn over the edges, except those blocked by alignment, and an epoch's barrier once, when every edge has delivered it.
class inbox {
 public:
  inbox(std::size_t edges, std::uint32_t window);

  struct arrival {
    std::uint32_t edge = 0;
    stream_item item;
    std::uint32_t credit = 0;  ///< To be granted to the edge's sender now.
  };

  void put(std::uint32_t edge, stream_item item);
  /// The next item to work on, or nothing.
  std::optional<arrival> take();
  bool empty() const noexcept { return waiting_ == 0; }
  /// Items held.
  std::size_t size() const noexcept { return waiting_; }

 private:
  struct queue {
    std::deque<stream_item> items;
    credit_return credit;
  };

  std::vector<queue> edges_;
  barrier_aligner aligner_;
  std::size_t next_ = 0;
  std::size_t waiting_ = 0;
};

}  // namespace flow
