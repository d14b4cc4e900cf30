// A query goes on where its checkpoint ends, however it is run next.
#include <map>

#include <boost/test/unit_test.hpp>

#include "tests/engine/engine_fixture.hpp"

using namespace flow;
using namespace flow::test;

BOOST_AUTO_TEST_SUITE(restarts)

namespace {

struct manner {
  trigger when;
  const char* store;
  int parallelism;
};

}  // namespace

BOOST_AUTO_TEST_CASE(counts_go_on_in_another_mode_state_store_and_parallelism) {
  const scratch_directory dir;
  const manner runs[] = {{trigger::available_now(), "memory", 1},
                         {trigger::continuous("5 ms"), "lmdb", 3},
                         {trigger(), "lmdb", 2},
                         {trigger::continuous("1 hour"), "memory", 4},
                         {trigger::once(), "memory", 1}};
  std::map<std::string, int> expected;
  int run = 0;
  for (const auto& how : runs) {
    std::string lines;
    for (int i = 0; i <= 20 + run; ++i) {
      const auto word = "w" + std::to_string(i % (5 + run));
      lines += word + "\n";
      ++expected[word];
    }
    put_file(dir.at("in"), "part-" + std::to_string(run++) + ".txt", lines);
    std::map<std::string, int> counted;
    const auto s = two_threads();
    const auto query = s.read_stream()
                           .text(dir.at("in"))
                           .group_by("value")
                           .count()
                           .write_stream()
                           .output_mode("complete")
                           .trigger(how.when)
                           .state_store(how.store)
                           .parallelism(how.parallelism)
                           .option("checkpointLocation", dir.at("checkpoint"))
                           .foreach_batch([&](const dataset& rows, std::int64_t) {
                             counted.clear();
                             for (const auto& row : sorted_rows(rows)) {
                               const auto values = nlohmann::json::parse(row);
                               counted[values[0].get<std::string>()] = values[1].get<int>();
                             }
                           })
                           .start();
    if (how.when.what == trigger::kind::once || how.when.what == trigger::kind::available_now) {
      query->await_termination();
    } else {
      query->process_all_available();
      query->stop();
    }
    BOOST_TEST((counted == expected),
               "run " << run << " (" << how.store << ", parallelism " << how.parallelism << ") counted otherwise");
  }
}

BOOST_AUTO_TEST_CASE(a_checkpoint_of_another_query_is_refused_before_any_row_is_read) {
  const scratch_directory dir;
  put_file(dir.at("in"), "1.txt", "a\n");
  const auto s = two_threads();
  const auto lines = s.read_stream().text(dir.at("in"));
  const auto run = [&](const dataset& rows) {
    rows.write_stream()
        .output_mode("update")
        .format("noop")
        .trigger(trigger::available_now())
        .option("checkpointLocation", dir.at("checkpoint"))
        .start()
        ->await_termination();
  };
  run(lines.group_by("value").count());
  BOOST_CHECK_EXCEPTION(run(lines.group_by(upper(col("value")).as("value"), length(col("value")).as("n")).count()), error,
                        [](const error& e) { return e.code() == errc::checkpoint_mismatch; });
  run(lines.group_by("value").count());
}

BOOST_AUTO_TEST_CASE(a_finished_input_is_not_read_again) {
  const scratch_directory dir;
  put_file(dir.at("in"), "1.txt", "a\nb\n");
  std::vector<std::size_t> rows_of_run;
  for (int run = 0; run < 2; ++run) {
    received_rows got;
    const auto s = two_threads();
    s.read_stream()
        .text(dir.at("in"))
        .write_stream()
        .trigger(trigger::available_now())
        .option("checkpointLocation", dir.at("checkpoint"))
        .foreach ([&](const batch& rows) { got.add(rows); })
        .start()
        ->await_termination();
    rows_of_run.push_back(got.size());
  }
  BOOST_TEST(rows_of_run == (std::vector<std::size_t>{2, 0}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
