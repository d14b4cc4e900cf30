// A query from start() to its end, and what it says of itself.
#include <functional>
#include <future>
#include <set>

#include <boost/test/unit_test.hpp>

#include "tests/engine/engine_fixture.hpp"

using namespace flow;
using namespace flow::test;

BOOST_AUTO_TEST_SUITE(life_cycle)

BOOST_AUTO_TEST_CASE(a_query_is_active_from_start_to_stop) {
  const auto s = two_threads();
  auto in = s.push_stream(words_schema());
  const auto query = in.stream().write_stream().format("noop").start();
  BOOST_TEST(query->is_active());
  query->stop();
  BOOST_TEST(!query->is_active());
  BOOST_TEST(!query->exception().has_value());
  BOOST_TEST(query->status().message == "Stopped");
  BOOST_TEST(!query->status().is_trigger_active);
  query->stop();
  query->await_termination();
}

BOOST_AUTO_TEST_CASE(await_termination_with_a_bound_says_whether_the_query_has_ended) {
  const auto s = two_threads();
  const auto query = s.push_stream(words_schema()).stream().write_stream().format("noop").start();
  BOOST_TEST(!query->await_termination(std::chrono::milliseconds(1)));
  query->stop();
  BOOST_TEST(query->await_termination(std::chrono::milliseconds(0)));
}

BOOST_AUTO_TEST_CASE(process_all_available_returns_when_what_was_pushed_is_in_the_sink) {
  for (const auto& when : {trigger(), trigger::processing_time("1 hour"), trigger::continuous("1 hour")}) {
    const auto s = two_threads();
    auto in = s.push_stream(words_schema());
    const auto query = in.stream().write_stream().format("memory").query_name("sink").trigger(when).start();
    for (int i = 1; i <= 3; ++i) {
      in.push(words({{"a", i}}));
      query->process_all_available();
      BOOST_TEST(s.table("sink").count() == i);
    }
    query->process_all_available();
    BOOST_TEST(s.table("sink").count() == 3);
  }
}

BOOST_AUTO_TEST_CASE(a_function_that_the_query_calls_may_stop_it) {
  for (const auto& when : {trigger(), trigger::continuous("10 milliseconds")}) {
    const auto s = two_threads();
    auto in = s.push_stream(words_schema());
    query_ptr query;
    std::promise<void> started;
    const auto ready = started.get_future().share();
    query = in.stream().write_stream().trigger(when).foreach ([&](const batch&) { ready.wait(), query->stop(); }).start();
    started.set_value();
    in.push(words({{"a", 1}}));
    query->await_termination();
    BOOST_TEST(!query->is_active());
    BOOST_TEST(!query->exception().has_value());
  }
}

BOOST_AUTO_TEST_CASE(a_function_that_the_query_calls_is_refused_to_wait_for_it) {
  const std::vector<std::pair<std::string, std::function<void(streaming_query&)>>> waits{
      {"await_termination", [](auto& q) { q.await_termination(); }},
      {"await_termination", [](auto& q) { q.await_termination(std::chrono::hours(1)); }},
      {"process_all_available", [](auto& q) { q.process_all_available(); }}};
  for (const auto& [name, wait] : waits) {
    const auto s = two_threads();
    auto in = s.push_stream(words_schema());
    query_ptr query;
    std::promise<void> started;
    const auto ready = started.get_future().share();
    query = in.stream().write_stream().foreach_batch([&](const dataset&, std::int64_t) { ready.wait(), wait(*query); }).start();
    started.set_value();
    in.push(words({{"a", 1}}));
    BOOST_CHECK_EXCEPTION(query->await_termination(), error, [&](const error& e) {
      return e.code() == errc::invalid_argument &&
             std::string(e.what()).find(name + "() was called from a function that the query itself calls") !=
                 std::string::npos;
    });
  }
}

BOOST_AUTO_TEST_CASE(the_id_outlives_a_restart_and_the_run_id_does_not) {
  const scratch_directory dir;
  std::set<std::string> ids, run_ids;
  for (int run = 0; run < 2; ++run) {
    const auto s = two_threads();
    auto in = s.push_stream(words_schema());
    const auto query = in.stream().write_stream().format("noop").option("checkpointLocation", dir.at("checkpoint")).start();
    in.push(words({{"a", 1}}));
    query->process_all_available();
    BOOST_TEST(query->id() == query->last_progress()["id"].get<std::string>());
    BOOST_TEST(query->run_id() == query->last_progress()["runId"].get<std::string>());
    ids.insert(query->id());
    run_ids.insert(query->run_id());
  }
  BOOST_TEST(ids.size() == 1u);
  BOOST_TEST(run_ids.size() == 2u);
}

BOOST_AUTO_TEST_CASE(progress_has_sparks_names_and_the_epochs_counts) {
  const auto s = two_threads();
  auto in = s.push_stream(words_schema());
  const auto query =
      in.stream().group_by("word").count().write_stream().output_mode("update").format("noop").query_name("counts").start();
  BOOST_TEST(query->name() == "counts");
  BOOST_TEST(query->last_progress().is_null());
  in.push(words({{"a", 1}, {"b", 2}, {"a", 3}}));
  query->process_all_available();
  const auto p = query->last_progress();
  for (const auto* name : {"id", "runId", "name", "timestamp", "batchId", "batchDuration", "numInputRows", "inputRowsPerSecond",
                           "processedRowsPerSecond", "durationMs", "eventTime", "stateOperators", "sources", "sink"}) {
    BOOST_TEST(p.contains(name), "progress lacks " << name);
  }
  BOOST_TEST(p["name"] == "counts");
  BOOST_TEST(p["batchId"] == 0);
  BOOST_TEST(p["numInputRows"] == 3);
  BOOST_TEST(p["sources"].size() == 1u);
  BOOST_TEST(p["sources"][0]["numInputRows"] == 3);
  for (const auto* name : {"description", "startOffset", "endOffset", "latestOffset"})
    BOOST_TEST(p["sources"][0].contains(name));
  BOOST_TEST(p["sink"]["numOutputRows"] == 2);
  BOOST_TEST(p["stateOperators"][0]["numRowsTotal"] == 2);
  BOOST_TEST(p["stateOperators"][0]["numRowsUpdated"] == 2);
  BOOST_TEST(p["durationMs"].contains("triggerExecution"));
}

BOOST_AUTO_TEST_CASE(recent_progress_lists_the_epochs_in_order) {
  const auto s = two_threads();
  auto in = s.push_stream(words_schema());
  const auto query = in.stream().write_stream().format("noop").start();
  for (int i = 0; i < 5; ++i) {
    in.push(words({{"a", i}}));
    query->process_all_available();
  }
  const auto recent = query->recent_progress();
  BOOST_REQUIRE(recent.size() == 5u);
  for (std::size_t i = 0; i < recent.size(); ++i) BOOST_TEST(recent[i]["batchId"] == i);
  BOOST_TEST(recent.back() == query->last_progress());
}

BOOST_AUTO_TEST_CASE(what_a_users_function_throws_ends_the_query_and_is_rethrown_with_its_text) {
  const auto text_of = [](const std::function<void()>& call) {
    try {
      call();
    } catch (const error& e) {
      BOOST_TEST(to_string(e.code()) == to_string(errc::query_failed));
      return std::string(e.what());
    }
    return std::string("nothing was thrown");
  };
  for (const bool whole_epochs : {false, true}) {
    const auto s = two_threads();
    auto in = s.push_stream(words_schema());
    auto writer = in.stream().write_stream();
    if (whole_epochs) {
      writer.foreach_batch([](const dataset&, std::int64_t) { throw std::runtime_error("the shop is closed"); });
    } else {
      writer.foreach ([](const batch&) { throw std::runtime_error("the shop is closed"); });
    }
    const auto query = writer.start();
    in.push(words({{"a", 1}}));
    BOOST_TEST(text_of([&] { query->await_termination(); }).find("the shop is closed") != std::string::npos);
    BOOST_TEST(!query->is_active());
    BOOST_REQUIRE(query->exception().has_value());
    BOOST_TEST(text_of([&] { throw *query->exception(); }).find("the shop is closed") != std::string::npos);
    BOOST_TEST(query->status().message.find("the shop is closed") != std::string::npos);
    BOOST_CHECK_THROW(query->process_all_available(), error);
    BOOST_CHECK_THROW(query->await_termination(std::chrono::milliseconds(0)), error);
    query->stop();  // Does not throw: there is nothing left to stop.
  }
}

BOOST_AUTO_TEST_CASE(a_writer_that_was_told_no_sink_is_refused) {
  const auto s = two_threads();
  BOOST_CHECK_EXCEPTION(s.push_stream(words_schema()).stream().write_stream().start(), error,
                        [](const error& e) { return e.code() == errc::invalid_argument; });
}

BOOST_AUTO_TEST_CASE(a_running_querys_name_and_checkpoint_are_its_own) {
  const scratch_directory dir;
  const auto s = two_threads();
  auto in = s.push_stream(words_schema());
  const auto start = [&](const std::string& name) {
    return in.stream()
        .write_stream()
        .format("noop")
        .query_name(name)
        .option("checkpointLocation", dir.at("checkpoint"))
        .start();
  };
  const auto query = start("one");
  BOOST_CHECK_EXCEPTION(start("one"), error, [](const error& e) { return e.code() == errc::illegal_state; });
  BOOST_CHECK_EXCEPTION(start("two"), error, [](const error& e) { return e.code() == errc::checkpoint_locked; });
  query->stop();
  start("one")->stop();
}

BOOST_AUTO_TEST_CASE(explain_of_a_query_is_its_physical_plan) {
  const auto s = two_threads();
  const auto query = s.push_stream(words_schema()).stream().where("n > 1").write_stream().format("noop").start();
  BOOST_TEST(query->explain().find("PushSource") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
