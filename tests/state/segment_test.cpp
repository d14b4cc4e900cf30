#include <boost/test/unit_test.hpp>

#include <random>

#include "state/segment.hpp"
#include "tests/state/checkpoint_model.hpp"

using namespace flow;
using namespace flow::testing;

namespace {

const segment_origin origin{3, 9, {16, 31}};

std::string segment_of(const changes& what) {
  segment_builder builder;
  for (const auto& [key, value] : what) builder.add({key, value ? std::string_view(*value) : "", {17}, !value});
  auto bytes = builder.build(origin);
  BOOST_TEST(bytes.size() == builder.bytes());
  return bytes;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(segment_rules)

BOOST_AUTO_TEST_CASE(entries_come_back_as_given) {
  auto what = changes_of_epoch(1, 2000, 1500);
  what[""] = "the empty key";
  what["empty value"] = "";
  what[std::string(300, 'k')] = std::string(70000, 'v');
  const auto bytes = segment_of(what);
  const segment_view view(bytes, "it");
  view.verify("it");
  BOOST_TEST(view.size() == what.size());
  BOOST_TEST((view.origin().groups == origin.groups));
  BOOST_TEST(view.origin().first_epoch == 3u);
  BOOST_TEST(view.origin().last_epoch == 9u);
  std::uint32_t i = 0, tombstones = 0;
  for (const auto& [key, value] : what) {
    const auto e = view.entry(i++);
    BOOST_REQUIRE(e.key == key);
    BOOST_REQUIRE(e.erased == !value);
    BOOST_REQUIRE(e.value == value.value_or(""));
    BOOST_REQUIRE(e.group.value == 17);
    tombstones += e.erased ? 1 : 0;
  }
  BOOST_TEST(view.tombstones() == tombstones);
  BOOST_TEST(view.first_key() == what.begin()->first);
}

BOOST_AUTO_TEST_CASE(lower_bound_agrees_with_the_standard_map) {
  const auto what = changes_of_epoch(2, 500, 200);
  const auto bytes = segment_of(what);
  const segment_view view(bytes, "it");
  for (int k = 0; k < 500; ++k) {
    const auto key = "key" + std::to_string(k);
    const auto expected = static_cast<std::uint32_t>(std::distance(what.begin(), what.lower_bound(key)));
    BOOST_REQUIRE(view.lower_bound(key) == expected);
  }
  BOOST_TEST(view.lower_bound("zzz") == view.size());
}

BOOST_AUTO_TEST_CASE(bloom_filter_never_denies_a_key_and_seldom_admits_another) {
  changes what;
  for (int i = 0; i < 10000; ++i) what["key" + std::to_string(i)] = "";
  const auto bytes = segment_of(what);
  const segment_view view(bytes, "it");
  int admitted = 0;
  for (int i = 0; i < 10000; ++i) {
    BOOST_REQUIRE(view.may_hold(bloom_hash("key" + std::to_string(i))));
    admitted += view.may_hold(bloom_hash("other" + std::to_string(i))) ? 1 : 0;
  }
  BOOST_TEST(admitted < 250);
}

BOOST_AUTO_TEST_CASE(any_flipped_bit_is_noticed) {
  const auto intact = segment_of(changes_of_epoch(3, 20, 10));
  for (std::size_t at = 0; at < intact.size(); ++at) {
    for (const int bit : {0, 7}) {
      auto bytes = intact;
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
      const auto failed = failure_of([&] { segment_view(bytes, "it").verify("it"); });
      BOOST_REQUIRE(failed);
      BOOST_REQUIRE(failed->code == errc::checkpoint_corrupt);
    }
  }
}

BOOST_AUTO_TEST_CASE(any_cut_is_noticed) {
  const auto intact = segment_of(changes_of_epoch(3, 20, 10));
  for (std::size_t size = 0; size < intact.size(); ++size) {
    const std::string bytes(intact, 0, size);
    BOOST_REQUIRE(failure_of([&] { segment_view(bytes, "it").verify("it"); }));
  }
}

BOOST_AUTO_TEST_CASE(instances_share_all_groups_out) {
  for (const std::uint32_t parallelism : {1u, 2u, 3u, 7u, 16u, 1000u, 1024u}) {
    for (std::uint16_t g = 0; g < key_group_count; ++g) {
      const auto owner = owner_of({g}, parallelism);
      for (std::uint32_t i = 0; i < parallelism; i += parallelism > 16 ? 97 : 1) {
        BOOST_REQUIRE(group_range::of(i, parallelism).contains(key_group{g}) == (i == owner));
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
