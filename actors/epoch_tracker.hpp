#pragma once

#include <cstddef>
#include <vector>

#include "flow/epoch.hpp"

namespace flow {

/// Where the epoch under way stands: who has acknowledged its barrier, and whether it may be committed. One epoch at a time.
class epoch_tracker {
 public:
  enum class phase {
    quiet,      ///< No epoch under way.
    running,    ///< Barrier n is on its way through the graph.
    complete,   ///< Every participant has acknowledged: the epoch may be committed.
    committed,  ///< Durable in the checkpoint; the sink has yet to publish it.
  };

  /// `participants`: stage instances and the sink. `last`: the newest committed epoch.
  epoch_tracker(std::size_t participants, epoch last) : acknowledged_(participants, false), last_(last) {}

  phase where() const noexcept { return phase_; }
  /// The newest published epoch.
  epoch last() const noexcept { return last_; }
  /// The epoch under way; only while not quiet.
  epoch current() const noexcept { return last_.next(); }

  /// Starts epoch last().next(). @throws error{illegal_state} while another is under way.
  epoch begin();
  /// Participant `who` has done all of epoch `n`. True if it was the last one: the moment of decision.
  /// @throws error{illegal_state} for another epoch or a second acknowledgement.
  bool acknowledge(std::size_t who, epoch n);
  /// The checkpoint holds the epoch.
  void committed();
  /// The sink shows its rows.
  void published();

 private:
  void expect(phase expected, const char* what) const;

  std::vector<bool> acknowledged_;
  std::size_t count_ = 0;
  epoch last_;
  phase phase_ = phase::quiet;
};

}  // namespace flow
