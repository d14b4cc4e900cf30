// The plain values that the actors are shells around.
#include <random>

#include <boost/test/unit_test.hpp>

#include "actors/actor_layout.hpp"
#include "actors/barrier_aligner.hpp"
#include "actors/credit_window.hpp"
#include "actors/epoch_gate.hpp"
#include "actors/epoch_tracker.hpp"
#include "actors/epoch_watermarks.hpp"
#include "actors/inbox.hpp"
#include "actors/outbox.hpp"
#include "actors/watermark_tracker.hpp"
#include "flow/error.hpp"
#include "tests/actors/shelf_source.hpp"

using namespace flow;
using namespace flow::test;

BOOST_AUTO_TEST_SUITE(plain_values)

BOOST_AUTO_TEST_CASE(a_sender_without_credit_may_not_send) {
  credit_window window(1);
  window.spend();
  BOOST_TEST(!window.open());
  BOOST_CHECK_THROW(window.spend(), error);
  window.grant(2);
  BOOST_TEST(window.available() == 2u);
}

BOOST_AUTO_TEST_CASE(credit_comes_back_whole) {
  for (const std::uint32_t window : {2u, 3u, 8u, 16u}) {
    credit_return back(window);
    std::uint32_t granted = 0;
    for (int i = 0; i < 160; ++i) granted += back.taken();
    BOOST_TEST(160 - granted < window);
  }
}

BOOST_AUTO_TEST_CASE(windows_share_the_memory_limit) {
  BOOST_TEST(credit_window_size(256u << 20, 16) == 16u);
  BOOST_TEST(credit_window_size(32u << 20, 8) == 4u);
  BOOST_TEST(credit_window_size(1, 100) == 2u);
  BOOST_TEST(credit_window_size(1u << 30, 0) == 16u);
}

BOOST_AUTO_TEST_CASE(an_input_is_blocked_until_all_have_delivered) {
  barrier_aligner aligner(3);
  BOOST_TEST(!aligner.mark(1, epoch{1}));
  BOOST_TEST(aligner.is_blocked(1));
  BOOST_TEST(!aligner.is_blocked(0));
  BOOST_TEST(!aligner.mark(0, epoch{1}));
  BOOST_TEST(aligner.mark(2, epoch{1}));
  for (const std::size_t i : {0u, 1u, 2u}) BOOST_TEST(!aligner.is_blocked(i));
  BOOST_CHECK_THROW(aligner.mark(0, epoch{1}), error);
}

BOOST_AUTO_TEST_CASE(inputs_must_deliver_the_same_barrier) {
  barrier_aligner aligner(2);
  aligner.mark(0, epoch{2});
  BOOST_CHECK_THROW(aligner.mark(1, epoch{3}), error);
  BOOST_CHECK_THROW(aligner.mark(0, epoch{2}), error);
}

BOOST_AUTO_TEST_CASE(an_epoch_is_complete_when_all_have_acknowledged_it) {
  epoch_tracker tracker(2, epoch{4});
  BOOST_TEST((tracker.begin() == epoch{5}));
  BOOST_TEST(tracker.running());
  BOOST_CHECK_THROW(tracker.begin(), error);
  BOOST_TEST(!tracker.acknowledge(1, epoch{5}));
  BOOST_CHECK_THROW(tracker.acknowledge(1, epoch{5}), error);
  BOOST_CHECK_THROW(tracker.acknowledge(0, epoch{4}), error);
  BOOST_CHECK_THROW(tracker.committing(epoch{5}), error);
  BOOST_TEST(!tracker.committable().has_value());
  BOOST_TEST(tracker.acknowledge(0, epoch{5}));
  BOOST_TEST((tracker.committable() == epoch{5}));
  tracker.committing(epoch{5});
  BOOST_TEST(!tracker.committable().has_value());
  tracker.committed(epoch{5});
  BOOST_TEST((tracker.last() == epoch{4}));
  tracker.published(epoch{5});
  BOOST_TEST((tracker.last() == epoch{5}));
  BOOST_TEST(tracker.quiet());
  BOOST_TEST((tracker.begin() == epoch{6}));
}

BOOST_AUTO_TEST_CASE(the_next_epoch_runs_while_one_is_committed_but_is_committed_only_after_it_is_published) {
  epoch_tracker tracker(1, epoch{});
  tracker.begin();
  tracker.acknowledge(0, epoch{1});
  tracker.committing(epoch{1});
  BOOST_TEST((tracker.begin() == epoch{2}));
  tracker.committed(epoch{1});
  BOOST_TEST(tracker.acknowledge(0, epoch{2}));
  BOOST_TEST(!tracker.committable().has_value());
  BOOST_CHECK_THROW(tracker.committing(epoch{2}), error);
  BOOST_TEST(!tracker.may_begin());  // A third one would have to wait for the first.
  BOOST_CHECK_THROW(tracker.begin(), error);
  tracker.published(epoch{1});
  BOOST_TEST((tracker.committable() == epoch{2}));
  BOOST_TEST(tracker.may_begin());
}

BOOST_AUTO_TEST_CASE(epochs_are_committed_one_by_one_in_order_under_any_schedule) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    constexpr std::size_t participants = 3;
    epoch_tracker tracker(participants, epoch{7});
    std::vector<std::size_t> owed;  // Participants that have not acknowledged the newest epoch.
    int under_way = 0, step = 0;    // Of the oldest epoch: 0 before, 1 committing, 2 committed.
    std::uint64_t published = 7;
    for (int i = 0; i < 400; ++i) {
      switch (random() % 4) {
        case 0:
          BOOST_REQUIRE(tracker.may_begin() == (owed.empty() && under_way < 2));
          if (!tracker.may_begin()) break;
          tracker.begin();
          ++under_way;
          for (std::size_t who = 0; who < participants; ++who) owed.push_back(who);
          break;
        case 1:
          if (owed.empty()) break;
          std::shuffle(owed.begin(), owed.end(), random);
          BOOST_REQUIRE(tracker.acknowledge(owed.back(), tracker.newest()) == (owed.size() == 1));
          owed.pop_back();
          break;
        case 2: {
          const bool complete = under_way == 2 || (under_way == 1 && owed.empty());
          BOOST_REQUIRE(tracker.committable().has_value() == (complete && step == 0));
          if (const auto next = tracker.committable()) {
            BOOST_REQUIRE((*next == epoch{published + 1}));
            tracker.committing(*next);
            step = 1;
          }
          break;
        }
        default:
          if (step == 0) break;
          if (step == 1) {
            tracker.committed(epoch{published + 1});
            step = 2;
            break;
          }
          tracker.published(epoch{++published});
          --under_way;
          step = 0;
      }
      BOOST_REQUIRE((tracker.last() == epoch{published}));
      BOOST_REQUIRE((tracker.newest() == epoch{published + static_cast<std::uint64_t>(under_way)}));
    }
    BOOST_REQUIRE(published > 8);
  }
}

BOOST_AUTO_TEST_CASE(a_sink_gets_rows_of_an_epoch_when_its_plan_is_durable_and_the_epoch_before_committed) {
  epoch_gate gate(epoch{3}, true, false);
  BOOST_TEST(!gate.open(epoch{4}));
  gate.planned(epoch{4});
  BOOST_TEST(gate.open(epoch{4}));
  gate.planned(epoch{5});
  BOOST_TEST(!gate.open(epoch{5}));
  gate.committed(epoch{4});
  BOOST_TEST(gate.open(epoch{5}));
}

BOOST_AUTO_TEST_CASE(a_sink_that_overlaps_gets_rows_of_an_epoch_before_the_one_before_it_is_committed_but_of_no_third_one) {
  epoch_gate planned(epoch{3}, true, true), continuous(epoch{3}, false, true);
  BOOST_TEST(!planned.open(epoch{4}));
  planned.planned(epoch{6});
  for (auto* gate : {&planned, &continuous}) {
    BOOST_TEST(gate->open(epoch{5}));
    BOOST_TEST(!gate->open(epoch{6}));
    gate->committed(epoch{4});
    BOOST_TEST(gate->open(epoch{6}));
  }
}

BOOST_AUTO_TEST_CASE(halves_that_meet_in_one_instance_are_joined_and_others_are_not) {
  const auto kinds = [](int readers, int parallelism) {
    physical_plan plan;
    plan.stages.resize(2);
    plan.stages[0].source = 0;
    plan.stages[0].chain.resize(2);
    plan.stages[0].chain[0].kind = "filter";
    plan.stages[0].chain[1].kind = "first half";
    plan.stages[1].id = 1;
    plan.stages[1].inputs.push_back({0, exchange_kind::hash, {0}, 0});
    plan.stages[1].chain.resize(1);
    plan.stages[1].chain[0].kind = "second half";
    operator_spec whole;
    whole.kind = "whole";
    plan.stages[1].chain[0].whole = std::make_shared<const operator_spec>(whole);
    const stage_graph graph(plan, {readers}, parallelism);
    join_halves(plan, graph);
    std::vector<std::string> all;
    for (const auto& stage : plan.stages) {
      for (const auto& op : stage.chain) all.push_back(op.kind);
    }
    return all;
  };
  const std::vector<std::string> joined{"filter", "whole"}, apart{"filter", "first half", "second half"};
  BOOST_TEST(kinds(1, 1) == joined, boost::test_tools::per_element());
  BOOST_TEST(kinds(2, 1) == apart, boost::test_tools::per_element());
  BOOST_TEST(kinds(1, 2) == apart, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(single_instances_in_a_row_share_an_actor_and_parallel_ones_do_not) {
  physical_plan plan;
  for (int i = 0; i < 4; ++i) {
    auto& stage = plan.stages.emplace_back();
    stage.id = i;
    stage.source = i == 0 ? 0 : -1;
    stage.single = i == 2;
    if (i > 0) stage.inputs.push_back({i - 1, i == 2 ? exchange_kind::gather : exchange_kind::hash, {0}, 0});
  }
  const std::vector<bool> all{true, true, true, true, true};
  const auto driven = [&](int readers, int parallelism, const std::vector<bool>& joins, std::size_t host) {
    return actor_layout(stage_graph(plan, {readers}, parallelism), joins).driven_by(host);
  };
  using list = std::vector<std::size_t>;
  BOOST_TEST((driven(1, 1, all, 0) == list{0, 1, 2, 3, 4}));
  BOOST_TEST((driven(1, 1, {true, true, true, true, false}, 0) == list{0, 1, 2, 3}));
  BOOST_TEST((driven(1, 1, {true, false, true, true, true}, 0) == list{0}));
  BOOST_TEST((driven(1, 1, {true, false, true, true, true}, 1) == list{1, 2, 3, 4}));
  // Two instances of stages 1 and 3: 0 | 1 1 | 2 | 3 3 | sink.
  for (std::size_t who = 0; who < 7; ++who) BOOST_TEST((driven(1, 2, all, who) == list{who}));
}

BOOST_AUTO_TEST_CASE(a_watermark_is_cut_to_whole_milliseconds) {
  BOOST_TEST((watermark_behind(timestamp{10'999}, milliseconds(3)) == timestamp{7'000}));
  BOOST_TEST((watermark_behind(timestamp{-1}, milliseconds(0)) == timestamp{-1'000}));
}

BOOST_AUTO_TEST_CASE(the_least_input_decides_and_idle_ones_do_not) {
  watermark_tracker marks({{0}, {0}}, watermark_policy::min);
  marks.update(0, {0, timestamp{50}, false});
  BOOST_TEST(!marks.combined().has_value());
  marks.update(1, {0, timestamp{20}, false});
  BOOST_TEST((marks.combined() == watermark(timestamp{20})));
  marks.update(1, {0, {}, true});
  BOOST_TEST((marks.combined() == watermark(timestamp{50})));
  marks.update(1, {0, timestamp{30}, false});  // Awake again: event time does not go back.
  BOOST_TEST((marks.combined() == watermark(timestamp{50})));
}

BOOST_AUTO_TEST_CASE(two_nodes_follow_the_policy) {
  watermark_tracker least({{0}, {1}}, watermark_policy::min), greatest({{0}, {1}}, watermark_policy::max);
  for (auto* each : {&least, &greatest}) each->update(0, {0, timestamp{50}, false});
  BOOST_TEST(!least.combined().has_value());
  BOOST_TEST((greatest.combined() == watermark(timestamp{50})));
  for (auto* each : {&least, &greatest}) each->update(1, {1, timestamp{20}, false});
  BOOST_TEST((least.combined() == watermark(timestamp{20})));
  BOOST_TEST((greatest.combined() == watermark(timestamp{50})));
}

BOOST_AUTO_TEST_CASE(news_is_told_once) {
  watermark_tracker marks({{0}}, watermark_policy::min);
  marks.update(0, {0, timestamp{50}, false});
  BOOST_TEST(marks.changes().size() == 1u);
  marks.update(0, {0, timestamp{40}, false});
  BOOST_TEST(marks.changes().empty());
  marks.update(0, {0, {}, true});
  BOOST_TEST(marks.changes().front().idle);
}

BOOST_AUTO_TEST_CASE(random_updates_never_lower_a_watermark_and_never_pass_the_least_awake_input) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    watermark_tracker marks({{0}, {0}, {0}}, watermark_policy::min);
    std::vector<std::int64_t> said(3, -1);
    watermark before;
    for (int i = 0; i < 60; ++i) {
      const auto input = random() % 3;
      said[input] = std::max<std::int64_t>(said[input], static_cast<std::int64_t>(random() % 1000));
      marks.update(input, {0, timestamp{said[input]}, false});
      const auto least = *std::min_element(said.begin(), said.end());
      BOOST_REQUIRE(marks.combined().has_value() == (least >= 0));
      if (least < 0) continue;
      BOOST_REQUIRE(marks.combined()->microseconds == least);
      BOOST_REQUIRE((!before || *marks.combined() >= *before));
      before = marks.combined();
    }
  }
}

BOOST_AUTO_TEST_CASE(the_global_watermark_waits_for_every_node_and_never_falls) {
  epoch_watermarks marks({{"a", milliseconds(1)}, {"b", milliseconds(0)}}, watermark_policy::min);
  marks.observe(0, timestamp{10'000});
  BOOST_TEST(!marks.advance());
  marks.observe(1, timestamp{5'500});
  BOOST_TEST(marks.advance());
  BOOST_TEST((marks.global() == watermark(timestamp{5'000})));
  marks.observe(1, timestamp{1'000});
  BOOST_TEST(!marks.advance());
  BOOST_TEST((marks.global() == watermark(timestamp{5'000})));
}

BOOST_AUTO_TEST_CASE(under_max_an_unset_node_is_ignored) {
  epoch_watermarks marks({{"a", milliseconds(1)}, {"b", milliseconds(0)}}, watermark_policy::max);
  marks.observe(0, timestamp{10'000});
  BOOST_TEST(marks.advance());
  BOOST_TEST((marks.global() == watermark(timestamp{9'000})));
}

BOOST_AUTO_TEST_CASE(times_before_1970_set_no_watermark) {
  epoch_watermarks marks({{"a", milliseconds(0)}}, watermark_policy::min);
  marks.observe(0, timestamp{-5'000});
  BOOST_TEST(!marks.advance());
  marks.observe(0, timestamp{0});
  BOOST_TEST(!marks.advance());
  BOOST_TEST(!marks.global().has_value());
}

BOOST_AUTO_TEST_CASE(items_of_a_blocked_edge_wait_for_the_barrier_of_the_others) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    inbox in(3, 100);
    // Each edge brings epochs 1..4 of one row each with a barrier behind; rows carry their epoch.
    std::vector<int> sent(3, 0);
    std::int64_t done = 0, rows = 0;
    while (done < 4) {
      const auto edge = static_cast<std::uint32_t>(random() % 3);
      if (sent[edge] < 8) {
        const int number = sent[edge] / 2 + 1;
        if (sent[edge]++ % 2 == 0) {
          in.put(edge, make_batch({{number, 0, 0}}));
        } else {
          in.put(edge, barrier{epoch{static_cast<std::uint64_t>(number)}, {}});
        }
      }
      while (random() % 2 == 0) {
        const auto next = in.take();
        if (!next) break;
        if (const auto* got = std::get_if<batch>(&next->item)) {
          BOOST_REQUIRE(read_batch(**got).front().key == done + 1);
          ++rows;
        } else {
          ++done;
          BOOST_REQUIRE(rows == 3 * done);
        }
      }
    }
    BOOST_TEST(in.empty());
  }
}

BOOST_AUTO_TEST_CASE(rows_without_credit_hold_back_what_is_behind_them) {
  stage_graph::output out;
  out.kind = exchange_kind::broadcast;
  out.targets = {{1, 0, 0}, {1, 1, 0}};
  std::vector<std::vector<std::size_t>> sent(2);
  outbox box({out}, event_schema(), 1, {}, [&](std::uint32_t slot, stream_item item) { sent[slot].push_back(item.index()); });
  box.emit(make_batch({{1, 1, 1}}));
  box.emit(make_batch({{2, 2, 2}}));
  box.tell(barrier{epoch{1}, {}});
  BOOST_TEST(!box.drained());
  BOOST_TEST((sent[0] == std::vector<std::size_t>{0}));
  box.grant(0, 1);
  BOOST_TEST((sent[0] == std::vector<std::size_t>{0, 0, 2}));
  BOOST_TEST(!box.drained());
  box.grant(1, 1);
  BOOST_TEST(box.drained());
}

BOOST_AUTO_TEST_SUITE_END()
