// Several instances driven by one call: what leaves one is taken in by the next at once.
#include <boost/test/unit_test.hpp>

#include "actors/stage_line.hpp"
#include "flow/error.hpp"
#include "tests/actors/test_plans.hpp"
#include "tests/operators/map_state_view.hpp"

using namespace flow;
using namespace flow::test;

BOOST_AUTO_TEST_SUITE(stage_line_rules)

namespace {

/// All instances of a plan at parallelism 1 as one line, with or without its sink, and what the line has told.
class line_under_test {
 public:
  enum class sink_place { within, elsewhere };

  line_under_test(physical_plan plan, sink_place where, bool continuous = false)
      : plan_(std::move(plan)),
        graph_(plan_, std::vector<int>(plan_.sources.size(), 1), 1),
        output_(std::make_shared<open_sink>(tray_provider(shown)->make(), [] {}, std::make_shared<query_board>())) {
    line_parts parts;
    for (std::size_t stage = 0; stage < graph_.stage_count(); ++stage) parts.stages.push_back(parts_of(stage, continuous));
    if (where == sink_place::within) {
      parts.sink = output_;
      parts.sink_stage = static_cast<std::uint32_t>(graph_.stage_count());
    }
    line = std::make_unique<stage_line>(
        std::move(parts),
        stage_line::listener{
            [this](std::uint32_t slot, const stream_item& item) { told.push_back(name_of(item) + std::to_string(slot)); },
            [this](std::size_t participant, const barrier& mark, std::shared_ptr<const stage_report> report) {
              told.push_back("done " + std::to_string(mark.number.value) + " by " + std::to_string(participant));
              reports[participant] = std::move(report);
            },
            [this](const prepared_epoch& done) {
              told.push_back("prepared " + std::to_string(done.number.value) + " of " + std::to_string(done.rows));
            }});
  }

  void read(const std::vector<event>& rows) { line->head().process(0, make_batch(rows)); }
  /// What has been told since the last call.
  std::vector<std::string> news() { return std::exchange(told, {}); }

  std::shared_ptr<tray> shown = std::make_shared<tray>();
  std::unique_ptr<stage_line> line;
  std::map<std::size_t, std::shared_ptr<const stage_report>> reports;

 private:
  static std::string name_of(const stream_item& item) {
    return std::holds_alternative<batch>(item)     ? "rows on "
           : std::holds_alternative<barrier>(item) ? "barrier on "
                                                   : "mark on ";
  }

  std::shared_ptr<stage_parts> parts_of(std::size_t at, bool continuous) {
    const auto& stage = plan_.stages[at];
    auto parts = std::make_shared<stage_parts>();
    parts->stage = static_cast<std::uint32_t>(at);
    parts->participant = graph_.participant(at, 0);
    parts->place = graph_.at(at, 0);
    parts->output = stage.output;
    parts->window = 1;
    parts->continuous = continuous;
    parts->watermarks = plan_.watermarks;
    parts->own_nodes = own_watermark_nodes(stage);
    for (const auto& input : parts->place.inputs) parts->input_nodes.push_back(graph_.watermark_nodes(input.stage));
    parts->clock = [] { return timestamp{}; };
    operator_context context;
    context.continuous = continuous;
    parts->chain = std::make_unique<operator_chain>(stage.chain, context);
    parts->chain->restore([this](const std::string&) -> const state_view& { return nothing_; });
    return parts;
  }

  physical_plan plan_;
  stage_graph graph_;
  std::shared_ptr<open_sink> output_;
  flow::testing::map_state_view nothing_;
  std::vector<std::string> told;
};

using sink_place = line_under_test::sink_place;
using texts = std::vector<std::string>;

source_provider_ptr empty_shelf() { return shelf_provider(std::make_shared<shelf>(1)); }

}  // namespace

BOOST_AUTO_TEST_CASE(rows_are_in_the_sink_when_the_call_returns) {
  line_under_test t(pass_plan({empty_shelf()}), sink_place::within);
  t.read({{1, 10, 0}, {2, 20, 0}});
  BOOST_TEST(t.shown->written() == 2u);
  BOOST_TEST(t.line->drained());
  BOOST_TEST(t.news().empty());
}

BOOST_AUTO_TEST_CASE(the_sink_has_prepared_and_later_instances_have_reported_before_the_first) {
  line_under_test t(total_plan({empty_shelf()}), sink_place::within);
  t.read({{1, 10, 0}, {2, 20, 0}, {1, 5, 0}});
  BOOST_TEST(t.shown->written() == 0u);
  t.line->finish(barrier{{1}, {}, false});
  BOOST_TEST(t.news() == (texts{"prepared 1 of 2", "done 1 by 1", "done 1 by 0"}), boost::test_tools::per_element());
  BOOST_TEST(t.shown->written() == 2u);
  t.line->finish(barrier{{2}, {}, false});
  BOOST_TEST(t.news() == (texts{"prepared 2 of 0", "done 2 by 1", "done 2 by 0"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(each_instance_reports_its_own_rows_and_changes) {
  line_under_test t(total_plan({empty_shelf()}), sink_place::within);
  t.read({{1, 10, 0}, {2, 20, 0}, {1, 5, 0}});
  t.line->finish(barrier{{1}, {}, false});
  BOOST_TEST(t.reports.at(0)->rows_in == 3);
  BOOST_TEST(t.reports.at(0)->deltas.empty());
  BOOST_TEST(t.reports.at(1)->rows_in == 3);
  BOOST_REQUIRE(t.reports.at(1)->deltas.size() == 1u);
  BOOST_TEST(t.reports.at(1)->deltas[0].uid == "totals");
  BOOST_TEST(t.reports.at(1)->deltas[0].delta->entries().size() == 2u);
}

BOOST_AUTO_TEST_CASE(only_what_leaves_the_line_waits_for_credit_and_slots_count_on_over_its_instances) {
  line_under_test t(probe_plan(empty_shelf(), [] {}), sink_place::elsewhere);
  t.read({{1, 10, 0}});
  BOOST_TEST(t.news() == (texts{"rows on 1"}), boost::test_tools::per_element());
  BOOST_TEST(t.line->drained());
  t.read({{2, 20, 0}});
  BOOST_TEST(!t.line->drained());
  t.line->finish(barrier{{1}, {}, false});
  BOOST_TEST(t.news() == (texts{"done 1 by 1", "done 1 by 0"}), boost::test_tools::per_element());
  t.line->grant(1, 1);
  BOOST_TEST(t.news() == (texts{"rows on 1", "barrier on 1"}), boost::test_tools::per_element());
  BOOST_TEST(t.line->drained());
}

BOOST_AUTO_TEST_CASE(watermark_of_the_first_instance_reaches_the_next_at_once) {
  line_under_test t(hold_plan({empty_shelf()}, milliseconds(1000)), sink_place::within, true);
  t.read({{1, 10, 1000}, {2, 20, 2500}});
  BOOST_TEST(t.shown->written() == 1u);
  t.read({{3, 30, 4000}});
  BOOST_TEST(t.shown->written() == 2u);
  t.line->finish(barrier{{1}, {}, false});
  BOOST_TEST(t.reports.at(1)->passed.value().microseconds == 3'000'000);
}

BOOST_AUTO_TEST_CASE(what_an_operator_throws_comes_out_of_the_call) {
  line_under_test t(probe_plan(empty_shelf(), [] { throw error(errc::malformed_data, "no such row"); }), sink_place::within);
  BOOST_CHECK_EXCEPTION(t.read({{1, 10, 0}}), error, [](const error& e) { return e.code() == errc::malformed_data; });
}

BOOST_AUTO_TEST_CASE(closing_closes_the_sink_of_the_line_and_no_other) {
  line_under_test with(pass_plan({empty_shelf()}), sink_place::within),
      without(pass_plan({empty_shelf()}), sink_place::elsewhere);
  with.line->close();
  without.line->close();
  BOOST_TEST(with.shown->closed() == 1);
  BOOST_TEST(without.shown->closed() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
