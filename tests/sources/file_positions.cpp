// What the file source records of each epoch: its position, and what has changed in its log.
#include <boost/test/unit_test.hpp>

#include <nlohmann/json.hpp>

#include "flow/error.hpp"
#include "flow/state.hpp"
#include "sources/file_log.hpp"
#include "tests/operators/map_state_view.hpp"
#include "tests/sources/read_all.hpp"
#include "tests/sources/temporary_directory.hpp"

namespace {

using flow::testing::map_state_view;
using nlohmann::json;
using list = std::vector<std::string>;

/// A source and what the checkpoint knows of it, epoch by epoch.
class recorded_source {
 public:
  explicit recorded_source(const option_list& settings) : settings_(settings) { start(); }

  std::vector<flow::source_split> discover() { return source_->discover({}); }

  /// Ends an epoch. Gives the bytes that it records.
  std::size_t end_epoch(const std::vector<flow::split_position>& unfinished = {}) {
    const auto changes = source_->take_log_changes(unfinished);
    if (changes) log_.apply(*changes);
    position_ = source_->position(unfinished);
    return position_.dump().size() + (changes ? changes->stored_bytes() : 0);
  }

  void start_again() {
    start();
    source_->restore_log(log_);
    source_->restore(json::parse(position_.dump()));
  }
  void start_from(const json& position) {
    start();
    source_->restore(position);
  }

  flow::source& source() { return *source_; }
  const json& position() const { return position_; }

  /// The log's keys, without directories.
  list keys() const {
    list out;
    log_.scan([&](std::string_view key, std::string_view) {
      const auto kind = key.substr(0, key.find(' ') + 1);
      out.push_back(std::string(kind) + std::string(key.substr(key.rfind('/') + 1)));
      return true;
    });
    return out;
  }

 private:
  void start() {
    source_ = provide("text", make_request(settings_))->make(true);
    if (position_.is_null()) source_->restore(nullptr);
  }

  option_list settings_;
  std::unique_ptr<flow::source> source_;
  map_state_view log_;
  json position_;
};

list names(const std::vector<flow::source_split>& splits) {
  list out;
  for (const auto& split : splits) out.push_back(split.id.substr(split.id.rfind('/') + 1));
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(file_positions)

BOOST_AUTO_TEST_CASE(what_an_epoch_records_does_not_grow_with_the_files_seen_before) {
  const temporary_directory directory;
  constexpr int files = 20'000, per_epoch = 100;
  for (int i = 0; i < files; ++i) directory.write("part-" + std::to_string(100'000 + i), "x\n", 1'700'000'000 + i);
  recorded_source input({{"path", directory.path()}, {"maxFilesPerTrigger", std::to_string(per_epoch)}});
  std::vector<std::size_t> bytes;
  while (!input.discover().empty()) bytes.push_back(input.end_epoch());
  BOOST_REQUIRE(bytes.size() == files / per_epoch);
  BOOST_TEST_MESSAGE("bytes of epochs 1, 2, 100, 200: " << bytes[0] << ", " << bytes[1] << ", " << bytes[99] << ", "
                                                        << bytes[199]);
  for (const auto each : bytes) BOOST_REQUIRE(each < bytes[0] + 100);
  BOOST_TEST(input.position().dump().size() < 200u);
  input.start_again();
  BOOST_TEST(input.discover().empty());
}

BOOST_AUTO_TEST_CASE(an_epoch_that_reads_on_in_open_files_records_no_file_again) {
  const temporary_directory directory;
  for (int i = 0; i < 500; ++i) directory.write("part-" + std::to_string(1000 + i), "1\n2\n3\n");
  recorded_source input({{"path", directory.path()}});
  const auto splits = input.discover();
  std::vector<flow::split_position> unread;
  for (const auto& split : splits) unread.push_back({split, nullptr});
  const auto first = input.end_epoch(unread);
  BOOST_TEST(input.keys().size() == 1000u);
  unread.front().position = {{"offset", 2}};
  BOOST_TEST(input.end_epoch(unread) < first / 100);
  unread.erase(unread.begin());
  BOOST_TEST(input.end_epoch(unread) < first / 100);
  BOOST_TEST(input.keys().size() == 999u);
  unread.front().position = {{"offset", 4}};
  input.end_epoch(unread);
  input.start_again();
  const auto rest = input.discover();
  BOOST_TEST(rest.size() == 499u);
  BOOST_TEST(rest.front().id == splits[1].id);
  BOOST_TEST(read_split(input.source(), rest[0]) == json::parse(R"([["3"]])"));
  BOOST_TEST(read_split(input.source(), rest[1]) == json::parse(R"([["1"],["2"],["3"]])"));
}

BOOST_AUTO_TEST_CASE(where_a_file_was_taken_up_stays_known_until_it_is_read_on) {
  const temporary_directory directory;
  directory.write("a", "1\n2\n3\n");
  recorded_source input({{"path", directory.path()}});
  input.end_epoch({{input.discover().at(0), {{"offset", 2}}}});
  input.start_again();
  input.end_epoch();  // Not given out yet.
  input.start_again();
  input.end_epoch({{input.discover().at(0), nullptr}});  // Given out, and not begun.
  input.start_again();
  BOOST_TEST(read_splits(input.source(), input.discover()) == json::parse(R"([["2"],["3"]])"));
  input.end_epoch();
  BOOST_TEST(input.keys() == (list{"file a"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_file_too_old_to_come_again_leaves_the_log) {
  const temporary_directory directory;
  directory.write("a", "1\n", 1'700'000'000);
  recorded_source input({{"path", directory.path()}, {"maxFileAge", "1h"}});
  input.discover();
  input.end_epoch();
  directory.write("b", "2\n", 1'700'000'000 + 7200);
  input.discover();
  input.end_epoch();
  BOOST_TEST(input.keys() == (list{"file b"}), boost::test_tools::per_element());
  input.start_again();
  BOOST_TEST(input.discover().empty());
}

BOOST_AUTO_TEST_CASE(files_added_and_forgotten_between_two_epochs_are_no_change) {
  flow::file_log log({1000});
  log.add("/a", {10});
  log.add("/b", {5000});
  log.purge();
  std::vector<std::string> changed;
  log.take_changes([&](const std::string& path, std::optional<flow::timestamp> modified) {
    changed.push_back(path + (modified ? "+" : "-"));
  });
  BOOST_TEST(changed == (list{"/b+"}), boost::test_tools::per_element());
  BOOST_TEST(!log.is_new("/a", {10}));
}

BOOST_AUTO_TEST_CASE(a_position_of_format_2_is_taken_up_and_recorded_as_a_log) {
  const temporary_directory directory;
  directory.write("a", "1\n", 1'700'000'000);
  directory.write("b", "2\n3\n", 1'700'000'001);
  recorded_source input({{"path", directory.path()}});
  const auto split = input.discover().at(1);
  const auto micros = [](std::int64_t seconds) { return seconds * 1'000'000; };
  const json former = {
      {"log",
       {{"newest", micros(1'700'000'001)},
        {"forgotten", 7},
        {"directories", {{directory.path() + "/", {"a", micros(1'700'000'000) - 7, "b", micros(1'700'000'001) - 7}}}}}},
      {"unfinished", {{{"id", split.id}, {"split", split.description}, {"position", {{"offset", 2}}}}}}};
  input.start_from(former);
  const auto rest = input.discover();
  BOOST_TEST(names(rest) == (list{"b"}), boost::test_tools::per_element());
  BOOST_TEST(read_splits(input.source(), rest) == json::parse(R"([["3"]])"));
  input.end_epoch();
  BOOST_TEST(input.keys() == (list{"file a", "file b"}), boost::test_tools::per_element());
  input.start_again();
  BOOST_TEST(input.discover().empty());
}

BOOST_AUTO_TEST_CASE(a_file_taken_up_again_is_cleaned_once_it_has_been_read) {
  const temporary_directory directory;
  directory.write("a", "1\n");
  recorded_source input({{"path", directory.path()}, {"cleanSource", "delete"}});
  input.end_epoch({{input.discover().at(0), nullptr}});
  input.start_again();
  input.source().commit(input.position());
  BOOST_TEST(std::filesystem::exists(directory.path() + "/a"));
  input.discover();
  input.end_epoch();
  BOOST_TEST(std::filesystem::exists(directory.path() + "/a"));
  input.source().commit(input.position());
  BOOST_TEST(!std::filesystem::exists(directory.path() + "/a"));
}

BOOST_AUTO_TEST_CASE(a_position_that_is_none_is_refused_as_damage) {
  const temporary_directory directory;
  const auto source = provide("text", make_request({{"path", directory.path()}}))->make(true);
  BOOST_CHECK_EXCEPTION(source->restore({{"newest", 1}}), flow::error,
                        [](const flow::error& e) { return e.code() == flow::errc::checkpoint_corrupt; });
}

BOOST_AUTO_TEST_SUITE_END()
