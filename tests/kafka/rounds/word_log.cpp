#include "word_log.hpp"

#include <array>

#include <nlohmann/json.hpp>

namespace recovery {

namespace {

constexpr std::array vocabulary{"spark", "flink", "storm", "samza", "beam", "heron", "apex"};

/// "p1.17 ..." -> {1, 17}.
std::pair<int, int> place_of(const std::string& value) {
  const auto dot = value.find('.');
  return {std::stoi(value.substr(1, dot - 1)), std::stoi(value.substr(dot + 1))};
}

std::string at(const flow::test::record& where) {
  return " (partition " + std::to_string(where.partition) + ", offset " + std::to_string(where.offset) + ")";
}

}  // namespace

word_log::word_log(std::uint64_t seed, int partitions) : random_(seed), places_(static_cast<std::size_t>(partitions), 0) {}

std::vector<flow::test::record> word_log::next(int count) {
  std::vector<flow::test::record> made;
  for (int i = 0; i < count; ++i) {
    const auto partition = random_() % places_.size();
    auto value = "p" + std::to_string(partition) + "." + std::to_string(places_[partition]++);
    ++counts_[value];
    for (auto words = random_() % 4; words > 0; --words) {
      const std::string word = vocabulary[random_() % vocabulary.size()];
      ++counts_[word];
      value += " " + word;
    }
    const auto key = "key-" + std::to_string(random_() % 20);
    keys_[value] = key;
    made.push_back({.value = value, .key = key, .partition = static_cast<int>(partition)});
  }
  made_ += count;
  return made;
}

std::string word_log::check_copies(const std::vector<flow::test::record>& output, bool repeats) const {
  std::map<std::string, int> seen;
  std::map<std::pair<int, int>, int> last;  // By partition read and partition written.
  for (const auto& each : output) {
    const auto expected = keys_.find(each.value);
    if (expected == keys_.end()) return "a record that was never in the input: " + each.value + at(each);
    if (each.key != expected->second) return "another key at " + each.value + at(each);
    if (++seen[each.value] > 1 && !repeats) return "twice: " + each.value + at(each);
    const auto [partition, place] = place_of(each.value);
    auto& before = last.try_emplace({partition, each.partition}, -1).first->second;
    if (place < before && !repeats) return "out of order: " + each.value + " after place " + std::to_string(before) + at(each);
    before = place;
  }
  for (const auto& [value, key] : keys_) {
    if (!seen.contains(value)) return "missing: " + value + " (" + std::to_string(keys_.size() - seen.size()) + " in all)";
  }
  return "";
}

std::string word_log::check_counts(const std::vector<flow::test::record>& output, bool repeats) const {
  std::map<std::string, std::int64_t> last;
  for (const auto& each : output) {
    const auto row = nlohmann::json::parse(each.value);
    const auto word = row.at("word").get<std::string>();
    const auto count = row.at("count").get<std::int64_t>();
    if (each.key != word) return "key and word differ: " + each.value + at(each);
    auto& before = last[word];
    if (count <= before && !repeats) return "after " + std::to_string(before) + " came " + each.value + at(each);
    before = count;
  }
  for (const auto& [word, count] : counts_) {
    const auto got = last.find(word);
    if (got == last.end()) return "missing: " + word;
    if (got->second != count) return word + " is " + std::to_string(got->second) + ", expected " + std::to_string(count);
  }
  return last.size() == counts_.size() ? "" : "words that were never in the input";
}

}  // namespace recovery
