#include <boost/test/unit_test.hpp>

#include <atomic>
#include <random>
#include <thread>

#include "tests/state/checkpoint_model.hpp"

using namespace flow;
using namespace flow::testing;

namespace {

std::optional<std::string> get(const state_view& state, const std::string& key) {
  std::string value;
  return state.get(hash_bytes(key), key, value) ? std::optional(value) : std::nullopt;
}

void check_same(const state_view& state, const model& expected, int keys = 400) {
  BOOST_REQUIRE(contents(state) == expected);
  for (int k = 0; k < keys; ++k) {
    const auto key = "key" + std::to_string(k);
    const auto found = expected.find(key);
    BOOST_REQUIRE(get(state, key) == (found == expected.end() ? std::nullopt : std::optional(found->second)));
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(operator_state_rules)

BOOST_AUTO_TEST_CASE(delta_is_visible_at_once_and_stays_so_when_durable) {
  for (const auto kind : {state_store_kind::memory, state_store_kind::lmdb}) {
    temporary_directory dir;
    const auto store = checkpoint_store::open(dir.path());
    const auto state = store->open_state("op", 0, 1, {}, kind);
    model expected;
    for (std::uint64_t e = 1; e <= 12; ++e) {
      const auto what = changes_of_epoch(e);
      const auto delta = delta_of(what);
      play(what, expected);
      state->add({e}, delta);
      check_same(*state, expected);
      BOOST_TEST(state->in_flight() == 1u);
      store->commit(record_of(e), {{"op", 0, 1, delta}});
      check_same(*state, expected);
      BOOST_TEST(state->in_flight() == 0u);
      while (store->compact(1000)) {
      }
      check_same(*state, expected);
    }
  }
}

BOOST_AUTO_TEST_CASE(several_deltas_in_flight_are_seen_newest_first) {
  temporary_directory dir;
  const auto store = checkpoint_store::open(dir.path());
  const auto state = store->open_state("op", 0, 1, {}, state_store_kind::lmdb);
  const auto first = delta_of({{"a", "1"}, {"b", "1"}, {"c", "1"}});
  const auto second = delta_of({{"a", "2"}, {"b", std::nullopt}});
  state->add({1}, first);
  state->add({2}, second);
  BOOST_TEST(get(*state, "a").value() == "2");
  BOOST_TEST(!get(*state, "b"));
  BOOST_TEST(get(*state, "c").value() == "1");
  store->commit(record_of(1), {{"op", 0, 1, first}});
  BOOST_TEST(get(*state, "a").value() == "2");
  BOOST_TEST(!get(*state, "b"));
  BOOST_TEST(get(*state, "c").value() == "1");
  BOOST_TEST(state->in_flight() == 1u);
}

BOOST_AUTO_TEST_CASE(scan_visits_its_range_in_order_and_stops_when_told) {
  temporary_directory dir;
  const auto store = checkpoint_store::open(dir.path());
  for (std::uint64_t e = 1; e <= 5; ++e) store->commit(record_of(e), deltas_of(changes_of_epoch(e), "op", 1));
  const auto state = store->open_state("op", 0, 1, {5});
  const auto expected = model_at(5);
  std::vector<std::string> seen, wanted;
  state->scan("key2", "key31", [&](std::string_view key, std::string_view) {
    seen.emplace_back(key);
    return true;
  });
  for (auto e = expected.lower_bound("key2"); e != expected.lower_bound("key31"); ++e) wanted.push_back(e->first);
  BOOST_TEST(seen == wanted, boost::test_tools::per_element());
  int visits = 0;
  state->scan([&](std::string_view, std::string_view) { return ++visits < 3; });
  BOOST_TEST(visits == 3);
}

BOOST_AUTO_TEST_CASE(visitor_may_look_keys_up) {
  temporary_directory dir;
  const auto store = checkpoint_store::open(dir.path());
  store->commit(record_of(1), deltas_of(changes_of_epoch(1), "op", 1));
  const auto state = store->open_state("op", 0, 1, {1}, state_store_kind::lmdb);
  state->scan([&](std::string_view key, std::string_view value) {
    BOOST_REQUIRE(get(*state, std::string(key)).value() == value);
    return true;
  });
}

BOOST_AUTO_TEST_CASE(state_restores_at_any_parallelism) {
  temporary_directory dir;
  const auto store = checkpoint_store::open(dir.path());
  model expected;
  std::uint64_t e = 0;
  for (const std::uint32_t parallelism : {3u, 1u, 8u, 2u, 5u}) {
    for (int i = 0; i < 3; ++i) {
      ++e;
      play(changes_of_epoch(e), expected);
      store->commit(record_of(e), deltas_of(changes_of_epoch(e), "op", parallelism));
      store->compact(20'000);
    }
    for (const std::uint32_t restored : {1u, 2u, 3u, 7u}) BOOST_TEST((contents(*store, "op", restored, {e}) == expected));
  }
}

BOOST_AUTO_TEST_CASE(instance_does_not_see_keys_of_others) {
  temporary_directory dir;
  const auto store = checkpoint_store::open(dir.path());
  store->commit(record_of(1), deltas_of(changes_of_epoch(1), "op", 1));
  const auto state = store->open_state("op", 1, 4, {1});
  for (const auto& [key, value] : model_at(1)) {
    const bool own = owner_of(group_of(hash_bytes(key)), 4) == 1;
    BOOST_TEST(get(*state, key).has_value() == own);
  }
}

BOOST_AUTO_TEST_CASE(operators_do_not_see_each_other) {
  temporary_directory dir;
  const auto store = checkpoint_store::open(dir.path());
  store->commit(record_of(1), {{"a", 0, 1, delta_of({{"k", "a"}})}, {"b", 0, 1, delta_of({{"k", "b"}})}});
  BOOST_TEST(get(*store->open_state("a", 0, 1, {1}), "k").value() == "a");
  BOOST_TEST(get(*store->open_state("b", 0, 1, {1}), "k").value() == "b");
  BOOST_TEST(contents(*store, "c", 1, {1}).empty());
}

BOOST_AUTO_TEST_CASE(state_outlives_its_store) {
  temporary_directory dir;
  auto store = checkpoint_store::open(dir.path());
  store->commit(record_of(1), deltas_of(changes_of_epoch(1), "op", 1));
  const auto state = store->open_state("op", 0, 1, {1}, state_store_kind::lmdb);
  store.reset();
  check_same(*state, model_at(1));
}

BOOST_AUTO_TEST_CASE(operator_reads_while_the_checkpoint_commits_merges_and_grows) {
  temporary_directory dir;
  checkpoint_settings settings;
  settings.map_bytes = 64u << 10;
  settings.segment_bytes = 4096;
  settings.temporary = true;
  const auto store = checkpoint_store::open(dir.path() / "t", settings);
  const auto state = store->open_state("op", 0, 1, {}, state_store_kind::lmdb);
  std::atomic<std::uint64_t> handed_over = 0;
  constexpr std::uint64_t epochs = 60;
  std::vector<std::shared_ptr<state_delta>> deltas;
  for (std::uint64_t e = 1; e <= epochs; ++e) deltas.push_back(delta_of(changes_of_epoch(e)));
  std::thread checkpoint([&] {
    for (std::uint64_t e = 1; e <= epochs; ++e) {
      while (handed_over.load() < e) handed_over.wait(e - 1);
      store->commit(record_of(e), {{"op", 0, 1, deltas[e - 1]}});
      while (store->compact(10'000)) {
      }
    }
  });
  model expected;
  bool same = true;
  for (std::uint64_t e = 1; e <= epochs; ++e) {
    play(changes_of_epoch(e), expected);
    state->add({e}, deltas[e - 1]);
    handed_over = e;
    handed_over.notify_one();
    for (int k = 0; k < 400; ++k) {
      const auto key = "key" + std::to_string(k);
      const auto found = expected.find(key);
      same = same && get(*state, key) == (found == expected.end() ? std::nullopt : std::optional(found->second));
    }
    same = same && contents(*state) == expected;
  }
  checkpoint.join();
  BOOST_TEST(same);
  check_same(*state, expected);
  BOOST_TEST(store->statistics().map_bytes > settings.map_bytes);
}

BOOST_AUTO_TEST_SUITE_END()
