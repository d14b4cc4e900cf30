#pragma once

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "flow/error.hpp"

namespace flow::testing {

/// Well-formed texts, damaged: bytes flipped, cut out, doubled, swapped for others that mean something to the reader.
class mutator {
 public:
  mutator(std::vector<std::string> texts, std::vector<std::string> words)
      : texts_(std::move(texts)), words_(std::move(words)) {}

  std::string next(std::mt19937_64& random) const {
    auto text = texts_[random() % texts_.size()];
    for (auto left = 1 + random() % 6; left > 0; --left) damage(text, random);
    return text;
  }

 private:
  void damage(std::string& text, std::mt19937_64& random) const {
    const auto at = random() % (text.size() + 1);
    const auto length = std::min<std::size_t>(random() % 12, text.size() - at);
    switch (random() % 7) {
      case 0:
        if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << (random() % 8)));
        return;
      case 1:
        text.erase(at, length);
        return;
      case 2:
        text.insert(at, text.substr(random() % (text.size() + 1), length + 1));
        return;
      case 3:
        text.insert(at, words_[random() % words_.size()]);
        return;
      case 4:
        if (at < text.size()) text[at] = static_cast<char>(random());
        return;
      case 5:
        text.insert(at, std::string(1 + random() % 300, text.empty() ? '(' : text[random() % text.size()]));
        return;
      default: {
        const auto& other = texts_[random() % texts_.size()];
        text += other.substr(random() % (other.size() + 1));
      }
    }
  }

  std::vector<std::string> texts_, words_;
};

/// Feeds damaged inputs to `read`, which may throw flow::error and nothing else. Prints the seed of what went wrong.
inline void fuzz(const mutator& inputs, const std::function<void(const std::string&)>& read, std::uint64_t rounds = 2000) {
  const auto number = [](const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
  };
  const auto only = number("FLOW_SEED", 0);
  const auto last = only != 0 ? only : number("FLOW_FUZZ_ROUNDS", rounds);
  std::uint64_t refused = 0;
  for (auto seed = only != 0 ? only : 1; seed <= last; ++seed) {
    // For the log of a crash, which no handler here would see.
    BOOST_TEST_CHECKPOINT("FLOW_SEED=" << seed);
    std::mt19937_64 random(seed);
    const auto input = inputs.next(random);
    try {
      read(input);
    } catch (const error&) {
      ++refused;
    } catch (const std::exception& e) {
      BOOST_ERROR("FLOW_SEED=" << seed << ": " << e.what() << "\n" << input);
    }
  }
  if (only == 0) {
    std::cout << last << " inputs, " << refused << " refused\n";
    BOOST_TEST(refused < last);
  }
}

}  // namespace flow::testing
