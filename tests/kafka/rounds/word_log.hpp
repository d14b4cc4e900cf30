#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "kafka_probe.hpp"

namespace recovery {

/// Records for the input topic, the same for the same seed, and what must come of them. A value is words: first one that no
/// other record has, which says partition and place ("p1.17"), then some of a small vocabulary.
class word_log {
 public:
  word_log(std::uint64_t seed, int partitions);

  std::vector<flow::test::record> next(int count);
  int records() const { return made_; }

  /// What is wrong with the records of the output topic as a read_committed reader finds them, or "". With `repeats`
  /// (at-least-once) records may come again, but none may be missing.
  std::string check_copies(const std::vector<flow::test::record>& output, bool repeats) const;
  std::string check_counts(const std::vector<flow::test::record>& output, bool repeats) const;

 private:
  std::mt19937_64 random_;
  std::vector<int> places_;                     ///< By partition: records so far.
  std::map<std::string, std::string> keys_;     ///< By value.
  std::map<std::string, std::int64_t> counts_;  ///< By word.
  int made_ = 0;
};

}  // namespace recovery
