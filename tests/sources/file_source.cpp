#include <boost/test/unit_test.hpp>

#include <nlohmann/json.hpp>

#include "flow/error.hpp"
#include "flow/types.hpp"
#include "sinks/manifest_log.hpp"
#include "tests/operators/map_state_view.hpp"
#include "tests/sources/read_all.hpp"
#include "tests/sources/temporary_directory.hpp"

namespace {

using nlohmann::json;

std::unique_ptr<flow::source> start(const std::string& format, option_list settings, const json& position = nullptr,
                                    flow::schema_ptr schema = nullptr) {
  auto source = provide(format, make_request(settings, std::move(schema)))->make(true);
  source->restore(position);
  return source;
}

std::vector<std::string> names(const std::vector<flow::source_split>& splits) {
  std::vector<std::string> out;
  for (const auto& split : splits) out.push_back(split.id.substr(split.id.rfind('/') + 1));
  return out;
}

using list = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_CASE(files_come_oldest_first_then_by_path) {
  const temporary_directory directory;
  directory.write("c", "3\n", 1'700'000'001);
  directory.write("b", "2\n", 1'700'000'002);
  directory.write("a", "1\n", 1'700'000'002);
  const auto source = start("text", {{"path", directory.path()}});
  BOOST_TEST(names(source->discover({})) == (list{"c", "a", "b"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(latest_first_reverses_the_order) {
  const temporary_directory directory;
  directory.write("old", "1\n", 1'700'000'001);
  directory.write("new", "2\n", 1'700'000'002);
  const auto source = start("text", {{"path", directory.path()}, {"latestFirst", "true"}});
  BOOST_TEST(names(source->discover({})) == (list{"new", "old"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_epoch_takes_at_most_max_files_per_trigger_unless_all_is_asked_for) {
  const temporary_directory directory;
  for (const auto* name : {"a", "b", "c"}) directory.write(name, "x\n");
  const auto source = start("text", {{"path", directory.path()}, {"maxFilesPerTrigger", "1"}});
  BOOST_TEST(names(source->discover({})) == (list{"a"}), boost::test_tools::per_element());
  BOOST_TEST(names(source->discover({true, {}})) == (list{"b", "c"}), boost::test_tools::per_element());
  BOOST_TEST(source->discover({}).empty());
}

BOOST_AUTO_TEST_CASE(an_epoch_takes_files_up_to_max_bytes_but_at_least_one) {
  const temporary_directory directory;
  for (const auto* name : {"a", "b", "c"}) directory.write(name, "12345\n");
  const auto source = start("text", {{"path", directory.path()}, {"maxBytesPerTrigger", "12"}});
  BOOST_TEST(names(source->discover({})) == (list{"a", "b"}), boost::test_tools::per_element());
  const auto narrow = start("text", {{"path", directory.path()}, {"maxBytesPerTrigger", "1"}});
  BOOST_TEST(names(narrow->discover({})) == (list{"a"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_file_that_appears_between_two_discoveries_is_found_once) {
  const temporary_directory directory;
  directory.write("a", "1\n");
  const auto source = start("text", {{"path", directory.path()}});
  BOOST_TEST(names(source->discover({})) == (list{"a"}), boost::test_tools::per_element());
  directory.write("b", "2\n", 1'700'000'005);
  BOOST_TEST(names(source->discover({})) == (list{"b"}), boost::test_tools::per_element());
  BOOST_TEST(source->discover({}).empty());
}

BOOST_AUTO_TEST_CASE(files_older_than_the_newest_by_max_file_age_are_not_read_later) {
  const temporary_directory directory;
  directory.write("new", "1\n", 1'700'000'000);
  const auto source = start("text", {{"path", directory.path()}, {"maxFileAge", "1h"}});
  source->discover({});
  directory.write("ancient", "2\n", 1'700'000'000 - 7200);
  directory.write("recent", "3\n", 1'700'000'000 - 1800);
  BOOST_TEST(names(source->discover({})) == (list{"recent"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(file_name_only_takes_one_name_once) {
  const temporary_directory directory;
  directory.write("x/a", "1\n");
  directory.write("y/a", "2\n");
  const auto source = start("text", {{"path", directory.path() + "/*"}, {"fileNameOnly", "true"}});
  BOOST_TEST(source->discover({}).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_restart_reads_the_unfinished_rest_first_and_nothing_twice) {
  const temporary_directory directory;
  directory.write("a", "1\n2\n3\n");
  directory.write("b", "4\n");
  const auto source = start("text", {{"path", directory.path()}});
  const auto splits = source->discover({});
  auto reader = source->open(splits[0], nullptr);
  flow::batch out;
  reader->read({1, 1 << 20}, out);
  flow::testing::map_state_view log;
  const std::vector<flow::split_position> unfinished{{splits[0], reader->position()}};
  log.apply(*source->take_log_changes(unfinished));
  const auto position = source->position(unfinished);
  directory.write("c", "5\n", 1'700'000'009);
  const auto again = provide("text", make_request({{"path", directory.path()}}))->make(true);
  again->restore_log(log);
  again->restore(json::parse(position.dump()));
  const auto rest = again->discover({});
  BOOST_TEST(names(rest) == (list{"a", "c"}), boost::test_tools::per_element());
  BOOST_TEST(read_splits(*again, rest) == json::parse(R"([["2"],["3"],["5"]])"));
}

BOOST_AUTO_TEST_CASE(an_adopted_plan_is_not_discovered_again) {
  const temporary_directory directory;
  directory.write("a", "1\n");
  const auto source = start("text", {{"path", directory.path()}});
  const auto planned = source->discover({});
  const auto again = start("text", {{"path", directory.path()}});
  again->adopt(planned);
  BOOST_TEST(again->discover({}).empty());
  BOOST_TEST(read_splits(*again, planned) == json::parse(R"([["1"]])"));
}

BOOST_AUTO_TEST_CASE(a_committed_file_is_deleted_or_archived_and_an_unfinished_one_is_kept) {
  const temporary_directory directory, archive;
  directory.write("a", "1\n");
  directory.write("b", "2\n");
  const auto source =
      start("text", {{"path", directory.path()}, {"cleanSource", "archive"}, {"sourceArchiveDir", archive.path()}});
  const auto splits = source->discover({});
  source->take_log_changes({{splits[1], nullptr}});
  source->commit(source->position({{splits[1], nullptr}}));
  BOOST_TEST(!std::filesystem::exists(directory.path() + "/a"));
  BOOST_TEST(std::filesystem::exists(archive.path() + directory.path() + "/a"));
  BOOST_TEST(std::filesystem::exists(directory.path() + "/b"));
  const auto deleting = start("text", {{"path", directory.path()}, {"cleanSource", "delete"}});
  deleting->discover({});
  deleting->take_log_changes({});
  deleting->commit(deleting->position({}));
  BOOST_TEST(!std::filesystem::exists(directory.path() + "/b"));
}

BOOST_AUTO_TEST_CASE(an_archive_within_the_directory_that_is_read_is_refused) {
  const temporary_directory directory;
  const auto refusal = [&](const std::string& path, const std::string& archive) {
    try {
      start("text", {{"path", path}, {"cleanSource", "archive"}, {"sourceArchiveDir", archive}});
    } catch (const flow::error& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  const auto& path = directory.path();
  BOOST_TEST(refusal(path, path + "/k=done").find("sourceArchiveDir") != std::string::npos);
  BOOST_TEST(refusal(path + "/", path).find("sourceArchiveDir") != std::string::npos);
  BOOST_TEST(refusal(path + "/in*", path + "/../" + path.substr(path.rfind('/') + 1) + "/inbox/done") != "");
  BOOST_TEST(refusal(path, path + "-done") == "");
}

BOOST_AUTO_TEST_CASE(a_link_to_a_directory_above_leads_to_no_file_twice) {
  const temporary_directory directory;
  directory.write("below/a", "1\n");
  std::filesystem::create_directory_symlink("..", directory.path() + "/below/above");
  const auto source = start("text", {{"path", directory.path()}, {"recursiveFileLookup", "true"}});
  BOOST_TEST(source->discover({}).size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_escaped_partition_value_is_text_whatever_its_bytes) {
  const temporary_directory directory;
  directory.write("k=a%2Fb%FF/f", "1\n");
  const auto source = start("text", {{"path", directory.path()}});
  BOOST_TEST(read_splits(*source, source->discover({})) == json::parse(R"([["1", "a/b\u00ff"]])"));
}

BOOST_AUTO_TEST_CASE(a_vanished_file_is_an_error_that_names_it_unless_missing_files_are_ignored) {
  const temporary_directory directory;
  directory.write("a", "1\n");
  for (const bool ignored : {false, true}) {
    const auto source = start("text", {{"path", directory.path()}, {"ignoreMissingFiles", ignored ? "true" : "false"}});
    auto split = source->discover({}).at(0);
    split.description["path"] = directory.path() + "/gone";
    if (ignored) {
      BOOST_TEST(read_split(*source, split).empty());
    } else {
      BOOST_CHECK_EXCEPTION(source->open(split, nullptr), flow::error, [](const flow::error& e) {
        return e.code() == flow::errc::unreadable_input && std::string(e.what()).find("/gone") != std::string::npos;
      });
    }
  }
}

BOOST_AUTO_TEST_CASE(a_path_that_is_not_there_is_refused_with_the_reason) {
  BOOST_CHECK_EXCEPTION(start("text", {{"path", "/nowhere/at/all"}}), flow::error, [](const flow::error& e) {
    return e.code() == flow::errc::unreadable_input && std::string(e.what()).find("No such file") != std::string::npos;
  });
}

BOOST_AUTO_TEST_CASE(unknown_options_are_refused_by_name_with_the_nearest) {
  const temporary_directory directory;
  BOOST_CHECK_EXCEPTION(start("csv", {{"path", directory.path()}, {"headr", "true"}}, nullptr, flow::parse_schema("a INT")),
                        flow::error, [](const flow::error& e) {
                          const std::string what = e.what();
                          return e.code() == flow::errc::unknown_option && what.find("headr") != std::string::npos &&
                                 what.find("header") != std::string::npos;
                        });
}

BOOST_AUTO_TEST_CASE(a_json_stream_without_a_schema_is_refused_unless_it_may_be_inferred) {
  const temporary_directory directory;
  directory.write("a", "{\"v\": 1}\n");
  BOOST_CHECK_EXCEPTION(start("json", {{"path", directory.path()}}), flow::error, [](const flow::error& e) {
    return e.code() == flow::errc::invalid_argument && std::string(e.what()).find("inferSchema") != std::string::npos;
  });
  BOOST_TEST(flow::to_ddl(*start("json", {{"path", directory.path()}, {"inferSchema", "true"}})->schema()) == "v BIGINT");
}

BOOST_AUTO_TEST_CASE(a_large_file_is_read_in_parts_that_give_every_line_once) {
  const temporary_directory directory;
  std::string text;
  std::size_t lines = 0;
  while (text.size() < (100u << 20)) {
    text += "line " + std::to_string(lines) + std::string(lines % 300, 'x') + (lines % 3 == 0 ? "\r\n" : "\n");
    ++lines;
  }
  directory.write("big", text);
  const auto source = start("text", {{"path", directory.path()}});
  const auto splits = source->discover({});
  BOOST_TEST(splits.size() == 3u);
  std::size_t seen = 0;
  for (const auto& split : splits) {
    auto reader = source->open(split, nullptr);
    flow::batch out;
    while (reader->read({1 << 20, 1 << 20}, out) == flow::read_status::rows) {
      const auto& values = static_cast<const arrow::StringArray&>(*out->column(0));
      for (std::int64_t i = 0; i < values.length(); ++i, ++seen) {
        if (values.GetView(i).size() != 5 + std::to_string(seen).size() + seen % 300) BOOST_FAIL("line " << seen << " differs");
      }
    }
  }
  BOOST_TEST(seen == lines);
}

BOOST_AUTO_TEST_CASE(only_projected_columns_are_made_partition_columns_included) {
  const temporary_directory directory;
  directory.write("k=7/a", "{\"a\": 1, \"b\": \"x\"}\n");
  const auto source =
      provide("json", make_request({{"path", directory.path()}}, flow::parse_schema("a INT, b STRING, k INT"), false))
          ->make(false);
  source->project({1, 2});
  source->restore(nullptr);
  BOOST_TEST(flow::to_ddl(*source->schema()) == "b STRING, k INT");
  BOOST_TEST(read_splits(*source, source->discover({})) == json::parse(R"([["x", 7]])"));
}

BOOST_AUTO_TEST_CASE(a_directory_written_by_the_file_sink_is_read_through_its_manifest) {
  const temporary_directory directory;
  directory.write("k=1/part-1", "committed\n");
  directory.write("k=1/part-2", "not yet\n");
  flow::manifest_log log(directory.path());
  log.add("query", {flow::epoch{1}, {{"k=1/part-1", 10, 1}}});
  const auto source = start("text", {{"path", directory.path()}});
  BOOST_TEST(read_splits(*source, source->discover({})) == json::parse(R"([["committed", 1]])"));
  log.add("query", {flow::epoch{2}, {{"k=1/part-2", 8, 1}}});
  BOOST_TEST(read_splits(*source, source->discover({})) == json::parse(R"([["not yet", 1]])"));
}

BOOST_AUTO_TEST_CASE(rows_nobody_wants_are_left_out_and_counted) {
  const temporary_directory directory;
  directory.write("a", R"({"k":"x","n":1})"
                       "\n"
                       R"({"k":"y","n":2})"
                       "\n{bad\n"
                       R"({"n":4,"k":"y"})"
                       "\n");
  for (const auto* mode : {"PERMISSIVE", "DROPMALFORMED", "FAILFAST"}) {
    const auto source =
        provide("json", make_request({{"path", directory.path()}, {"mode", mode}}, flow::parse_schema("k STRING, n INT")))
            ->make(true);
    source->want({{0, {"x"}}});
    source->restore(nullptr);
    const auto splits = source->discover({});
    if (mode == std::string("FAILFAST")) {
      BOOST_CHECK_THROW(read_splits(*source, splits), flow::error);
      continue;
    }
    auto reader = source->open(splits[0], nullptr);
    flow::batch out;
    BOOST_REQUIRE(reader->read({}, out) == flow::read_status::rows);
    const bool keeps = mode == std::string("PERMISSIVE");
    BOOST_TEST(flow::batch_to_json(*out) == json::parse(keeps ? R"([["x",1],[null,null]])" : R"([["x",1]])"), mode);
    BOOST_TEST(reader->take_left_out() == 2);
    BOOST_TEST(reader->take_left_out() == 0);
    BOOST_TEST(reader->metrics().at("malformedRows") == 1);
    BOOST_CHECK(reader->read({}, out) == flow::read_status::end);
  }
}

BOOST_AUTO_TEST_CASE(read_of_rows_that_are_all_left_out_gives_none_and_goes_on) {
  const temporary_directory directory;
  std::string text;
  for (int i = 0; i < 100; ++i)
    text += R"({"k":"y"})"
            "\n";
  directory.write("a", text + R"({"k":"x"})"
                              "\n");
  const auto source = provide("json", make_request({{"path", directory.path()}}, flow::parse_schema("k STRING")))->make(true);
  source->want({{0, {"x"}}});
  source->restore(nullptr);
  auto reader = source->open(source->discover({})[0], nullptr);
  flow::batch out;
  BOOST_REQUIRE(reader->read({4096, 200}, out) == flow::read_status::rows);
  BOOST_TEST(out->num_rows() == 0);
  BOOST_TEST(reader->position().at("offset") == 200);
  BOOST_REQUIRE(reader->read({}, out) == flow::read_status::rows);
  BOOST_TEST(flow::batch_to_json(*out) == json::parse(R"([["x"]])"));
}
