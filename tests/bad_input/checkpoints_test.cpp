// Checkpoints that do not fit, are damaged, or are in use: refused before any row is read, and left as they were.
#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <fstream>

#include <flow/checkpoint.hpp>

#include "tests/bad_input/fixture.hpp"

using namespace flow;
using namespace flow::test;

namespace {

struct kept_query : workshop {
  kept_query() {
    mkdir("in");
    dir.write("in/1", "{\"user\":\"ann\",\"ms\":1}\n{\"user\":\"bob\",\"ms\":2}\n");
    run(counts());
  }

  dataset input() const { return s.read_stream().schema("user STRING, ms INT").json(path("in")); }
  dataset counts() const { return input().group_by("user").count(); }
  query_ptr start(const dataset& rows, std::string_view mode = "complete") {
    return rows.write_stream()
        .output_mode(mode)
        .option("checkpointLocation", path("checkpoint"))
        .trigger(trigger::available_now())
        .foreach_batch([this](const dataset& result, std::int64_t) {
          newest = nlohmann::json::array();
          for (const auto& part : result.collect()) {
            for (const auto& row : batch_to_json(*part)) newest.push_back(row);
          }
          std::sort(newest.begin(), newest.end());
        })
        .start();
  }
  void run(const dataset& rows) { start(rows)->await_termination(); }
  /// One more row: the counts must be those of all rows.
  void goes_on() {
    dir.write("in/2", "{\"user\":\"ann\",\"ms\":3}\n");
    run(counts());
    check_rows(newest, R"([["ann", 2], ["bob", 1]])");
  }
  std::string state_file() const { return path("checkpoint/state.lmdb"); }

  nlohmann::json newest;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(wrong_checkpoints, kept_query)

BOOST_AUTO_TEST_CASE(other_aggregate_is_refused_with_the_difference) {
  check_refused(errc::checkpoint_mismatch,
                {path("checkpoint"), "written by another query", "has another shape", "start with a new checkpointLocation"},
                [&] { start(input().group_by("user").agg(sum("ms").as("total"))); });
  goes_on();
}

BOOST_AUTO_TEST_CASE(other_verbs_modes_and_sources_are_refused_with_the_difference) {
  check_refused(errc::checkpoint_mismatch, {"no longer has", "put the verb back"}, [&] { start(input(), "append"); });
  check_refused(errc::checkpoint_mismatch, {"the output mode was complete and is update"}, [&] { start(counts(), "update"); });
  check_refused(errc::checkpoint_mismatch, {"is new to this checkpoint"},
                [&] { start(input().drop_duplicates({"ms"}).group_by("user").count()); });
  mkdir("other");
  const auto elsewhere = s.read_stream().schema("user STRING, ms INT").json(path("other")).group_by("user").count();
  check_refused(errc::checkpoint_mismatch, {path("in"), path("other")}, [&] { start(elsewhere); });
  goes_on();
}

BOOST_AUTO_TEST_CASE(checkpoint_in_use_names_its_owner) {
  {
    const auto owner = checkpoint_store::open(path("checkpoint"));
    check_refused(errc::checkpoint_locked,
                  {path("checkpoint"), "in use by", std::to_string(::getpid()), "stop that query first"},
                  [&] { start(counts()); });
  }
  goes_on();
}

BOOST_AUTO_TEST_CASE(truncated_state_is_refused_and_a_copy_restores_it) {
  std::filesystem::copy(path("checkpoint"), path("copy"), std::filesystem::copy_options::recursive);
  std::filesystem::resize_file(state_file(), 5000);
  check_refused(errc::checkpoint_corrupt, {state_file(), "restore the file from a copy"}, [&] { start(counts()); });
  std::filesystem::copy(path("copy"), path("checkpoint"),
                        std::filesystem::copy_options::recursive | std::filesystem::copy_options::overwrite_existing);
  goes_on();
}

BOOST_AUTO_TEST_CASE(overwritten_state_is_refused) {
  std::ofstream(state_file(), std::ios::binary) << std::string(100'000, 'x');
  check_refused(errc::checkpoint_corrupt, {state_file(), "restore the file from a copy"}, [&] { start(counts()); });
}

BOOST_AUTO_TEST_CASE(output_of_another_query_is_not_mixed) {
  const auto write = [&](const std::string& checkpoint) {
    input()
        .write_stream()
        .format("json")
        .option("checkpointLocation", path(checkpoint))
        .trigger(trigger::available_now())
        .start(path("out"))
        ->await_termination();
  };
  write("first");
  check_refused(errc::checkpoint_mismatch, {path("out"), "another query", "empty directory"}, [&] { write("second"); });
  write("first");
}

BOOST_AUTO_TEST_SUITE_END()
