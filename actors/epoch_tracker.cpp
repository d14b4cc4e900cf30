#include "actors/epoch_tracker.hpp"

#include <string>

#include "flow/error.hpp"

namespace flow {

epoch epoch_tracker::begin() {
  if (!may_begin()) {
    throw error(errc::illegal_state, "epoch " + std::to_string(newest().next().value) + " cannot begin while epoch " +
                                         std::to_string(newest().value) + " is under way");
  }
  phases_.push_back(phase::running);
  count_ = 0;
  acknowledged_.assign(acknowledged_.size(), false);
  return newest();
}

bool epoch_tracker::acknowledge(std::size_t who, epoch n) {
  if (!running() || n != newest() || acknowledged_[who]) {
    throw error(errc::illegal_state, "participant " + std::to_string(who) + " acknowledged epoch " + std::to_string(n.value) +
                                         ", which does not fit: the newest epoch is " + std::to_string(newest().value));
  }
  acknowledged_[who] = true;
  if (++count_ < acknowledged_.size()) return false;
  phases_.back() = phase::complete;
  return true;
}

std::optional<epoch> epoch_tracker::committable() const {
  if (quiet() || phases_.front() != phase::complete) return std::nullopt;
  return last_.next();
}

void epoch_tracker::advance(epoch n, phase from, phase to, const char* what) {
  if (quiet() || n != last_.next() || phases_.front() != from) {
    throw error(errc::illegal_state, std::string(what) + " does not fit the state of epoch " + std::to_string(n.value));
  }
  phases_.front() = to;
}

void epoch_tracker::published(epoch n) {
  advance(n, phase::committed, phase::committed, "publishing");
  phases_.pop_front();
  last_ = n;
}

}  // namespace flow
