#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "flow/physical_plan.hpp"
#include "flow/time.hpp"

namespace flow {

/// The watermark that event times up to `greatest` allow: less the delay, cut to whole milliseconds.
timestamp watermark_behind(timestamp greatest, duration delay);

/// Where every watermark starts, as in Spark: rows at or before 1970 are late from the first, and nothing earlier moves it.
inline constexpr timestamp first_watermark{0};

/// News about one with_watermark node on one edge, in band.
struct watermark_update {
  int node = 0;
  watermark value;
  bool idle = false;  ///< The sender has had no rows for a while: it does not hold the others back.

  friend bool operator==(const watermark_update&, const watermark_update&) = default;
};

/// Continuous mode: merges in-band watermarks. Each input tells about some nodes; a node's watermark is the least over its
/// inputs that are not idle (the greatest if all are); the combined one follows the policy over the nodes. Neither ever falls.
class watermark_tracker {
 public:
  /// nodes_of[i]: the nodes input i tells about. An instance's own observations count as an input too.
  watermark_tracker(std::vector<std::vector<int>> nodes_of, watermark_policy policy);

  /// What a checkpoint says: the node's watermark, from which it goes on.
  void restore(int node, const watermark& value);
  void restore_combined(const watermark& value) { combined_ = value; }

  /// Takes in news from `input`.
  void update(std::size_t input, const watermark_update& news);

  watermark node(int node) const;
  bool idle(int node) const;
  /// The watermark of rows after all inputs: least (or greatest) over the nodes; unset while a node that is not idle is unset
  /// (min).
  const watermark& combined() const { return combined_; }
  /// Per node what has changed since the last call: what to tell the next actors.
  std::vector<watermark_update> changes();

 private:
  struct input {
    std::size_t id = 0;
    watermark value;
    bool idle = false;
  };
  struct merged {
    int node = 0;
    watermark value;
    bool idle = false;
    std::vector<input> inputs;
    watermark_update told;
  };

  merged& find(int node);
  const merged* find(int node) const;
  static void merge(merged& into);
  void combine();

  std::vector<merged> nodes_;
  watermark_policy policy_;
  watermark combined_;
};

}  // namespace flow
