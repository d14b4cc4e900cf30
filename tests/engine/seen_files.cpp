// A directory of many files costs an epoch no more than one of few, and its checkpoint restores at each epoch kept.
#include <boost/test/unit_test.hpp>

#include "flow/checkpoint.hpp"
#include "tests/engine/engine_fixture.hpp"

using namespace flow;
using namespace flow::test;

BOOST_AUTO_TEST_SUITE(seen_files)

namespace {

constexpr int many = 20'000;

/// Reads all lines of `in` that are new to the checkpoint.
std::size_t rows_of(const scratch_directory& dir, const trigger& when, int files_per_trigger,
                    std::vector<nlohmann::json>* progress = nullptr) {
  received_rows got;
  const auto s = two_threads();
  auto reader = s.read_stream();
  if (files_per_trigger > 0) reader.option("maxFilesPerTrigger", files_per_trigger);
  const auto query = reader.text(dir.at("in"))
                         .write_stream()
                         .trigger(when)
                         .option("checkpointLocation", dir.at("checkpoint"))
                         .foreach ([&](const batch& rows) { got.add(rows); })
                         .start();
  if (when.what == trigger::kind::continuous) {
    query->process_all_available();
    query->stop();
  } else {
    query->await_termination();
  }
  if (progress) *progress = query->recent_progress();
  return got.size();
}

void put_many(const scratch_directory& dir) {
  std::filesystem::create_directories(dir.at("in"));
  for (int i = 0; i < many; ++i) std::ofstream(dir.at("in") + "/part-" + std::to_string(100'000 + i)) << i << "\n";
}

/// The newest epoch's record without the plan, which names the files of that epoch.
std::size_t record_bytes(const scratch_directory& dir) {
  auto record = describe_checkpoint(dir.at("checkpoint")).at("epochs").back();
  record.at("info").erase("plan");
  return record.dump().size();
}

}  // namespace

BOOST_AUTO_TEST_CASE(record_of_an_epoch_stays_small_after_twenty_thousand_files_and_modes_take_turns) {
  const scratch_directory dir;
  put_many(dir);
  std::vector<nlohmann::json> progress;
  BOOST_TEST(rows_of(dir, trigger::available_now(), 500, &progress) == static_cast<std::size_t>(many));
  BOOST_REQUIRE(progress.size() == 40u);
  for (const auto& each : progress) BOOST_TEST(each.at("sources").at(0).at("endOffset").dump().size() < 150u);
  BOOST_TEST_MESSAGE("record after " << many << " files: " << record_bytes(dir) << " bytes");
  BOOST_TEST(record_bytes(dir) < 2500u);
  const auto shown = describe_checkpoint(dir.at("checkpoint"));
  BOOST_TEST(shown.at("sourceLogs").at("0").size() == static_cast<std::size_t>(many));
  BOOST_TEST(verify_checkpoint(dir.at("checkpoint")).at("ok") == true);

  put_file(dir.at("in"), "later-1", "x\n");
  BOOST_TEST(rows_of(dir, trigger::continuous("5 ms"), 0) == 1u);
  put_file(dir.at("in"), "later-2", "x\n");
  BOOST_TEST(rows_of(dir, trigger::available_now(), 0) == 1u);
  BOOST_TEST(record_bytes(dir) < 2500u);
}

BOOST_AUTO_TEST_CASE(continuous_query_with_many_files_unread_records_each_of_them_once) {
  const scratch_directory dir;
  put_many(dir);
  std::vector<nlohmann::json> progress;
  BOOST_TEST(rows_of(dir, trigger::continuous("5 ms"), 0, &progress) == static_cast<std::size_t>(many));
  for (const auto& each : progress) BOOST_TEST(each.at("sources").at(0).at("endOffset").dump().size() < 600u);
  BOOST_TEST_MESSAGE(progress.size() << " epochs, record: " << record_bytes(dir) << " bytes");
  BOOST_TEST(record_bytes(dir) < 2500u);
  BOOST_TEST(rows_of(dir, trigger::available_now(), 0) == 0u);
}

BOOST_AUTO_TEST_CASE(older_epoch_has_the_older_log) {
  const scratch_directory dir;
  put_file(dir.at("in"), "a", "1\n");
  BOOST_TEST(rows_of(dir, trigger::available_now(), 0) == 1u);
  put_file(dir.at("in"), "b", "2\n");
  BOOST_TEST(rows_of(dir, trigger::available_now(), 0) == 1u);
  {
    const auto store = checkpoint_store::open(dir.at("checkpoint"));
    BOOST_REQUIRE(store->epochs().size() == 2u);
    store->roll_back_to(store->epochs().front());
  }
  BOOST_TEST(rows_of(dir, trigger::continuous("5 ms"), 0) == 1u);
}

BOOST_AUTO_TEST_CASE(names_of_the_sources_logs_are_refused_for_operators) {
  const auto s = two_threads();
  const auto counts = s.push_stream(words_schema()).stream().group_by("word").count();
  BOOST_CHECK_EXCEPTION(counts.uid("log of source-0"), error,
                        [](const error& e) { return std::string(e.what()).find("are the sources'") != std::string::npos; });
}

BOOST_AUTO_TEST_SUITE_END()
