#pragma once

#include <vector>

#include "flow/physical_plan.hpp"
#include "flow/time.hpp"

namespace flow {

/// Micro-batch mode: the query's watermark, which moves only between epochs. Source: Spark's WatermarkTracker.
class epoch_watermarks {
 public:
  epoch_watermarks(std::vector<watermark_spec> nodes, watermark_policy policy)
      : specs_(std::move(nodes)), nodes_(specs_.size()), policy_(policy) {}

  /// What the checkpoint holds; `nodes` may be shorter than the plan's.
  void restore(const std::vector<watermark>& nodes, const watermark& global);
  /// An instance of node `node` has seen event times up to `greatest` in the epoch just run.
  void observe(int node, timestamp greatest);
  /// After all observations of an epoch: the watermark the next one uses. True if it moved.
  bool advance();

  /// Least (or greatest) over the nodes; unset while a node is unset (min) or all are (max), and until it passes 1970.
  const watermark& global() const { return global_; }
  const std::vector<watermark>& nodes() const { return nodes_; }

 private:
  std::vector<watermark_spec> specs_;
  std::vector<watermark> nodes_;
  watermark_policy policy_;
  watermark global_;
};

}  // namespace flow
