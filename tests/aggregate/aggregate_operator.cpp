#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <map>
#include <random>
#include <set>

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include "flow/function_catalog.hpp"
#include "flow/operator_factory.hpp"
#include "tests/operators/map_state_view.hpp"
#include "tests/operators/operator_harness.hpp"

using namespace flow;
using namespace flow::testing;
using json = nlohmann::json;

namespace {

const std::string ddl = "k STRING, t TIMESTAMP, v INT";
const std::string windowed = "k STRING, w STRUCT<start: TIMESTAMP, end: TIMESTAMP>, v INT";

aggregate_call call(const schema_ptr& schema, const std::string& name, const std::string& function,
                    const std::string& argument) {
  return {name, function_catalog::builtin().at(function).bind_aggregate({sql(schema, argument)}, {}), nullptr};
}

/// count(*) and sum(v) by these columns.
aggregate_plan plan_over(const std::string& columns, const std::vector<std::string>& keys, output_mode mode) {
  const auto schema = parse_schema(columns);
  aggregate_plan plan;
  for (const auto& key : keys) plan.keys.push_back({key, sql(schema, key)});
  plan.calls = {call(schema, "n", "count", "1"), call(schema, "s", "sum", "v")};
  plan.mode = mode;
  plan.uid = "a";
  return plan;
}

operator_spec make(const std::string& columns, aggregate_plan plan) {
  return make_aggregate(parse_schema(columns), std::move(plan));
}

harness_epoch epoch_of(const std::string& columns, const json& rows, watermark mark = {}) {
  return {{{0, rows_of(columns, rows)}}, mark};
}
json row(const char* key, int minute, int v) { return {key, at_text(minute), v}; }
json window_at(int start, int length) { return {at_text(start), at_text(start + length)}; }

}  // namespace

BOOST_AUTO_TEST_SUITE(aggregate)

BOOST_AUTO_TEST_CASE(update_emits_the_groups_touched_in_the_epoch) {
  harness_case c{make(ddl, plan_over(ddl, {"k"}, output_mode::update)), {}};
  c.epochs = {epoch_of(ddl, {row("a", 1, 1), row("b", 1, 2), row("a", 2, 3), {nullptr, nullptr, 4}}),
              epoch_of(ddl, {row("b", 1, 6), {nullptr, nullptr, nullptr}, row("a much longer key than fits in place", 0, 8)}),
              epoch_of(ddl, json::array())};
  check_operator(c, {{{"a", 2, 4}, {"b", 1, 2}, {nullptr, 1, 4}},
                     {{"b", 2, 8}, {nullptr, 2, 4}, {"a much longer key than fits in place", 1, 8}},
                     json::array()});
}

BOOST_AUTO_TEST_CASE(complete_emits_all_groups_and_ignores_the_watermark) {
  auto plan = plan_over(ddl, {"t"}, output_mode::complete);
  plan.event_time = event_time_key{0, false};
  harness_case c{make(ddl, plan), {}};
  c.epochs = {epoch_of(ddl, {row("a", 1, 1), row("a", 2, 1)}, at(30)), epoch_of(ddl, json::array({row("a", 1, 5)}), at(40))};
  check_operator(c, {{{at_text(1), 1, 1}, {at_text(2), 1, 1}}, {{at_text(1), 2, 6}, {at_text(2), 1, 1}}});
}

BOOST_AUTO_TEST_CASE(append_emits_a_window_once_when_the_watermark_reaches_its_end_and_drops_what_comes_later) {
  auto plan = plan_over(windowed, {"k", "w"}, output_mode::append);  // Not first, but state keys put it there.
  plan.event_time = event_time_key{1, true};
  harness_case c{make(windowed, plan), {}};
  c.epochs = {epoch_of(windowed, {{"a", window_at(0, 10), 1}, {"b", window_at(10, 10), 2}}, at(9)),
              epoch_of(windowed, {{"a", window_at(0, 10), 3}, {"a", window_at(10, 10), 4}}, at(10)),
              epoch_of(windowed, {{"a", window_at(0, 10), 9}, {"b", window_at(10, 10), 5}}, at(25)),
              epoch_of(windowed, json::array(), at(25))};
  check_operator(c, {json::array(),
                     json::array({json::array({"a", window_at(0, 10), 2, 4})}),
                     {{"b", window_at(10, 10), 2, 7}, {"a", window_at(10, 10), 1, 4}},
                     json::array()});
}

BOOST_AUTO_TEST_CASE(update_emits_a_touched_group_that_this_epoch_closes_and_forgets_it) {
  auto plan = plan_over(ddl, {"k", "t"}, output_mode::update);
  plan.event_time = event_time_key{1, false};
  harness_case c{make(ddl, plan), {}};
  c.epochs = {epoch_of(ddl, {row("a", 1, 1), row("a", 5, 2), {"n", nullptr, 3}}, at(3)),
              epoch_of(ddl, {row("a", 1, 7), row("a", 5, 2), {"n", nullptr, 4}}, at(6)),
              epoch_of(ddl, {row("a", 5, 9), {"n", nullptr, 5}}, at(7))};
  check_operator(c, {{{"a", at_text(1), 1, 1}, {"a", at_text(5), 1, 2}, {"n", nullptr, 1, 3}},
                     {{"a", at_text(5), 2, 4}, {"n", nullptr, 2, 7}},
                     json::array({json::array({"n", nullptr, 3, 12})})});
}

BOOST_AUTO_TEST_CASE(a_null_time_is_never_late_and_append_never_emits_it) {
  auto plan = plan_over(ddl, {"t"}, output_mode::append);
  plan.event_time = event_time_key{0, false};
  harness_case c{make(ddl, plan), {}};
  c.epochs = {epoch_of(ddl, {{"n", nullptr, 1}, row("a", 1, 1)}, at(1)),
              epoch_of(ddl, json::array({{"n", nullptr, 1}}), at(50))};
  check_operator(c, {json::array({json::array({at_text(1), 1, 1})}), json::array()});
}

BOOST_AUTO_TEST_CASE(without_keys_there_is_one_row_even_without_input) {
  for (const auto mode : {output_mode::update, output_mode::complete}) {
    harness_case c{make(ddl, plan_over(ddl, {}, mode)), {}};
    c.epochs = {epoch_of(ddl, json::array()), epoch_of(ddl, {row("a", 1, 4), row("b", 1, 5)})};
    check_operator(c, {json::array({json::array({0, nullptr})}), json::array({json::array({2, 9})})});
  }
}

BOOST_AUTO_TEST_CASE(a_bounded_run_emits_everything_at_its_end) {
  auto plan = plan_over(ddl, {"k"}, output_mode::append);
  plan.streaming = false;
  const auto op = make(ddl, plan).make({});
  collector out;
  op->process(0, rows_of(ddl, {row("a", 1, 1), row("b", 1, 2), row("a", 2, 3)}), out);
  BOOST_TEST(out.take().empty());
  op->on_barrier({1}, out);
  BOOST_TEST(as_multiset(out.take()) == (std::vector<std::string>{R"(["a",2,4])", R"(["b",1,2])"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_filter_counts_only_its_rows) {
  auto plan = plan_over(ddl, {"k"}, output_mode::update);
  plan.calls[1].filter = sql(parse_schema(ddl), "v > 1");
  harness_case c{make(ddl, plan), {}};
  c.epochs = {epoch_of(ddl, {row("a", 1, 1), row("a", 1, 2), row("b", 1, 0), row("a", 1, 5)})};
  check_operator(c, {{{"a", 3, 7}, {"b", 1, nullptr}}});
}

BOOST_AUTO_TEST_CASE(partial_and_final_together_give_what_one_operator_gives) {
  auto plan = plan_over(ddl, {"k"}, output_mode::update);
  plan.stage = aggregate_stage::partial;
  const auto partial = make(ddl, plan);
  plan.stage = aggregate_stage::final;
  for (auto& key : plan.keys) key.value = bind_column(0, key.value->type(), key.name);
  const auto final_spec = make_aggregate(partial.output, plan);
  const auto first = partial.make({}), second = final_spec.make({});
  std::mt19937 random(5);
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> naive;
  for (std::uint64_t e = 1; e < 6; ++e) {
    std::set<std::string> touched;
    collector between, out;
    for (int b = 0; b < 4; ++b) {
      json rows = json::array();
      for (int i = 0; i < 50; ++i) {
        const auto key = "k" + std::to_string(random() % 40);
        const int v = static_cast<int>(random() % 100);
        rows.push_back({key, nullptr, v});
        touched.insert(key);
        naive[key].first += 1;
        naive[key].second += v;
      }
      first->process(0, rows_of(ddl, rows), between);
      if (random() % 2 == 0) first->on_idle(between);
    }
    first->on_barrier({e}, between);
    for (const auto& rows : between.batches()) second->process(0, rows, out);
    second->on_barrier({e}, out);
    std::vector<std::string> expected;
    for (const auto& key : touched) expected.push_back(json({key, naive[key].first, naive[key].second}).dump());
    BOOST_TEST(as_multiset(out.take()) == as_multiset(expected), boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(sliding_windows_by_panes_equal_windows_row_by_row) {
  struct lengths {
    int size, slide, start;
  };
  for (const auto& [size, slide, start] : {lengths{10, 5, 0}, {10, 4, 1}, {6, 6, 3}, {9, 2, 0}}) {
    const int pane = std::gcd(size, slide);
    for (const auto mode : {output_mode::append, output_mode::update, output_mode::complete}) {
      auto plan = plan_over(windowed, {"k", "w"}, mode);
      plan.event_time = event_time_key{1, true};
      plan.sliding = sliding_window{1, minutes(size), minutes(slide), minutes(start)};
      harness_case c{make(windowed, plan), {}};
      std::mt19937 random(static_cast<unsigned>(size * 100 + slide));
      std::map<std::pair<std::string, int>, std::pair<int, int>> windows;
      std::vector<json> expected;
      int mark = -1000, now = 20;
      const auto result = [&](const auto& key) {
        const auto& value = windows[key];
        return json{key.first, window_at(key.second, size), value.first, value.second};
      };
      for (int e = 0; e < 6; ++e) {
        json rows = json::array(), emitted = json::array();
        std::set<std::pair<std::string, int>> touched;
        for (int i = 0; i < 12; ++i) {
          const int minute = now - static_cast<int>(random() % 18), v = static_cast<int>(random() % 10);
          const std::string key(1, static_cast<char>('a' + random() % 2));
          const int pane_start = minute - (((minute - start) % pane) + pane) % pane;
          rows.push_back({key, window_at(pane_start, pane), v});
          for (int from = -40 * slide + start; from <= minute; from += slide) {
            if (from + size <= minute || (mode != output_mode::complete && from + size <= mark)) continue;
            windows[{key, from}].first += 1;
            windows[{key, from}].second += v;
            touched.insert({key, from});
          }
        }
        const int next = std::max(mark, now - 9);
        if (mode == output_mode::update) {
          for (const auto& key : touched) emitted.push_back(result(key));
        } else {
          for (const auto& [key, value] : windows) {
            const int end = key.second + size;
            if (mode == output_mode::complete || (end > mark && end <= next)) emitted.push_back(result(key));
          }
        }
        c.epochs.push_back(epoch_of(windowed, rows, at(next)));
        expected.push_back(emitted);
        mark = next;
        now += static_cast<int>(random() % 6);
      }
      BOOST_TEST_CONTEXT("size " << size << " slide " << slide << " mode " << to_string(mode)) { check_operator(c, expected); }
    }
  }
}

BOOST_AUTO_TEST_CASE(random_groups_equal_a_naive_model_while_keys_come_and_go) {
  auto plan = plan_over(windowed, {"w", "k"}, output_mode::append);
  plan.event_time = event_time_key{0, true};
  harness_case c{make(windowed, plan), {}};
  std::mt19937 random(9);
  std::map<std::pair<int, std::string>, std::pair<int, int>> groups;
  std::vector<json> expected;
  int mark = -1, now = 3;
  for (int e = 0; e < 12; ++e) {
    json rows = json::array(), emitted = json::array();
    for (int i = 0; i < 40; ++i) {
      const int start = static_cast<int>(random() % 8) + now - 3, v = static_cast<int>(random() % 5);
      const std::string key(random() % 25, 'y');
      rows.push_back({key, window_at(start, 1), v});
      if (start + 1 <= mark) continue;
      groups[{start, key}].first += 1;
      groups[{start, key}].second += v;
    }
    const int next = now;
    for (auto at_group = groups.begin(); at_group != groups.end();) {
      if (at_group->first.first + 1 > next) {
        ++at_group;
        continue;
      }
      emitted.push_back(
          {window_at(at_group->first.first, 1), at_group->first.second, at_group->second.first, at_group->second.second});
      at_group = groups.erase(at_group);
    }
    c.epochs.push_back(epoch_of(windowed, rows, at(next)));
    expected.push_back(emitted);
    mark = next;
    now += static_cast<int>(random() % 3);
  }
  check_operator(c, expected);
}

BOOST_AUTO_TEST_CASE(continuous_update_coalesces_until_idle_or_barrier) {
  const auto op = make(ddl, plan_over(ddl, {"k"}, output_mode::update)).make({.continuous = true});
  collector out;
  op->process(0, rows_of(ddl, json::array({row("a", 1, 1)})), out);
  op->process(0, rows_of(ddl, json::array({row("a", 1, 2)})), out);
  BOOST_TEST(out.take().empty());
  op->on_idle(out);
  BOOST_TEST(out.take() == std::vector<std::string>{R"(["a",2,3])"}, boost::test_tools::per_element());
  op->on_barrier({1}, out);
  BOOST_TEST(out.take().empty());
}

BOOST_AUTO_TEST_CASE(late_rows_are_counted) {
  auto plan = plan_over(ddl, {"t"}, output_mode::append);
  plan.event_time = event_time_key{0, false};
  const auto op = make(ddl, plan).make({});
  collector out;
  op->restore_watermark(at(5));
  op->begin_epoch({1}, {});
  op->process(0, rows_of(ddl, {row("a", 5, 1), row("a", 4, 1), row("a", 6, 1)}), out);
  BOOST_TEST(op->metrics().rows_dropped_by_watermark == 2);
  BOOST_TEST(op->metrics().rows_total == 1);
}

namespace {

struct linked_plan {
  operator_spec partial, final;
};

/// count(*) and sum(v) by k in two stages, the first of which sends each key once.
linked_plan linked_stages() {
  auto plan = plan_over(ddl, {"k"}, output_mode::update);
  plan.stage = aggregate_stage::partial;
  plan.receiver_keeps_groups = true;
  auto partial = make(ddl, plan);
  plan.stage = aggregate_stage::final;
  for (auto& key : plan.keys) key.value = bind_column(0, key.value->type(), key.name);
  return {partial, make_aggregate(partial.output, plan)};
}

std::string random_key(std::mt19937& random, unsigned distinct) {
  const auto number = random() % distinct;
  return number % 7 == 0 ? "a key that is too long to be held in place " + std::to_string(number) : std::to_string(number);
}

}  // namespace

BOOST_AUTO_TEST_CASE(linked_groups_give_what_keys_give_over_any_exchange) {
  const auto stages = linked_stages();
  for (const std::uint32_t receivers : {1u, 3u}) {
    std::vector<std::unique_ptr<stream_operator>> senders, finals;
    for (std::uint32_t i = 0; i < 2; ++i) senders.push_back(stages.partial.make({.instance = i, .parallelism = 2}));
    for (std::uint32_t i = 0; i < receivers; ++i) {
      finals.push_back(stages.final.make({.instance = i, .parallelism = receivers}));
    }
    const row_partitioner exchange(stages.partial.output, {0}, receivers);
    std::mt19937 random(receivers);
    std::map<std::string, std::pair<std::int64_t, std::int64_t>> naive;
    for (std::uint64_t e = 1; e < 12; ++e) {
      // From many keys to few: the senders give up their numbers for new ones.
      const unsigned distinct = e < 4 ? 9000 : e < 8 ? 50 : 9000;
      std::set<std::string> touched;
      collector out;
      for (const auto& sender : senders) {
        collector between;
        for (int b = 0; b < 3; ++b) {
          json rows = json::array();
          for (int i = 0; i < 1500; ++i) {
            const auto key = i % 100 == 0 ? std::string("null") : random_key(random, distinct);
            const int v = static_cast<int>(random() % 100);
            rows.push_back({key == "null" ? json() : json(key), nullptr, v});
            touched.insert(key);
            naive[key].first += 1;
            naive[key].second += v;
          }
          sender->process(0, rows_of(ddl, rows), between);
          if (random() % 3 == 0) sender->on_idle(between);
        }
        sender->on_barrier({e}, between);
        for (const auto& rows : between.batches()) {
          const auto parts = exchange.split(rows);
          for (std::uint32_t i = 0; i < receivers; ++i) {
            if (parts[i]) finals[i]->process(0, parts[i], out);
          }
        }
      }
      for (const auto& receiver : finals) receiver->on_barrier({e}, out);
      std::vector<std::string> expected;
      for (const auto& key : touched) {
        expected.push_back(json({key == "null" ? json() : json(key), naive[key].first, naive[key].second}).dump());
      }
      BOOST_TEST(as_multiset(out.take()) == as_multiset(expected), boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_CASE(linked_groups_bring_a_key_once) {
  const auto op = linked_stages().partial.make({});
  for (std::uint64_t e = 1; e < 4; ++e) {
    collector out;
    op->process(0, rows_of(ddl, {row("a", 1, 1), row("b", 1, 2), {nullptr, nullptr, 3}}), out);
    op->on_barrier({e}, out);
    BOOST_REQUIRE(out.batches().size() == 1u);
    BOOST_TEST((out.batches()[0]->GetColumnByName("key") != nullptr) == (e == 1));
  }
}

BOOST_AUTO_TEST_CASE(linked_groups_without_rows_since_the_last_flush_are_not_sent) {
  const auto op = linked_stages().partial.make({});
  collector out;
  op->process(0, rows_of(ddl, {row("a", 1, 1), row("b", 1, 2)}), out);
  op->on_barrier({1}, out);
  op->process(0, rows_of(ddl, json::array({row("b", 1, 2)})), out);
  op->on_barrier({2}, out);
  BOOST_REQUIRE(out.batches().size() == 2u);
  BOOST_TEST(out.batches()[1]->num_rows() == 1);
  op->on_barrier({3}, out);
  BOOST_TEST(out.batches().size() == 2u);
}

BOOST_AUTO_TEST_CASE(state_on_demand_is_sent_its_keys_always) {
  const auto op = linked_stages().partial.make({.state = state_store_kind::lmdb});
  collector out;
  for (std::uint64_t e = 1; e < 3; ++e) {
    op->process(0, rows_of(ddl, json::array({row("a", 1, 1)})), out);
    op->on_barrier({e}, out);
    BOOST_TEST(out.take() == std::vector<std::string>{R"(["a",1,1])"}, boost::test_tools::per_element());
  }
}

namespace {

/// Rows of keys [first, last).
json rows_of_keys(int first, int last, int v) {
  json rows = json::array();
  for (int i = first; i < last; ++i) {
    rows.push_back(
        {i % 5 == 0 ? "a key that is too long to be held in place " + std::to_string(i) : std::to_string(i), nullptr, v});
  }
  return rows;
}

}  // namespace

BOOST_AUTO_TEST_CASE(state_handed_over_whole_and_in_changes_restores_alike) {
  harness_case c{make(ddl, plan_over(ddl, {"k"}, output_mode::update)), {}};
  // Most change; a few do; new keys come in numbers small and large.
  for (const auto& [first, last] : {std::pair{0, 2000}, {0, 2000}, {0, 40}, {500, 2600}, {2590, 2700}, {0, 1500}, {0, 3000}}) {
    c.epochs.push_back(epoch_of(ddl, rows_of_keys(first, last, first + 1)));
  }
  check_operator(c);
}

BOOST_AUTO_TEST_CASE(state_is_handed_over_whole_when_most_of_it_changed) {
  const auto op = make(ddl, plan_over(ddl, {"k"}, output_mode::update)).make({});
  map_state_view empty;
  op->restore(empty);
  const auto snapshot_after = [&](int first, int last) {
    static std::uint64_t number = 0;
    collector out;
    op->process(0, rows_of(ddl, rows_of_keys(first, last, 1)), out);
    op->on_barrier({++number}, out);
    state_delta delta;
    op->snapshot({number}, delta);
    return delta;
  };
  const auto first = snapshot_after(0, 2000);
  BOOST_TEST(first.whole());
  const auto again = snapshot_after(0, 1900);
  BOOST_REQUIRE(again.whole());
  BOOST_TEST((again.columns()[0].keys == first.columns()[0].keys));
  const auto few = snapshot_after(0, 100);
  BOOST_TEST(!few.whole());
  BOOST_TEST(few.entries().size() == 100u);
  // Changes handed over since have become as many as there are keys.
  int deltas = 1;
  while (!snapshot_after(0, 100).whole()) ++deltas;
  BOOST_TEST(deltas == 19);
}

BOOST_AUTO_TEST_CASE(state_of_values_that_differ_in_size_is_handed_over_in_changes) {
  auto plan = plan_over(ddl, {"k"}, output_mode::update);
  plan.calls = {call(parse_schema(ddl), "l", "collect_list", "v")};
  harness_case c{make(ddl, plan), {}};
  c.epochs = {epoch_of(ddl, rows_of_keys(0, 1500, 1)), epoch_of(ddl, rows_of_keys(0, 1400, 2)),
              epoch_of(ddl, rows_of_keys(0, 1500, 3))};
  check_operator(c);
}

BOOST_AUTO_TEST_SUITE_END()
