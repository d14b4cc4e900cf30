#include "actors/outbox.hpp"

#include <algorithm>

#include <arrow/api.h>

namespace flow {

outbox::outbox(const std::vector<stage_graph::output>& outputs, const schema_ptr& schema, std::uint32_t window,
               const std::vector<bool>& at_once, transmitter transmit)
    : transmit_(std::move(transmit)) {
  for (const auto& out : outputs) {
    const auto count = static_cast<std::uint32_t>(out.targets.size());
    auto& to = routes_.emplace_back(route{out.kind, out.carries_rows, static_cast<std::uint32_t>(edges_.size()), count, {}});
    if (out.kind == exchange_kind::hash && count > 1) to.partitioner.emplace(schema, out.keys, count);
    edges_.resize(edges_.size() + count, edge{credit_window(window), {}, false});
  }
  for (std::size_t slot = 0; slot < std::min(at_once.size(), edges_.size()); ++slot) edges_[slot].at_once = at_once[slot];
}

void outbox::emit(batch rows) {
  if (!rows || rows->num_rows() == 0) return;
  rows_ += rows->num_rows();
  for (const auto& to : routes_) {
    if (!to.carries_rows) continue;
    if (to.partitioner) {
      auto parts = to.partitioner->split(rows);
      for (std::uint32_t i = 0; i < to.targets; ++i) {
        if (parts[i]) send(to.first_slot + i, std::move(parts[i]));
      }
    } else {
      for (std::uint32_t i = 0; i < to.targets; ++i) send(to.first_slot + i, rows);
    }
  }
}

void outbox::tell(const stream_item& item) {
  for (std::uint32_t slot = 0; slot < edges_.size(); ++slot) send(slot, item);
}

void outbox::send(std::uint32_t slot, stream_item item) {
  if (edges_[slot].at_once) return transmit_(slot, std::move(item));
  edges_[slot].waiting.push_back(std::move(item));
  ++held_;
  flush(slot);
}

void outbox::grant(std::uint32_t slot, std::uint32_t batches) {
  edges_[slot].credit.grant(batches);
  flush(slot);
}

void outbox::flush(std::uint32_t slot) {
  auto& to = edges_[slot];
  while (!to.waiting.empty()) {
    if (std::holds_alternative<batch>(to.waiting.front())) {
      if (!to.credit.open()) return;
      to.credit.spend();
    }
    auto item = std::move(to.waiting.front());
    to.waiting.pop_front();
    --held_;
    transmit_(slot, std::move(item));
  }
}

}  // namespace flow
