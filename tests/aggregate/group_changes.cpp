#include "operators/group_changes.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <random>
#include <set>

using namespace flow;

namespace {

using ids = std::vector<std::uint32_t>;

/// group_changes as plain sets.
struct model {
  std::set<std::uint32_t> unemitted, unsaved, stored;

  ids take(group_changes::mark which) {
    auto& all = which == group_changes::unemitted ? unemitted : unsaved;
    ids out(all.begin(), all.end());
    all.clear();
    return out;
  }
  void forget(std::uint32_t g) { unemitted.erase(g), unsaved.erase(g), stored.erase(g); }
};

ids sorted(ids groups) {
  std::sort(groups.begin(), groups.end());
  return groups;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(group_changes_rules)

BOOST_AUTO_TEST_CASE(whatever_happens_each_changed_group_is_taken_once) {
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    std::mt19937 engine(seed);
    const auto random = [&] { return static_cast<std::uint32_t>(engine()); };
    group_changes changes(group_changes::unemitted | group_changes::unsaved);
    model expected;
    const std::uint32_t size = 1 + random() % 2000;
    ids all(size);
    for (std::uint32_t g = 0; g < size; ++g) all[g] = g;
    changes.make_room(size, all);
    for (int step = 0; step < 60; ++step) {
      const auto what = random() % 8;
      if (what < 4) {
        ids some(random() % 3 == 0 ? random() % (2 * size) : random() % 10);
        for (auto& g : some) g = random() % size;
        changes.touch(some);
        for (const auto g : some) expected.unemitted.insert(g), expected.unsaved.insert(g);
      } else if (what < 6) {
        const auto which = random() % 2 == 0 ? group_changes::unemitted : group_changes::unsaved;
        const auto wanted = expected.take(which);
        const auto taken = changes.take(which);
        if (which == group_changes::unsaved) {
          changes.set_stored(taken);
          expected.stored.insert(wanted.begin(), wanted.end());
        }
        BOOST_TEST(sorted(taken) == wanted, boost::test_tools::per_element());
        if (taken.size() * 8 > size) BOOST_TEST(std::is_sorted(taken.begin(), taken.end()));
        BOOST_TEST(changes.count(which) == 0u);
      } else if (what == 6) {
        const auto g = random() % size;
        changes.forget(g);
        expected.forget(g);
        changes.make_room(size, ids{g});  // Given to another key.
      } else {
        const auto g = random() % size;
        BOOST_TEST(changes.is_stored(g) == expected.stored.contains(g));
      }
    }
    BOOST_TEST_INFO("seed " << seed);
    BOOST_TEST(sorted(changes.take(group_changes::unsaved)) == expected.take(group_changes::unsaved),
               boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(marks_that_are_not_kept_are_not_set) {
  group_changes changes(group_changes::unsaved);
  changes.make_room(3, ids{0, 1, 2});
  changes.touch(ids{1, 1, 2});
  BOOST_TEST(changes.take(group_changes::unemitted).empty());
  BOOST_TEST(changes.take(group_changes::unsaved) == (ids{1, 2}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(few_of_many_groups_are_listed_and_many_are_marked) {
  group_changes changes(group_changes::unemitted);
  ids all(1000);
  for (std::uint32_t g = 0; g < all.size(); ++g) all[g] = g;
  changes.make_room(all.size(), all);
  changes.touch(ids{7, 3});
  BOOST_TEST(!changes.are_many(group_changes::unemitted));
  changes.touch(all);
  BOOST_TEST(changes.are_many(group_changes::unemitted));
  BOOST_TEST(changes.take(group_changes::unemitted).size() == 1000u);
  BOOST_TEST(changes.are_many(group_changes::unemitted));  // As many are expected.
  changes.touch(ids{5});
  BOOST_TEST(changes.take(group_changes::unemitted) == ids{5}, boost::test_tools::per_element());
  BOOST_TEST(!changes.are_many(group_changes::unemitted));
}

BOOST_AUTO_TEST_SUITE_END()
