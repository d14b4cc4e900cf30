#include "actors/epoch_tracker.hpp"

#include <string>

#include "flow/error.hpp"

namespace flow {

void epoch_tracker::expect(phase expected, const char* what) const {
  if (phase_ == expected) return;
  throw error(errc::illegal_state, std::string(what) + " does not fit the state of epoch " + std::to_string(current().value));
}

epoch epoch_tracker::begin() {
  expect(phase::quiet, "beginning an epoch");
  phase_ = phase::running;
  count_ = 0;
  acknowledged_.assign(acknowledged_.size(), false);
  return current();
}

bool epoch_tracker::acknowledge(std::size_t who, epoch n) {
  expect(phase::running, "an acknowledgement");
  if (n != current() || acknowledged_[who]) {
    throw error(errc::illegal_state, "participant " + std::to_string(who) + " acknowledged epoch " + std::to_string(n.value) +
                                         " while epoch " + std::to_string(current().value) + " is under way");
  }
  acknowledged_[who] = true;
  if (++count_ < acknowledged_.size()) return false;
  phase_ = phase::complete;
  return true;
}

void epoch_tracker::committed() {
  expect(phase::complete, "a commit");
  phase_ = phase::committed;
}

void epoch_tracker::published() {
  expect(phase::committed, "publishing");
  phase_ = phase::quiet;
  last_ = last_.next();
}

}  // namespace flow
