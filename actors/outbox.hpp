#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "actors/credit_window.hpp"
#include "actors/inbox.hpp"
#include "actors/stage_graph.hpp"
#include "flow/operator_factory.hpp"

namespace flow {

/// What an instance has made and not yet sent: routes rows to the edges of its exchanges and holds back what has no credit. Its
/// owner takes no further input until it is drained, so it never holds more than what one input makes.
class outbox : public emitter {
 public:
  /// Sends an item on the edge at `slot`.
  using transmitter = std::function<void(std::uint32_t slot, stream_item item)>;

  /// Slots number the targets of all outputs in order. `schema` is that of the rows. `at_once[slot]`: the transmitter takes
  /// items there in full, so that they need no credit; may be shorter than there are slots.
  outbox(const std::vector<stage_graph::output>& outputs, const schema_ptr& schema, std::uint32_t window,
         const std::vector<bool>& at_once, transmitter transmit);

  /// Rows for every output, as its exchange says.
  void emit(batch rows) override;
  /// A watermark or a barrier, for every target, behind the rows emitted before.
  void tell(const stream_item& item);
  /// The receiver at `slot` has room for `batches` more.
  void grant(std::uint32_t slot, std::uint32_t batches);
  /// Nothing is held back.
  bool drained() const noexcept { return held_ == 0; }
  /// Items held back.
  std::size_t held() const noexcept { return held_; }
  std::int64_t rows_emitted() const noexcept { return rows_; }

 private:
  struct edge {
    credit_window credit;
    std::deque<stream_item> waiting;
    bool at_once = false;
  };
  struct route {
    exchange_kind kind;
    bool carries_rows;
    std::uint32_t first_slot;
    std::uint32_t targets;
    std::optional<row_partitioner> partitioner;
  };

  void send(std::uint32_t slot, stream_item item);
  void flush(std::uint32_t slot);

  std::vector<route> routes_;
  std::vector<edge> edges_;
  transmitter transmit_;
  std::size_t held_ = 0;
  std::int64_t rows_ = 0;
};

}  // namespace flow
