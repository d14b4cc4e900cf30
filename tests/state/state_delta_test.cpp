#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <random>

#include "flow/state.hpp"

using namespace flow;

namespace {

std::vector<std::string> keys_in_order(state_delta& delta) {
  delta.sort();
  std::vector<std::string> keys;
  for (const auto& e : delta.entries()) keys.emplace_back(delta.key(e));
  return keys;
}

void check_sorts(std::vector<std::string> keys) {
  state_delta delta;
  for (const auto& key : keys) delta.put(0, key, "v" + key);
  const auto order = delta.sorted_order();
  std::sort(keys.begin(), keys.end());
  for (std::size_t i = 0; i < keys.size(); ++i) BOOST_REQUIRE(delta.key(delta.entries()[order[i]]) == keys[i]);
  BOOST_TEST(keys_in_order(delta) == keys, boost::test_tools::per_element());
  for (const auto& e : delta.entries()) BOOST_REQUIRE(delta.value(e) == "v" + std::string(delta.key(e)));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(state_delta_rules)

BOOST_AUTO_TEST_CASE(keys_sort_by_bytes_whatever_they_share) {
  std::mt19937_64 random(5);
  for (const std::size_t count : {0u, 1u, 2u, 100u, 255u, 256u, 3000u}) {
    for (const auto& shared : std::vector<std::string>{"", "p", "a prefix longer than eight bytes"}) {
      std::vector<std::string> keys;
      for (std::size_t i = 0; i < count; ++i) {
        auto key = shared;
        for (auto n = random() % 20; n > 0; --n) key += static_cast<char>(random() % 3 == 0 ? random() : 0);
        keys.push_back(key);
      }
      std::sort(keys.begin(), keys.end());
      keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
      std::shuffle(keys.begin(), keys.end(), random);
      check_sorts(keys);
    }
  }
}

BOOST_AUTO_TEST_CASE(high_bytes_sort_after_low_ones) {
  state_delta delta;
  for (const auto* key : {"\xff", "\x7f", "\x80", "\x01"}) delta.put(0, key, "");
  const std::vector<std::string> expected = {"\x01", "\x7f", "\x80", "\xff"};
  BOOST_TEST(keys_in_order(delta) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(delta_filled_in_order_is_known_to_be_sorted) {
  state_delta delta;
  delta.put(0, "a", "1");
  delta.erase(0, "b");
  BOOST_TEST(delta.sorted());
  delta.put(0, "a0", "2");
  BOOST_TEST(!delta.sorted());
  delta.sort();
  BOOST_TEST(delta.sorted());
  BOOST_TEST(delta.value(delta.entries()[0]) == "1");
  BOOST_TEST(delta.entries()[2].value_size == state_delta::erased);
}

BOOST_AUTO_TEST_SUITE_END()
