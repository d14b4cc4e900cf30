#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

#include "flow/epoch.hpp"

namespace flow {

/// Where the epochs under way stand: who has acknowledged the newest one's barrier, and which may be committed. At most two at
/// a time: one is computed while the one before is made durable and visible.
class epoch_tracker {
 public:
  enum class phase {
    running,     ///< Its barrier is on its way through the graph.
    complete,    ///< Every participant has acknowledged: it may be committed once the epoch before is published.
    committing,  ///< On its way into the checkpoint.
    committed,   ///< Durable in the checkpoint; the sink has yet to publish it.
  };

  /// `participants`: stage instances and the sink. `last`: the newest committed epoch.
  epoch_tracker(std::size_t participants, epoch last) : acknowledged_(participants, false), last_(last) {}

  /// The newest published epoch.
  epoch last() const noexcept { return last_; }
  /// The newest epoch begun; last() if none is under way.
  epoch newest() const noexcept { return {last_.value + phases_.size()}; }
  /// No epoch is under way.
  bool quiet() const noexcept { return phases_.empty(); }
  /// The newest epoch has not been acknowledged by all.
  bool running() const noexcept { return !quiet() && phases_.back() == phase::running; }
  /// Whether another epoch may begin: none is running, and the one before the newest has been published.
  bool may_begin() const noexcept { return phases_.size() < most_under_way && !running(); }

  /// Starts epoch newest().next(). @throws error{illegal_state} if none may begin.
  epoch begin();
  /// Participant `who` has done all of epoch `n`. True if it was the last one: the moment of decision.
  /// @throws error{illegal_state} for another epoch than the running one or a second acknowledgement.
  bool acknowledge(std::size_t who, epoch n);
  /// The epoch that is to be committed next, if it is complete.
  std::optional<epoch> committable() const;
  /// The epoch has been handed to the checkpoint; the checkpoint holds it; the sink shows its rows.
  /// @throws error{illegal_state} out of this order, or for another epoch than the oldest under way.
  void committing(epoch n) { advance(n, phase::complete, phase::committing, "handing it to the checkpoint"); }
  void committed(epoch n) { advance(n, phase::committing, phase::committed, "a commit"); }
  void published(epoch n);

 private:
  static constexpr std::size_t most_under_way = 2;

  void advance(epoch n, phase from, phase to, const char* what);

  std::vector<bool> acknowledged_;  ///< Of the newest epoch.
  std::size_t count_ = 0;
  epoch last_;
  std::deque<phase> phases_;  ///< Of the epochs after last_.
};

}  // namespace flow
