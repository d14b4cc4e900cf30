#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include "flow/error.hpp"
#include "flow/operator_factory.hpp"
#include "tests/operators/operator_harness.hpp"

using namespace flow;
using namespace flow::testing;
using json = nlohmann::json;

namespace {

const std::string ddl = "id BIGINT, v INT, s STRING";

batch sample() {
  return rows_of(ddl, {{1, 10, "a"}, {2, nullptr, "b"}, {3, -5, nullptr}, {4, 7, ""}, {5, 10, "a"}, {6, nullptr, nullptr}});
}

batch emitted(const operator_spec& spec, const batch& rows) {
  collector out;
  const auto made = spec.make({});
  made->begin_epoch({1}, {});
  made->process(0, rows, out);
  return out.batches().empty() ? nullptr : out.batches().front();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(stateless)

BOOST_AUTO_TEST_CASE(filter_keeps_rows_for_which_the_predicate_is_true_and_null_is_not_true) {
  const auto rows = sample();
  check_operator({make_filter(rows->schema(), sql(rows->schema(), "v > 0")), {{{{0, rows}}}}, as_list, true},
                 {{{1, 10, "a"}, {4, 7, ""}, {5, 10, "a"}}});
}

BOOST_AUTO_TEST_CASE(filter_hands_on_the_very_batch_when_all_rows_stay_and_nothing_when_none_does) {
  const auto rows = sample();
  BOOST_TEST(emitted(make_filter(rows->schema(), sql(rows->schema(), "id > 0")), rows) == rows);
  BOOST_TEST(!emitted(make_filter(rows->schema(), sql(rows->schema(), "id > 99")), rows));
}

BOOST_AUTO_TEST_CASE(filter_project_computes_from_the_rows_that_stay) {
  const auto rows = sample();
  const auto schema = rows->schema();
  const auto spec =
      make_filter_project(schema, sql(schema, "s = 'a'"), {{"twice", sql(schema, "v * 2")}, {"s", sql(schema, "s")}});
  BOOST_TEST(spec.output->ToString() == parse_schema("twice INT, s STRING")->ToString());
  check_operator({spec, {{{{0, rows}}}, {{{0, rows->Slice(1)}}}}, as_list, true}, {{{20, "a"}, {20, "a"}}, {{20, "a"}}});
}

BOOST_AUTO_TEST_CASE(project_of_nothing_keeps_the_number_of_rows) {
  const auto rows = sample();
  const auto made = emitted(make_project(rows->schema(), {}), rows);
  BOOST_TEST(made->num_columns() == 0);
  BOOST_TEST(made->num_rows() == 6);
}

BOOST_AUTO_TEST_CASE(project_of_constants_repeats_them) {
  const auto rows = sample();
  check_operator(
      {make_project(rows->schema(), {{"one", sql(rows->schema(), "1")}}), {{{{0, rows->Slice(0, 2)}}}}, as_list, true},
      {{{1}, {1}}});
}

BOOST_AUTO_TEST_CASE(union_takes_columns_by_position_under_the_first_inputs_names) {
  const auto left = rows_of("a BIGINT, b STRING", {{1, "x"}});
  const auto right = rows_of("c BIGINT, d STRING", {{2, "y"}, {3, nullptr}});
  check_operator({make_merge(left->schema()), {{{{0, left}, {1, right}}}}, as_multiset, true},
                 {{{1, "x"}, {2, "y"}, {3, nullptr}}});
}

BOOST_AUTO_TEST_CASE(watermark_reports_the_greatest_event_time_of_the_epoch_and_passes_rows) {
  const auto rows = rows_of("t TIMESTAMP", {{at_text(5)}, {nullptr}, {at_text(9)}, {at_text(7)}});
  const auto spec = make_watermark(rows->schema(), 3, 0, minutes(10));
  BOOST_TEST(spec.watermark_node == 3);
  check_operator({spec, {{{{0, rows}}}}, as_list, true}, {{{at_text(5)}, {nullptr}, {at_text(9)}, {at_text(7)}}});

  collector out;
  const auto made = spec.make({});
  made->begin_epoch({1}, {});
  BOOST_TEST(!made->observed_event_time().has_value());
  made->process(0, rows->Slice(0, 3), out);
  made->process(0, rows->Slice(3), out);
  BOOST_TEST(made->observed_event_time()->microseconds == at(9).microseconds);
  made->begin_epoch({2}, {});
  BOOST_TEST(!made->observed_event_time().has_value());
  made->process(0, rows->Slice(1, 1), out);
  BOOST_TEST(!made->observed_event_time().has_value());
}

BOOST_AUTO_TEST_CASE(watermark_reads_the_end_of_a_window) {
  const auto rows = rows_of("w STRUCT<start: TIMESTAMP, end: TIMESTAMP>",
                            json::parse(R"([[["2024-01-01 00:00:00", "2024-01-01 00:10:00"]], [null],
                                            [["2024-01-01 00:10:00", "2024-01-01 00:20:00"]]])"));
  const auto made = make_watermark(rows->schema(), 0, 0, minutes(1)).make({});
  collector out;
  made->process(0, rows, out);
  BOOST_TEST(made->observed_event_time()->microseconds == at(20).microseconds);
}

BOOST_AUTO_TEST_SUITE_END()
