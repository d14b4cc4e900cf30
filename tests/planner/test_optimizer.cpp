#include <algorithm>

#include <boost/test/unit_test.hpp>

#include "flow/flow.hpp"
#include "flow/planner.hpp"
#include "session/session_state.hpp"

using namespace flow;

namespace {

struct planned {
  session owner = session::make();
  dataset events = owner.push_stream(parse_schema("id BIGINT, user STRING, ts TIMESTAMP, v INT")).stream();

  physical_plan plan(const dataset& d, output_mode mode = output_mode::append) const {
    return make_physical_plan(*d.plan(), d.session()->lookup(), {.streaming = true, .mode = mode});
  }
};

std::size_t line_with(const std::string& text, const std::string& what) {
  const auto at = text.find(what);
  BOOST_REQUIRE_MESSAGE(at != std::string::npos, "no \"" << what << "\" in\n" << text);
  return static_cast<std::size_t>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(condition_on_other_columns_goes_below_the_watermark_and_one_on_event_time_stays_above, planned) {
  const auto text =
      plan(events.with_watermark("ts", "5 minutes").where("ts < TIMESTAMP '2024-01-01 10:25:00' AND v > 0")).optimized_text;
  const auto mark = line_with(text, "EventTimeWatermark");
  BOOST_TEST(line_with(text, "ts#") < mark);
  BOOST_TEST(line_with(text, "(v#") > mark);
}

BOOST_FIXTURE_TEST_CASE(rows_without_the_time_of_a_window_do_not_reach_the_watermark_of_another_column, planned) {
  const auto timed = events.with_column("at", expr("ts + INTERVAL 1 HOUR")).with_watermark("ts", "5 minutes");
  const auto of = [&](const char* time) {
    return plan(timed.group_by(window(col(time), "10 minutes")).count(), output_mode::update).optimized_text;
  };
  const auto other = of("at");
  BOOST_TEST(line_with(other, "IS NOT NULL") > line_with(other, "EventTimeWatermark"));
  BOOST_TEST(of("ts").find("IS NOT NULL") == std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_deduplication_reads_the_event_time_only_if_something_asks_for_it, planned) {
  const auto timed = events.with_watermark("ts", "5 minutes");
  const auto columns = [&](const dataset& d) {
    const auto made = plan(d.select("user"));
    return made.stages.back().chain.front().output->num_fields();
  };
  BOOST_TEST(columns(timed.drop_duplicates({"user"})) == 1);
  BOOST_TEST(columns(timed.drop_duplicates({"user", "ts"})) == 2);
  BOOST_TEST(columns(timed.drop_duplicates_within_watermark({"user"})) == 2);
}

BOOST_FIXTURE_TEST_CASE(event_time_in_two_columns_of_a_state_is_refused, planned) {
  const auto is_refusal = [](const error& e) { return e.code() == errc::unsupported_plan; };
  const auto timed = events.with_watermark("ts", "5 minutes");
  const auto twice = timed.with_column("at", col("ts"));
  BOOST_CHECK_EXCEPTION(plan(timed.group_by(window(col("ts"), "10 minutes"), "ts").count()), error, is_refusal);
  BOOST_CHECK_EXCEPTION(plan(twice.drop_duplicates({"user"})), error, is_refusal);
  BOOST_CHECK_NO_THROW(plan(twice.drop_duplicates({"user", "ts"}).select("user")));
}

BOOST_FIXTURE_TEST_CASE(a_delay_is_text_with_months_of_31_days_or_an_interval_literal, planned) {
  const auto delay = [&](const char* text) { return plan(events.with_watermark("ts", text)).watermarks.at(0).delay; };
  BOOST_TEST((delay("1 month 1 day") == minutes(32 * 24 * 60)));
  BOOST_TEST((delay("INTERVAL '1:30' HOUR TO MINUTE") == minutes(90)));
  BOOST_TEST((delay("1 month -31 days") == minutes(0)));
  for (const auto* text : {"5minutes", "--5 minutes", "5m", "1 nanosecond", "1 month -32 days", "interval"})
    BOOST_CHECK_THROW(delay(text), error);
}

BOOST_FIXTURE_TEST_CASE(a_window_of_a_column_named_window_is_no_other_window, planned) {
  const auto counted = events.with_watermark("ts", "5 minutes").group_by(window(col("ts"), "10 minutes")).count();
  const auto hours = counted.group_by(expr("window(window, '1 hour')"), col("window")).agg(sum("count"));
  BOOST_TEST(hours.columns() == (std::vector<std::string>{"window", "window", "sum(count)"}), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(source_reads_only_columns_that_are_used, planned) {
  const auto made = plan(events.where("v > 0").select("id"));
  BOOST_TEST((made.sources.at(0).columns == std::vector<int>{0, 3}));
  BOOST_TEST(to_ddl(*made.output) == "id BIGINT");
}

BOOST_FIXTURE_TEST_CASE(keyed_aggregation_is_partial_before_a_hash_exchange_and_final_behind_it, planned) {
  const auto made = plan(events.group_by("user").count(), output_mode::update);
  BOOST_REQUIRE(made.stages.size() == 2u);
  BOOST_TEST(made.stages[0].chain.size() == 1u);
  BOOST_TEST(made.stages[0].chain.back().stateful == false);
  const auto& input = made.stages[1].inputs.at(0);
  BOOST_TEST((input.exchange == exchange_kind::hash));
  BOOST_TEST((input.keys == std::vector<int>{0}));
  BOOST_TEST(made.stages[1].single == false);
}

BOOST_FIXTURE_TEST_CASE(aggregation_without_keys_is_gathered_to_one_instance, planned) {
  const auto made = plan(events.agg(count("*")), output_mode::update);
  BOOST_REQUIRE(made.stages.size() == 2u);
  BOOST_TEST((made.stages[1].inputs.at(0).exchange == exchange_kind::gather));
  BOOST_TEST(made.stages[1].single);
}

BOOST_FIXTURE_TEST_CASE(windowed_append_asks_for_epochs_without_data_and_plain_update_does_not, planned) {
  const auto windowed = plan(events.with_watermark("ts", "5 minutes").group_by(window(col("ts"), "10 minutes")).count());
  BOOST_TEST(windowed.watermarks.size() == 1u);
  BOOST_TEST(windowed.stages.back().chain.front().wants_no_data_epochs);
  const auto plain = plan(events.group_by("user").count(), output_mode::update);
  BOOST_TEST(!plain.stages.back().chain.front().wants_no_data_epochs);
}

BOOST_FIXTURE_TEST_CASE(update_without_keys_asks_for_epochs_without_data_since_every_epoch_emits_its_row, planned) {
  const auto total = events.with_watermark("ts", "5 minutes").agg(count("*"));
  BOOST_TEST(plan(total, output_mode::update).stages.back().chain.front().wants_no_data_epochs);
  BOOST_TEST(!plan(total, output_mode::complete).stages.back().chain.front().wants_no_data_epochs);
}

BOOST_FIXTURE_TEST_CASE(an_aggregation_in_two_halves_knows_what_does_the_work_of_both, planned) {
  const auto made = plan(events.group_by("user").count(), output_mode::update);
  BOOST_REQUIRE(made.stages.size() == 2u);
  BOOST_TEST(made.stages[0].chain.back().kind == "partial_aggregate");
  const auto& second = made.stages[1].chain.front();
  BOOST_REQUIRE(second.whole);
  BOOST_TEST(second.whole->uid == second.uid);
  BOOST_TEST(second.whole->output->Equals(*second.output));
}

BOOST_FIXTURE_TEST_CASE(sliding_windows_are_put_together_from_panes_that_meet_at_the_other_keys, planned) {
  const auto sliding = window(col("ts"), "10 minutes", "4 minutes").as("w");
  const auto timed = events.with_watermark("ts", "5 minutes");
  const auto made = plan(timed.group_by(sliding, "user").agg(sum("v")).select("w.start", "user"), output_mode::append);
  BOOST_TEST(made.physical_text.find("by panes of 2 minutes") != std::string::npos);
  BOOST_TEST(made.physical_text.find("window_sliding") == std::string::npos);
  BOOST_TEST((made.stages.at(1).inputs.at(0).keys == std::vector<int>{1}));
  const auto alone = plan(timed.group_by(sliding).count());
  BOOST_TEST((alone.stages.at(1).inputs.at(0).exchange == exchange_kind::gather));
}

BOOST_FIXTURE_TEST_CASE(sliding_windows_are_expanded_where_the_window_itself_or_the_order_of_rows_matters, planned) {
  const auto sliding = window(col("ts"), "10 minutes", "4 minutes").as("w");
  const auto keyed = events.group_by(sliding, "user");
  const auto expanded = [&](const dataset& d) {
    return plan(d, output_mode::update).physical_text.find("window_sliding") != std::string::npos;
  };
  BOOST_TEST(expanded(keyed.agg(collect_list(col("v")))));
  BOOST_TEST(expanded(keyed.agg(max(expr("window(ts, '10 minutes', '4 minutes').start")))));
  BOOST_TEST(expanded(events.with_column("w", sliding).where("w.start < ts").group_by("w").count()));
  BOOST_TEST(!expanded(events.with_column("w", sliding).where("v > 0").group_by("w").count()));
}

BOOST_FIXTURE_TEST_CASE(state_is_named_by_uid_or_by_kind_and_number, planned) {
  const auto counted = events.group_by("user").count();
  const auto named = plan_signature(plan(counted.uid("per_user"), output_mode::update), output_mode::update);
  BOOST_TEST(named.at("operators").at(0).at("uid") == "per_user");
  const auto numbered = plan_signature(plan(counted, output_mode::update), output_mode::update);
  BOOST_TEST(numbered.at("operators").at(0).at("uid") == "aggregate-0");
  BOOST_TEST(plan_differences(numbered, numbered).empty());
  BOOST_TEST(plan_differences(named, numbered).size() == 2u);
}

BOOST_FIXTURE_TEST_CASE(restart_is_refused_if_the_state_would_be_about_something_else, planned) {
  const auto differences = [&](const dataset& before, const dataset& now) {
    const auto sign = [&](const dataset& d) { return plan_signature(plan(d, output_mode::update), output_mode::update); };
    return plan_differences(sign(before), sign(now));
  };
  const auto numbers = events.select_expr("user", "ts", "v AS a", "v + 1 AS b");
  const auto summed = numbers.group_by("user").agg(sum("a"));
  const auto refused = differences(summed, numbers.group_by("user").agg(sum("b")));
  BOOST_REQUIRE(refused.size() == 1u);
  for (const auto* word : {"aggregate-0", "sum(a)", "sum(b)", "new checkpointLocation"}) {
    BOOST_TEST(refused[0].find(word) != std::string::npos, word << " in " << refused[0]);
  }
  const auto filtered = numbers.group_by("user").agg(expr("sum(a) FILTER (WHERE b > 0)"));
  BOOST_TEST(differences(summed, filtered).size() == 1u);
  BOOST_TEST(differences(events.group_by("user").count(), events.group_by(expr("upper(user)")).count()).size() == 1u);
  BOOST_TEST(
      differences(events.drop_duplicates({"user"}), events.with_column("user", expr("upper(user)")).drop_duplicates({"user"}))
          .empty());
}

BOOST_FIXTURE_TEST_CASE(restart_allows_other_filters_projections_and_names_below_the_state, planned) {
  const auto signature = [&](const dataset& d) { return plan_signature(plan(d, output_mode::update), output_mode::update); };
  const auto summed = signature(events.group_by("user").agg(sum("v")));
  const auto same = [&](const dataset& d) { return plan_differences(summed, signature(d)); };
  BOOST_TEST(same(events.where("v > 3").group_by("user").agg(sum("v"))).empty());
  BOOST_TEST(same(events.select_expr("user", "v AS x").group_by("user").agg(sum("x"))).empty());
  BOOST_TEST(same(events.with_column("v", expr("v * 2")).group_by("user").agg(sum("v"))).empty());
  BOOST_TEST(same(events.group_by("user").agg(sum("v").as("total")).where("total > 3")).empty());
  const auto windowed = [&](const std::string& time) {
    return signature(events.group_by(window(col(time), "10 minutes")).count());
  };
  BOOST_TEST(plan_differences(windowed("ts"), windowed("ts")).empty());
}

BOOST_FIXTURE_TEST_CASE(restart_is_refused_if_a_watermark_has_another_column_or_delay, planned) {
  const auto signature = [&](const dataset& d) { return plan_signature(plan(d, output_mode::append), output_mode::append); };
  const auto counted = [&](const dataset& d, const std::string& delay) {
    return signature(d.with_watermark("at", delay).group_by(window(col("at"), "10 minutes")).count());
  };
  const auto times = events.select_expr("user", "ts AS at", "ts + INTERVAL 1 HOUR AS later");
  const auto before = counted(times, "10 minutes");
  BOOST_TEST(plan_differences(before, counted(times, "10 minutes")).empty());
  BOOST_TEST(plan_differences(before, counted(times.where("user != 'x'"), "600 seconds")).empty());
  const auto delayed = plan_differences(before, counted(times, "1 hour"));
  BOOST_REQUIRE(delayed.size() == 1u);
  for (const auto* text : {"a watermark was 10 minutes behind at, which is ts,", "and is 1 hours behind at", "with_watermark()",
                           "new checkpointLocation"}) {
    BOOST_TEST(delayed[0].find(text) != std::string::npos, text << " in " << delayed[0]);
  }
  const auto marked = [&](const char* column) {
    return signature(times.with_watermark(column, "10 minutes").drop_duplicates({"user"})).at("watermarks");
  };
  auto other = before;
  other["watermarks"] = marked("later");
  const auto moved = plan_differences(before, other);
  BOOST_REQUIRE(moved.size() == 1u);
  BOOST_TEST(moved[0].find("10 minutes behind later, which is ") != std::string::npos, moved[0]);
  auto renamed = before;
  renamed["watermarks"] = signature(events.with_watermark("ts", "10 minutes").drop_duplicates({"user"})).at("watermarks");
  BOOST_TEST(plan_differences(before, renamed).empty());
}

BOOST_FIXTURE_TEST_CASE(watermarks_of_a_checkpoint_that_only_counted_them_are_compared_by_number, planned) {
  const auto now = plan_signature(plan(events.group_by("user").count(), output_mode::update), output_mode::update);
  auto stored = now;
  stored["watermarks"] = now.at("watermarks").size();
  BOOST_TEST(plan_differences(stored, now).empty());
  stored["watermarks"] = now.at("watermarks").size() + 1;
  BOOST_TEST(plan_differences(stored, now).size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(unknown_column_names_the_nearest_and_all_there_are, planned) {
  BOOST_CHECK_EXCEPTION(events.select("usr"), error, [](const error& e) {
    return e.code() == errc::unknown_column && std::string(e.what()).find("did you mean `user`") != std::string::npos;
  });
}

BOOST_FIXTURE_TEST_CASE(extended_explain_shows_all_four_plans, planned) {
  const auto text = events.group_by("user").count().explain_string(true);
  for (const auto* title :
       {"== Parsed Logical Plan ==", "== Analyzed Logical Plan ==", "== Optimized Logical Plan ==", "== Physical Plan =="}) {
    BOOST_TEST(text.find(title) != std::string::npos);
  }
}

namespace {

struct with_json : planned {
  dataset decoded(const std::string& options = "") const {
    return events.select_expr(
        "id", "from_json(user, 'a INT, b STRUCT<c: INT, d: STRING>, e STRING, _corrupt_record STRING'" + options + ") AS v");
  }
  std::string text(const dataset& d) const { return plan(d, output_mode::update).optimized_text; }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(from_json_decodes_only_members_that_are_read, with_json) {
  line_with(text(decoded().select_expr("v.a", "v.b.d")), "'STRUCT<a: INT, b: STRUCT<d: STRING>>'");
  line_with(text(decoded().where("v.e = 'x'").select_expr("v.a AS n")), "'STRUCT<a: INT, e: STRING>'");
  line_with(text(decoded().with_column_renamed("v", "w").group_by("w.a").count()), "'STRUCT<a: INT>'");
  line_with(text(events.select_expr("from_json(user, 'a INT, b INT').b + 1 AS n")), "'STRUCT<b: INT>'");
}

BOOST_FIXTURE_TEST_CASE(from_json_decodes_all_where_the_struct_or_broken_rows_are_seen, with_json) {
  constexpr auto all = "'a INT, b STRUCT<c: INT, d: STRING>, e STRING, _corrupt_record STRING'";
  line_with(text(decoded()), all);
  line_with(text(decoded().select_expr("v.a", "v")), all);
  line_with(text(decoded().select_expr("v.a", "v._corrupt_record")), all);
  line_with(text(decoded(", map('mode', 'FAILFAST')").select_expr("v.a")), all);
  line_with(text(decoded().select_expr("v").union_all(decoded().select_expr("v")).select_expr("v.a")), all);
  line_with(text(decoded(", map('mode', 'PERMISSIVE')").where("v IS NOT NULL").select_expr("v.a")), "'STRUCT<a: INT>'");
}

BOOST_FIXTURE_TEST_CASE(condition_on_decoded_members_stays_above_the_decoding, with_json) {
  const auto made = text(decoded().where("v.a > 0 AND id > 0").select_expr("v.a"));
  BOOST_TEST(line_with(made, ".a > 0") < line_with(made, "from_json"));
  BOOST_TEST(line_with(made, "(id#") > line_with(made, "from_json"));
}

BOOST_FIXTURE_TEST_CASE(json_tuple_gives_a_column_for_each_name, planned) {
  BOOST_TEST(to_ddl(*plan(events.select_expr("json_tuple(user, 'a', 'b')", "id")).output) == "c0 STRING, c1 STRING, id BIGINT");
  BOOST_TEST(to_ddl(*plan(events.select_expr("json_tuple(user, 'a', 'b') AS (x, y)")).output) == "x STRING, y STRING");
  BOOST_CHECK_EXCEPTION(plan(events.select_expr("json_tuple(user, 'a', 'b') AS x")), error, [](const error& e) {
    return std::string(e.what()).find("makes 2 columns, but 1 names are given") != std::string::npos;
  });
}

BOOST_FIXTURE_TEST_CASE(source_is_told_which_texts_the_first_condition_wants, planned) {
  const auto wanted = [&](const std::string& condition) {
    std::string text;
    const auto made = plan(events.where(condition).select("id"));
    for (const auto& one : made.sources.at(0).wanted) {
      text += std::to_string(one.column) + ":";
      for (const auto& value : one.values) text += " " + value;
      text += ';';
    }
    return text;
  };
  BOOST_TEST(wanted("user = 'a' AND v > 0") == "1: a;");
  BOOST_TEST(wanted("'a' = user") == "1: a;");
  BOOST_TEST(wanted("user IN ('a', 'b')") == "1: a b;");
  BOOST_TEST(wanted("user = 'a' OR v > 0") == "");
  BOOST_TEST(wanted("user IN ('a', NULL)") == "");
  BOOST_TEST(wanted("user != 'a'") == "");
  BOOST_TEST(wanted("upper(user) = 'A'") == "");
  BOOST_TEST(wanted("user = 5") == "");
  line_with(plan(events.where("user = 'a'").select("id")).physical_text, "[id, user], only user in ('a')");
}

BOOST_FIXTURE_TEST_CASE(join_with_a_table_gives_out_only_columns_that_are_read_above, planned) {
  const auto names = owner.create_dataset(parse_schema("user STRING, name STRING, age INT"), {});
  const auto joined = plan(events.join(names, {"user"}).select("name", "v"));
  const auto& chain = joined.stages.at(0).chain;
  const auto join = std::find_if(chain.begin(), chain.end(), [](const auto& spec) { return spec.kind == "table_join"; });
  BOOST_REQUIRE(join != chain.end());
  BOOST_TEST(to_ddl(*join->output) == "v INT, name STRING");
}
