// Several queries in a session, several sessions in a process, and what a session shows of its tables.
#include <atomic>
#include <chrono>
#include <future>
#include <sstream>
#include <thread>

#include <boost/test/unit_test.hpp>

#include "tests/engine/engine_fixture.hpp"

using namespace flow;
using namespace flow::test;

BOOST_AUTO_TEST_SUITE(sessions)

BOOST_AUTO_TEST_CASE(queries_of_a_session_run_side_by_side_over_one_input) {
  const auto s = two_threads();
  auto in = s.push_stream(words_schema());
  const auto all = in.stream().write_stream().format("memory").query_name("all").start();
  const auto totals = in.stream()
                          .group_by("word")
                          .agg(sum("n").as("n"))
                          .write_stream()
                          .output_mode("complete")
                          .format("memory")
                          .query_name("totals")
                          .start();
  in.push(words({{"a", 1}, {"b", 2}, {"a", 3}}));
  all->process_all_available();
  totals->process_all_available();
  BOOST_TEST(sorted_rows(s.table("all")) == (texts{R"(["a",1])", R"(["a",3])", R"(["b",2])"}),
             boost::test_tools::per_element());
  BOOST_TEST(sorted_rows(s.table("totals")) == (texts{R"(["a",4])", R"(["b",2])"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(streams_finds_active_queries_by_id_and_by_name) {
  const auto s = two_threads();
  auto in = s.push_stream(words_schema());
  const auto one = in.stream().write_stream().format("noop").query_name("one").start();
  const auto two = in.stream().write_stream().format("noop").start();
  BOOST_TEST(s.streams().active().size() == 2u);
  BOOST_TEST(s.streams().get("one") == one);
  BOOST_TEST(s.streams().get(two->id()) == two);
  BOOST_TEST(s.streams().get("three") == nullptr);
  one->stop();
  BOOST_TEST(s.streams().active().size() == 1u);
  BOOST_TEST(s.streams().get("one") == nullptr);
}

BOOST_AUTO_TEST_CASE(await_any_termination_returns_when_one_of_several_ends_before_or_after_the_call) {
  const auto s = two_threads();
  auto in = s.push_stream(words_schema());
  const auto one = in.stream().write_stream().format("noop").start();
  const auto failing =
      in.stream().write_stream().foreach ([](const batch&) { throw std::runtime_error("no more paper"); }).start();
  in.push(words({{"a", 1}}));
  const auto names_the_cause = [](const error& e) { return std::string(e.what()).find("no more paper") != std::string::npos; };
  BOOST_CHECK_EXCEPTION(s.streams().await_any_termination(), error, names_the_cause);
  BOOST_CHECK_EXCEPTION(s.streams().await_any_termination(), error, names_the_cause);
  BOOST_TEST(one->is_active());
}

BOOST_AUTO_TEST_CASE(two_sessions_in_a_process_do_not_share_names) {
  const auto one = two_threads(), two = two_threads();
  auto a = one.push_stream(words_schema()), b = two.push_stream(words_schema());
  const auto first = a.stream().write_stream().format("memory").query_name("t").start();
  const auto second = b.stream().write_stream().format("memory").query_name("t").start();
  a.push(words({{"a", 1}}));
  b.push(words({{"b", 2}, {"c", 3}}));
  first->process_all_available();
  second->process_all_available();
  BOOST_TEST(one.table("t").count() == 1);
  BOOST_TEST(two.table("t").count() == 2);
}

BOOST_AUTO_TEST_CASE(the_end_of_a_session_ends_its_queries_with_whole_epochs) {
  for (const auto& when : {trigger(), trigger::continuous("1 hour")}) {
    received_rows got;
    query_ptr query;
    {
      const auto s = two_threads();
      auto in = s.push_stream(words_schema());
      query = in.stream().write_stream().trigger(when).foreach ([&](const batch& rows) { got.add(rows); }).start();
      in.push(words({{"a", 1}, {"b", 2}}));
      query->process_all_available();
    }
    BOOST_TEST(!query->is_active());
    BOOST_TEST(!query->exception().has_value());
    BOOST_TEST(got.size() == 2u);
    std::int64_t rows = 0;
    for (const auto& epoch : query->recent_progress()) rows += epoch["numInputRows"].get<std::int64_t>();
    BOOST_TEST(rows == 2);  // In continuous mode the end is an epoch of its own.
    query->await_termination();
  }
}

BOOST_AUTO_TEST_CASE(an_epoch_under_way_at_the_end_of_its_session_is_given_to_foreach_batch) {
  const scratch_directory dir;
  std::string lines;
  for (int i = 0; i < 300'000; ++i) lines += "line " + std::to_string(i) + "\n";
  put_file(dir.at("in"), "a.txt", lines);
  std::int64_t rows = 0;
  for (int run = 0; run < 2; ++run) {
    const auto s = two_threads();
    const auto query = s.read_stream()
                           .text(dir.at("in"))
                           .write_stream()
                           .option("checkpointLocation", dir.at("checkpoint"))
                           .foreach_batch([&](const dataset& epoch, std::int64_t) { rows += epoch.count(); })
                           .start();
    while (run == 0 && query->status().message != "Processing new data") std::this_thread::yield();
    if (run == 1) query->process_all_available();
  }
  BOOST_TEST(rows == 300'000);
}

BOOST_AUTO_TEST_CASE(the_end_of_a_session_waits_for_a_function_that_is_called) {
  std::promise<void> called;
  std::atomic<bool> through{false};
  {
    const auto s = two_threads();
    auto in = s.push_stream(words_schema());
    in.stream()
        .write_stream()
        .foreach_batch([&](const dataset&, std::int64_t) {
          called.set_value();
          std::this_thread::sleep_for(std::chrono::milliseconds(50));
          through = true;
        })
        .start();
    in.push(words({{"a", 1}}));
    called.get_future().wait();
  }
  BOOST_TEST(through);
}

BOOST_AUTO_TEST_CASE(a_session_may_end_while_rows_are_still_coming) {
  received_rows got;
  {
    const auto s = two_threads();
    auto in = s.push_stream(words_schema());
    in.stream()
        .group_by("word")
        .count()
        .write_stream()
        .output_mode("update")
        .foreach ([&](const batch& rows) { got.add(rows); })
        .start();
    for (int i = 0; i < 200; ++i) in.push(words({{"w" + std::to_string(i), i}}));
  }
  BOOST_TEST(got.size() <= 200u);
}

BOOST_AUTO_TEST_CASE(a_memory_sink_is_queried_by_name_and_by_sql_while_it_fills) {
  const auto s = two_threads();
  auto in = s.push_stream(words_schema());
  const auto query = in.stream().write_stream().format("memory").query_name("words").start();
  const auto grown = s.sql("SELECT word, sum(n) AS n FROM words GROUP BY word");
  BOOST_TEST(grown.count() == 0);
  in.push(words({{"a", 1}}));
  query->process_all_available();
  BOOST_TEST(sorted_rows(grown) == (texts{R"(["a",1])"}), boost::test_tools::per_element());
  in.push(words({{"a", 2}, {"b", 5}}));
  query->process_all_available();
  BOOST_TEST(sorted_rows(grown) == (texts{R"(["a",3])", R"(["b",5])"}), boost::test_tools::per_element());
  BOOST_TEST(s.table("words").where("n > 1").count() == 2);
  query->stop();
  BOOST_TEST(s.table("words").count() == 3);
}

BOOST_AUTO_TEST_CASE(a_view_may_take_the_place_of_the_one_it_reads) {
  const auto s = two_threads();
  s.create_dataset(words_schema(), {words({{"a", 1}, {"b", 2}, {"c", 3}})}).create_or_replace_temp_view("v");
  const auto before = s.table("v");
  s.table("v").where("n > 1").create_or_replace_temp_view("v");
  s.sql("SELECT v.word, n FROM V WHERE n < 3").create_or_replace_temp_view("v");
  BOOST_TEST(sorted_rows(s.table("v").select("v.word")) == (texts{R"(["b"])"}), boost::test_tools::per_element());
  BOOST_TEST(before.count() == 3);
}

BOOST_AUTO_TEST_CASE(a_view_of_a_memory_table_needs_a_name_of_its_own) {
  const auto s = two_threads();
  const auto query = s.push_stream(words_schema()).stream().write_stream().format("memory").query_name("words").start();
  query->stop();
  BOOST_CHECK_EXCEPTION(s.table("words").where("n > 1").create_or_replace_temp_view("Words"), error,
                        [](const error& e) { return e.code() == errc::invalid_argument; });
}

BOOST_AUTO_TEST_CASE(an_unknown_table_is_refused_with_the_nearest_name) {
  const auto s = two_threads();
  s.create_dataset(words_schema(), {words({{"a", 1}})}).create_or_replace_temp_view("views");
  BOOST_CHECK_EXCEPTION(s.table("view"), error, [](const error& e) {
    return e.code() == errc::unknown_table && std::string(e.what()).find("`views`") != std::string::npos;
  });
}

BOOST_AUTO_TEST_CASE(extended_explain_has_four_parts) {
  const auto s = two_threads();
  const auto counts = s.push_stream(words_schema()).stream().where("n > 1").group_by("word").count();
  const auto text = counts.explain_string(true);
  std::size_t at = 0;
  for (const auto* part :
       {"== Parsed Logical Plan ==", "== Analyzed Logical Plan ==", "== Optimized Logical Plan ==", "== Physical Plan =="}) {
    const auto found = text.find(part, at);
    BOOST_REQUIRE_MESSAGE(found != std::string::npos, "explain(true) lacks " << part << ":\n" << text);
    at = found;
  }
  BOOST_TEST(counts.explain_string().find("Logical") == std::string::npos);
  BOOST_TEST(counts.explain_string().starts_with("== Physical Plan =="));
}

BOOST_AUTO_TEST_CASE(print_schema_draws_the_tree) {
  std::ostringstream out;
  two_threads().create_dataset(parse_schema("word STRING, at STRUCT<line: INT, page: INT>"), {}).print_schema(out);
  BOOST_TEST(out.str() ==
             "root\n |-- word: string (nullable = true)\n |-- at: struct (nullable = true)\n |    |-- line: integer (nullable "
             "= true)\n"
             " |    |-- page: integer (nullable = true)\n");
}

BOOST_AUTO_TEST_CASE(show_draws_the_first_rows) {
  std::ostringstream out;
  two_threads().create_dataset(words_schema(), {words({{"a", 1}, {"b", std::nullopt}, {"c", 3}})}).show(out, 2);
  BOOST_TEST(out.str() ==
             "+----+----+\n|word|   n|\n+----+----+\n|   a|   1|\n|   b|NULL|\n+----+----+\nonly showing top 2 rows\n");
}

BOOST_AUTO_TEST_CASE(a_stream_cannot_be_collected_and_a_table_cannot_be_written_as_a_stream) {
  const auto s = two_threads();
  const auto unsupported = [](const error& e) { return e.code() == errc::unsupported_plan; };
  BOOST_CHECK_EXCEPTION(s.push_stream(words_schema()).stream().collect(), error, unsupported);
  BOOST_CHECK_EXCEPTION(s.create_dataset(words_schema(), {}).write_stream().format("noop").start(), error, unsupported);
}

BOOST_AUTO_TEST_CASE(an_interval_is_shown_as_the_text_it_casts_to) {
  const auto both = two_threads().sql(
      "SELECT t - DATE '2024-01-01' AS i, CAST(t - DATE '2024-01-01' AS STRING) AS s FROM VALUES (DATE '2024-01-03') AS x(t)");
  const auto row = batch_to_json(*both.collect().at(0)).at(0);
  BOOST_TEST(row.at(0).is_string());
  BOOST_TEST(row.at(0) == row.at(1));
}

BOOST_AUTO_TEST_CASE(a_sessions_clock_tells_the_time_to_bounded_and_unbounded_queries) {
  const auto s = session::make({.threads = 1, .clock = [] { return timestamp{60'000'000}; }});
  const auto schema = words_schema();
  const std::string then = R"(["1970-01-01 00:01:00"])";
  BOOST_TEST(
      sorted_rows(s.create_dataset(schema, {words({{"a", 1}})}).select_expr("CAST(current_timestamp() AS STRING) AS t")) ==
          texts{then},
      boost::test_tools::per_element());
  auto in = s.push_stream(schema);
  const auto query = in.stream()
                         .select_expr("CAST(current_timestamp() AS STRING) AS t")
                         .write_stream()
                         .format("memory")
                         .query_name("times")
                         .start();
  in.push(words({{"a", 1}}));
  query->process_all_available();
  BOOST_TEST(sorted_rows(s.table("times")) == texts{then}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
