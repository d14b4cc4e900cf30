#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "actors/failure_report.hpp"
#include "actors/protocols.hpp"
#include "actors/stage_line.hpp"

namespace flow {

/// Whom a line talks to.
struct stage_peers {
  query_handle query;
  checkpoint_handle checkpoint;
  std::vector<item_receiver> receivers;  ///< By output slot of the line; null where the edge stays in it.
  std::vector<std::uint32_t> edges;      ///< The receiver's input edge, by output slot.
};

/// How the line of `self` speaks: items that leave it go to their receivers, what has been done to checkpoint and coordinator.
/// `self` and `peers` outlive it.
template <class Actor>
stage_line::listener speak_for(Actor* self, const stage_peers& peers) {
  return {
      [self, &peers](std::uint32_t slot, stream_item item) {
        self->send(peers.receivers[slot], item_message{peers.edges[slot], slot, std::move(item)});
      },
      [self, &peers](std::size_t participant, const barrier& mark, std::shared_ptr<const stage_report> report) {
        if (!report->deltas.empty()) self->send(peers.checkpoint, delta_message{mark.number, report});
        stage_done_message done{participant, mark.number, std::move(report), {}, {}};
        self->complete(done);
        self->send(peers.query, std::move(done));
      },
      [self, &peers](prepared_epoch done) { self->send(peers.query, sink_done_message{std::move(done)}); },
  };
}

/// The line's end, with that of `self`.
template <class Actor>
void end_line(Actor* self, std::optional<stage_line>& line, const stage_peers& peers) {
  try {
    if (line) line->close();
  } catch (...) {
    self->send(peers.query, failed_message{as_error(std::current_exception())});
  }
  line.reset();
}

}  // namespace flow
