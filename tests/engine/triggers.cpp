// When epochs run.
#include <future>

#include <boost/test/unit_test.hpp>

#include "tests/engine/engine_fixture.hpp"

using namespace flow;
using namespace flow::test;

BOOST_AUTO_TEST_SUITE(triggers)

namespace {

/// Five files of one line each.
void put_five_files(const std::string& directory) {
  for (int i = 0; i < 5; ++i) put_file(directory, std::to_string(i) + ".txt", "line " + std::to_string(i) + "\n");
}

}  // namespace

BOOST_AUTO_TEST_CASE(available_now_takes_what_is_there_in_epochs_of_the_sources_limit_and_ends) {
  const scratch_directory dir;
  put_five_files(dir.at("in"));
  const auto s = two_threads();
  const auto lines = s.read_stream().option("maxFilesPerTrigger", 2).text(dir.at("in"));
  const auto query = lines.write_stream().format("memory").query_name("lines").trigger(trigger::available_now()).start();
  query->await_termination();
  BOOST_TEST(s.table("lines").count() == 5);
  const auto epochs = query->recent_progress();
  BOOST_REQUIRE(epochs.size() == 3u);
  BOOST_TEST(epochs[0]["numInputRows"] == 2);
  BOOST_TEST(epochs[1]["numInputRows"] == 2);
  BOOST_TEST(epochs[2]["numInputRows"] == 1);
}

BOOST_AUTO_TEST_CASE(once_takes_all_in_one_epoch_whatever_the_sources_limit) {
  const scratch_directory dir;
  put_five_files(dir.at("in"));
  const auto s = two_threads();
  const auto lines = s.read_stream().option("maxFilesPerTrigger", 2).text(dir.at("in"));
  const auto query = lines.write_stream().format("noop").trigger(trigger::once()).start();
  query->await_termination();
  BOOST_REQUIRE(query->recent_progress().size() == 1u);
  BOOST_TEST(query->last_progress()["numInputRows"] == 5);
}

BOOST_AUTO_TEST_CASE(the_default_trigger_runs_an_epoch_as_soon_as_there_are_rows) {
  const auto s = two_threads();
  auto in = s.push_stream(words_schema());
  std::promise<std::int64_t> first;
  const auto query = in.stream()
                         .write_stream()
                         .foreach_batch([&](const dataset&, std::int64_t id) {
                           if (id == 0) first.set_value(id);
                         })
                         .start();
  in.push(words({{"a", 1}}));
  BOOST_TEST(first.get_future().get() == 0);  // Nobody waits for all that is available: the rows alone bring it about.
  query->stop();
}

BOOST_AUTO_TEST_CASE(processing_time_leaves_rows_until_the_interval_is_over) {
  const auto s = two_threads();
  auto in = s.push_stream(words_schema());
  const auto query = in.stream().write_stream().format("noop").trigger(trigger::processing_time("1000 days")).start();
  in.push(words({{"a", 1}}));
  query->process_all_available();
  in.push(words({{"a", 2}}));
  BOOST_TEST(!query->await_termination(std::chrono::milliseconds(50)));
  BOOST_TEST(query->recent_progress().size() == 1u);
  query->stop();
}

BOOST_AUTO_TEST_CASE(processing_time_runs_an_epoch_at_each_interval) {
  const auto s = two_threads();
  auto in = s.push_stream(words_schema());
  std::promise<void> second;
  const auto query = in.stream()
                         .write_stream()
                         .trigger(trigger::processing_time("5 ms"))
                         .foreach_batch([&](const dataset&, std::int64_t id) {
                           if (id == 0) in.push(words({{"a", 2}}));
                           if (id == 1) second.set_value();
                         })
                         .start();
  in.push(words({{"a", 1}}));
  second.get_future().wait();
  query->stop();
}

BOOST_AUTO_TEST_CASE(continuous_hands_rows_on_before_any_barrier) {
  const auto s = two_threads();
  auto in = s.push_stream(words_schema());
  std::promise<std::string> first;
  const auto query = in.stream()
                         .write_stream()
                         .trigger(trigger::continuous("1 hour"))
                         .foreach ([&](const batch& rows) { first.set_value(batch_to_json(*rows).dump()); })
                         .start();
  in.push(words({{"a", 1}}));
  BOOST_TEST(first.get_future().get() == R"([["a",1]])");
  BOOST_TEST(query->last_progress().is_null());
  query->stop();
  BOOST_TEST(query->last_progress()["numInputRows"] == 1);  // The end is a barrier.
}

BOOST_AUTO_TEST_CASE(continuous_checkpoints_at_its_interval) {
  const auto s = two_threads();
  auto in = s.push_stream(words_schema());
  std::promise<void> second;
  const auto query = in.stream()
                         .write_stream()
                         .trigger(trigger::continuous("5 ms"))
                         .foreach_batch([&](const dataset& rows, std::int64_t id) {
                           if (id == 0 && rows.count() > 0) in.push(words({{"a", 2}}));
                           if (id == 1) second.set_value();
                         })
                         .start();
  in.push(words({{"a", 1}}));
  second.get_future().wait();
  query->stop();
}

BOOST_AUTO_TEST_CASE(a_continuous_interval_must_be_positive) {
  BOOST_CHECK_EXCEPTION(trigger::continuous("0 seconds"), error,
                        [](const error& e) { return e.code() == errc::invalid_argument; });
}

BOOST_AUTO_TEST_CASE(a_rate_source_counts_up_from_zero) {
  const auto s = two_threads();
  received_rows got;
  std::promise<void> some;
  std::atomic<bool> told{false};
  const auto query = s.read_stream()
                         .format("rate")
                         .option("rowsPerSecond", 1000)
                         .load()
                         .select("value")
                         .write_stream()
                         .foreach ([&](const batch& rows) {
                           got.add(rows);
                           if (got.size() >= 100 && !told.exchange(true)) some.set_value();
                         })
                         .start();
  some.get_future().wait();
  query->stop();
  std::vector<std::int64_t> values;
  for (const auto& row : got.sorted()) values.push_back(nlohmann::json::parse(row)[0].get<std::int64_t>());
  std::sort(values.begin(), values.end());
  for (std::size_t i = 0; i < values.size(); ++i) BOOST_REQUIRE(values[i] == static_cast<std::int64_t>(i));
}

BOOST_AUTO_TEST_SUITE_END()
