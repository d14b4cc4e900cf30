#pragma once

#include <exception>
#include <iostream>
#include <string>
#include <utility>

namespace recovery {

/// Counts outcomes, and prints of each failure what repeats it.
class tally {
 public:
  /// `self`: the command that runs these rounds, without what selects one.
  explicit tally(std::string self) : self_(std::move(self)) {}

  /// Runs a round; its failures of any kind are one of ours. How often it was killed at its step.
  template <class Round, class Run>
  int check(Round& r, const std::string& again, const Run& run) {
    std::string wrong;
    try {
      wrong = run();
    } catch (const std::exception& e) {
      wrong = e.what();
    }
    note(wrong, r.history(), again);
    return r.reached();
  }
  /// `wrong` is "" for a round that went well; `again` are the options that select it.
  void note(const std::string& wrong, const std::string& history, const std::string& again) {
    if (wrong.empty()) {
      ++passed_;
      return;
    }
    ++failed_;
    std::cout << "FAIL: " << wrong << "\n" << history << "again: " << self_ << again << " --keep\n" << std::flush;
  }
  int passed() const { return passed_; }
  int failed() const { return failed_; }

 private:
  std::string self_;
  int passed_ = 0, failed_ = 0;
};

}  // namespace recovery
