#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <random>
#include <set>

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include "flow/error.hpp"
#include "flow/operator_factory.hpp"
#include "tests/operators/map_state_view.hpp"
#include "tests/operators/operator_harness.hpp"

using namespace flow;
using namespace flow::testing;
using json = nlohmann::json;

namespace {

const std::string ddl = "k STRING, t TIMESTAMP, v INT";

operator_spec by_key_for_ever() { return make_deduplicate(parse_schema(ddl), {{0}, {}, false, {}, "d"}); }
operator_spec by_key_with_watermark() { return make_deduplicate(parse_schema(ddl), {{0}, 1, false, {}, "d"}); }
operator_spec by_key_and_time() { return make_deduplicate(parse_schema(ddl), {{0, 1}, 1, false, {}, "d"}); }
operator_spec within(duration delay) { return make_deduplicate(parse_schema(ddl), {{0}, 1, true, delay, "d"}); }

/// An array of these, also of one: a braced json would be taken for the row itself.
template <class... Rows>
json list(const Rows&... rows) {
  auto all = json::array();
  (all.push_back(rows), ...);
  return all;
}

harness_epoch epoch_of(const json& rows, watermark mark = {}) { return {{{0, rows_of(ddl, rows)}}, mark}; }
json row(const char* key, int minute, int v) { return {key, at_text(minute), v}; }

}  // namespace

BOOST_AUTO_TEST_SUITE(deduplicate)

BOOST_AUTO_TEST_CASE(the_first_row_of_a_key_is_the_one_that_stays_and_null_is_a_key) {
  harness_case c{by_key_for_ever(), {}, as_list, true};
  c.epochs = {epoch_of({row("a", 1, 1), row("b", 1, 2), row("a", 2, 3), {nullptr, at_text(1), 4}, {nullptr, at_text(1), 5}}),
              epoch_of({row("b", 1, 6), row("c", 1, 7), row("", 0, 8), row("c", 1, 9)})};
  check_operator(c, {{row("a", 1, 1), row("b", 1, 2), {nullptr, at_text(1), 4}}, {row("c", 1, 7), row("", 0, 8)}});
}

BOOST_AUTO_TEST_CASE(no_columns_means_all_columns) {
  harness_case c{make_deduplicate(parse_schema("a INT, b DOUBLE"), {{}, {}, false, {}, "d"}), {}, as_list, true};
  c.epochs = {
      {{{0, rows_of("a INT, b DOUBLE",
                    {{1, 0.0}, {1, -0.0}, {2, "NaN"}, {2, "NaN"}, {1, 1.0}, {nullptr, nullptr}, {nullptr, nullptr}})}}}};
  check_operator(c, {{{1, 0.0}, {2, "NaN"}, {1, 1.0}, {nullptr, nullptr}}});
}

BOOST_AUTO_TEST_CASE(a_watermark_outside_the_keys_drops_late_rows_but_keeps_keys_for_ever) {
  harness_case c{by_key_with_watermark(), {}, as_list, false};
  c.epochs = {epoch_of(list(row("a", 10, 1)), at(10)),
              epoch_of({row("b", 10, 2), row("c", 11, 3), row("a", 60, 4), {"d", nullptr, 5}}, at(50)),
              epoch_of({row("c", 51, 6), row("a", 52, 7), row("e", 51, 8)})};
  check_operator(c, {list(row("a", 10, 1)), {row("c", 11, 3), {"d", nullptr, 5}}, list(row("e", 51, 8))});
}

BOOST_AUTO_TEST_CASE(a_key_with_its_time_is_forgotten_when_the_time_passes) {
  harness_case c{by_key_and_time(), {}, as_list, false};
  c.epochs = {epoch_of({row("a", 10, 1), row("a", 11, 2), row("a", 10, 3)}, at(10)),
              epoch_of({row("a", 10, 4), row("a", 11, 5), row("b", 30, 6), {"n", nullptr, 7}}, at(11)),
              epoch_of({row("b", 30, 8), {"n", nullptr, 9}, row("b", 31, 10)})};
  check_operator(c, {{row("a", 10, 1), row("a", 11, 2)}, {row("b", 30, 6), {"n", nullptr, 7}}, list(row("b", 31, 10))});
}

BOOST_AUTO_TEST_CASE(within_the_watermark_a_key_is_forgotten_when_its_first_row_and_the_delay_have_passed) {
  harness_case c{within(minutes(10)), {}, as_list, false};
  c.epochs = {epoch_of({row("a", 10, 1), row("a", 19, 2)}, at(19)), epoch_of(list(row("a", 20, 3)), at(20)),
              // 10 + 10 <= 20: forgotten, though row 3 came at 20: duplicates do not extend it.
              epoch_of({row("a", 21, 4), row("a", 21, 5), row("a", 20, 6)}, at(30)), epoch_of(list(row("a", 31, 7)), at(31)),
              epoch_of(list(row("a", 32, 8)), at(32))};
  check_operator(c, {list(row("a", 10, 1)), json::array(), list(row("a", 21, 4)), json::array(), list(row("a", 32, 8))});
}

BOOST_AUTO_TEST_CASE(deduplication_agrees_with_its_rules_on_random_rows) {
  const auto seed = std::random_device{}();
  std::mt19937 random(seed);
  harness_case c{within(minutes(3)), {}, as_list, false};
  std::vector<json> expected;
  std::map<std::string, int> until;  // Key -> minute at which it is forgotten.
  int mark = -1;
  for (int e = 0; e < 12; ++e) {
    auto rows = json::array(), first = json::array();
    for (int i = 0; i < 20; ++i) {
      const auto key = "key" + std::to_string(random() % 12);
      const int minute = e + static_cast<int>(random() % 5);
      rows.push_back(row(key.c_str(), minute, i));
      if (minute <= mark || until.contains(key)) continue;
      until[key] = minute + 3;
      first.push_back(rows.back());
    }
    mark = std::max(mark, e + static_cast<int>(random() % 3));
    std::erase_if(until, [mark](const auto& each) { return each.second <= mark; });
    c.epochs.push_back(epoch_of(rows, at(mark)));
    expected.push_back(first);
  }
  BOOST_TEST_CONTEXT("seed " << seed) { check_operator(c, expected); }
}

BOOST_AUTO_TEST_CASE(in_continuous_mode_a_key_may_come_again_in_the_epoch_in_which_it_was_forgotten) {
  for (const auto store : {state_store_kind::memory, state_store_kind::lmdb}) {
    map_state_view state;
    const auto spec = within(minutes(1));
    operator_context place;
    place.state = store;
    place.continuous = true;
    collector out;
    auto made = spec.make(place);
    made->restore(state);
    made->begin_epoch({1}, {});
    made->process(0, rows_of(ddl, {row("a", 10, 1), row("b", 10, 2)}), out);
    state_delta first;
    made->snapshot({1}, first);
    state.apply(first);
    out.take();
    made->begin_epoch({2}, {});
    made->on_watermark(at(11), out);
    made->process(0, rows_of(ddl, {row("a", 12, 3), row("a", 12, 4)}), out);
    BOOST_TEST(out.take() == std::vector<std::string>{row("a", 12, 3).dump()}, boost::test_tools::per_element());
    made->on_watermark(at(13), out);
    made->process(0, rows_of(ddl, {row("a", 14, 5), row("a", 14, 6)}), out);
    BOOST_TEST(out.take() == std::vector<std::string>{row("a", 14, 5).dump()}, boost::test_tools::per_element());
    state_delta second;
    made->snapshot({2}, second);
    state.apply(second);
    BOOST_TEST(state.approximate_size() == 2u);  // Only "a", by key and by time.
    made = spec.make(place);
    made->restore(state);
    made->restore_watermark(at(13));
    made->begin_epoch({3}, {});
    made->process(0, rows_of(ddl, {row("a", 14, 7), row("b", 14, 8)}), out);
    BOOST_TEST(out.take() == std::vector<std::string>{row("b", 14, 8).dump()}, boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(a_state_of_one_store_restores_in_the_other_and_at_another_parallelism) {
  for (const auto& spec : {by_key_for_ever(), by_key_and_time(), within(minutes(10))}) {
    map_state_view state;
    auto rows = json::array();
    for (int i = 0; i < 200; ++i) rows.push_back(row(("key" + std::to_string(i)).c_str(), 10, i));
    const auto all = rows_of(ddl, rows);
    collector out;
    auto made = spec.make({});
    made->restore(state);
    made->begin_epoch({1}, {});
    made->process(0, all, out);
    state_delta delta;
    made->snapshot({1}, delta);
    state.apply(delta);
    out.take();
    // Dealt to three instances by the keys that the operator was made with, each finds its own keys seen.
    const auto keys = spec.signature["columns"].size() == 1 ? std::vector<int>{0} : std::vector<int>{0, 1};
    const auto parts = row_partitioner(all->schema(), keys, 3).split(all);
    for (std::uint32_t i = 0; i < 3; ++i) {
      const auto own = state.part(i, 3);
      operator_context place{i, 3, state_store_kind::lmdb, 1, false};
      auto instance = spec.make(place);
      instance->restore(own);
      instance->begin_epoch({2}, {});
      instance->process(0, parts[i], out);
      BOOST_TEST(out.take().empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(metrics_count_keys_held_new_forgotten_and_late) {
  for (const auto store : {state_store_kind::memory, state_store_kind::lmdb}) {
    map_state_view state;
    operator_context place;
    place.state = store;
    auto made = by_key_and_time().make(place);
    made->restore(state);
    collector out;
    const auto run = [&](std::uint64_t e, const json& rows, int mark) {
      made->begin_epoch({e}, {});
      made->process(0, rows_of(ddl, rows), out);
      made->on_watermark(at(mark), out);
      state_delta delta;
      made->snapshot({e}, delta);
      state.apply(delta);
      return made->metrics();
    };
    auto counts = run(1, {row("a", 10, 1), row("b", 20, 2), row("b", 20, 3)}, 10);
    BOOST_TEST(counts.rows_total == 1);
    BOOST_TEST(counts.rows_updated == 2);
    BOOST_TEST(counts.rows_removed == 1);
    counts = run(2, {row("c", 10, 4), row("d", 30, 5)}, 20);
    BOOST_TEST(counts.rows_total == 1);
    BOOST_TEST(counts.rows_updated == 1);
    BOOST_TEST(counts.rows_removed == 1);
    BOOST_TEST(counts.rows_dropped_by_watermark == 1);
    BOOST_TEST(state.approximate_size() == 1u);
  }
}

BOOST_AUTO_TEST_CASE(within_the_watermark_without_a_watermark_is_refused) {
  BOOST_CHECK_EXCEPTION(make_deduplicate(parse_schema(ddl), {{0}, {}, true, minutes(1), "d"}), error,
                        [](const error& e) { return e.code() == errc::unsupported_plan; });
}

BOOST_AUTO_TEST_SUITE_END()
