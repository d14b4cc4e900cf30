#pragma once

#include <cstddef>
#include <vector>

#include "actors/stage_graph.hpp"

namespace flow {

/// Which instances share an actor. One that is the only instance of its stage, behind a single instance of another, gains
/// nothing from an actor of its own: it would only wait for what that one sends. So it is driven by its sender's actor, without
/// messages between them; barriers, watermarks and snapshots stay those of two instances.
class actor_layout {
 public:
  /// `joins[stage]`: whether the stage may be driven by another's actor; the last entry is the sink's.
  actor_layout(const stage_graph& graph, const std::vector<bool>& joins);

  /// The participant whose actor drives participant `who`; itself, if it has its own.
  std::size_t host(std::size_t who) const { return hosts_[who]; }
  /// The participants that the actor of `host` drives, senders before receivers, `host` first.
  std::vector<std::size_t> driven_by(std::size_t host) const;

 private:
  std::vector<std::size_t> hosts_;
};

/// Where each half of an operator is the only instance of its stage, a whole one does the work of both in one pass: a row that
/// comes alone is handed on once instead of twice. Micro-batches are large: for them the halves are the quicker, which touch a
/// group's marks once per epoch.
void join_halves(physical_plan& plan, const stage_graph& graph);

}  // namespace flow
