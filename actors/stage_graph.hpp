#pragma once

#include <cstdint>
#include <vector>

#include "flow/physical_plan.hpp"

namespace flow {

/// The plan as instances and the edges between them. A plain value, computed once per start.
class stage_graph {
 public:
  /// The receiving end of an edge.
  struct target {
    std::uint32_t stage = 0;  ///< Position in the plan; stage_count() is the sink.
    std::uint32_t instance = 0;
    std::uint32_t edge = 0;  ///< Which of the receiver's inputs.
  };
  /// How one instance sends to one later stage.
  struct output {
    exchange_kind kind = exchange_kind::forward;
    std::vector<int> keys;
    std::vector<target> targets;  ///< One for forward and gather.
    bool carries_rows =
        true;  ///< False where only watermarks and barriers go, to a receiver that forward leaves without sender.
  };
  /// The sending end of an edge.
  struct origin {
    std::uint32_t stage = 0;
    std::uint32_t instance = 0;
    int port = 0;
  };
  struct node {
    std::vector<output> outputs;
    std::vector<origin> inputs;
  };

  /// reader_counts[s]: what plan.sources[s] wants (source::reader_count()).
  /// @throws error{illegal_state} for a plan whose stages are not in order or share a source.
  stage_graph(const physical_plan& plan, const std::vector<int>& reader_counts, int parallelism);

  std::size_t stage_count() const { return nodes_.size() - 1; }
  /// Instances of a stage; 1 for the sink.
  std::uint32_t instances(std::size_t stage) const { return static_cast<std::uint32_t>(nodes_[stage].size()); }
  const node& at(std::size_t stage, std::size_t instance) const { return nodes_[stage][instance]; }
  const node& sink() const { return nodes_.back().front(); }
  /// All edges together.
  std::size_t edge_count() const;
  /// Position of an instance among all of them, stage by stage; the sink is the last.
  std::size_t participant(std::size_t stage, std::size_t instance) const;
  std::size_t participants() const { return participant(stage_count(), 0) + 1; }
  /// The watermark nodes whose event times pass through the stage: its own and those of the stages before.
  const std::vector<int>& watermark_nodes(std::size_t stage) const { return watermark_nodes_[stage]; }

 private:
  void connect(std::size_t from, std::size_t to, const stage_input& how);

  std::vector<std::vector<node>> nodes_;  ///< [stage][instance]; the last is the sink.
  std::vector<std::vector<int>> watermark_nodes_;
};

/// The watermark nodes among a stage's own operators.
std::vector<int> own_watermark_nodes(const physical_stage& stage);

}  // namespace flow
