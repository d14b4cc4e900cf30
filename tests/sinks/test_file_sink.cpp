#include <boost/test/unit_test.hpp>

#include <set>

#include "flow/error.hpp"
#include "flow/file_manifest.hpp"
#include "sinks/file_sink.hpp"
#include "tests/sinks/sink_fixture.hpp"

using namespace flow;
using test::context_of;
using test::rows_of;

namespace fs = std::filesystem;

namespace {

const std::string ddl = "k STRING, v INT";

struct file_output {
  test::temporary_directory dir;
  sink_request request;

  explicit file_output(std::vector<std::string> partition_by = {}, const std::map<std::string, std::string>& settings = {}) {
    request.options = test::make_options(settings);
    request.options.set("path", (dir.path() / "out").string());
    request.partition_by = std::move(partition_by);
  }
  fs::path path() const { return dir.path() / "out"; }

  std::unique_ptr<sink> open(const std::string& format = "json", const std::string& query = "query-1") const {
    auto result = make_file_sink(format, request)->make();
    result->open(context_of(parse_schema(ddl), output_mode::append, query));
    return result;
  }
  // Visible files below the directory, manifest apart: path -> content.
  std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> found;
    for (const auto& file : fs::recursive_directory_iterator(path())) {
      const auto below = fs::relative(file.path(), path()).generic_string();
      const bool hidden = file.path().filename().string().starts_with('.');
      if (file.is_regular_file() && !hidden && !below.starts_with(manifest_folder)) found[below] = test::read_file(file.path());
    }
    return found;
  }
};

nlohmann::json run_epoch(sink& s, std::uint64_t e, const std::string& rows) {
  s.write({e}, rows_of(ddl, rows));
  auto prepared = s.prepare({e});
  s.commit({e}, prepared);
  return prepared;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(file_sinks)

BOOST_AUTO_TEST_CASE(rows_become_visible_and_listed_at_commit_only) {
  file_output out;
  const auto sink = out.open();
  sink->write({1}, rows_of(ddl, R"([["a", 1]])"));
  sink->write({1}, rows_of(ddl, R"([["b", 2]])"));
  BOOST_TEST(out.files().empty());
  const auto prepared = sink->prepare({1});
  BOOST_TEST(out.files().empty());
  BOOST_CHECK(!manifest_files(out.path()));
  sink->commit({1}, prepared);
  const auto files = out.files();
  BOOST_REQUIRE(files.size() == 1u);
  BOOST_TEST(files.begin()->second == "{\"k\":\"a\",\"v\":1}\n{\"k\":\"b\",\"v\":2}\n");
  const auto manifest = read_manifest(out.path());
  BOOST_REQUIRE(manifest.has_value());
  BOOST_TEST(manifest->query_id == "query-1");
  BOOST_REQUIRE(manifest->epochs.size() == 1u);
  BOOST_TEST(manifest->epochs[0].files[0].path == files.begin()->first);
  BOOST_TEST(manifest->epochs[0].files[0].rows == 2);
  BOOST_TEST(manifest->epochs[0].files[0].bytes == static_cast<std::int64_t>(files.begin()->second.size()));
}

BOOST_AUTO_TEST_CASE(commit_may_be_repeated) {
  file_output out;
  const auto sink = out.open();
  const auto prepared = run_epoch(*sink, 1, R"([["a", 1]])");
  sink->commit({1}, prepared);
  out.open()->commit({1}, prepared);
  BOOST_TEST(out.files().size() == 1u);
  BOOST_TEST(read_manifest(out.path())->epochs.size() == 1u);
}

BOOST_AUTO_TEST_CASE(epochs_without_rows_leave_no_trace) {
  file_output out;
  const auto sink = out.open();
  sink->commit({1}, sink->prepare({1}));
  BOOST_TEST(out.files().empty());
  BOOST_CHECK(!read_manifest(out.path()));
  BOOST_TEST(out.open()->recover({1}, {{"files", nlohmann::json::array()}}).value == 1u);
}

BOOST_AUTO_TEST_CASE(partition_columns_become_folders_and_leave_the_files) {
  file_output out({"K"});
  const auto sink = out.open();
  run_epoch(*sink, 1, R"([["a b", 1], ["x/y:z", 2], [null, 3], ["", 4], ["a b", 5]])");
  std::map<std::string, std::string> by_folder;
  for (const auto& [path, content] : out.files()) by_folder[fs::path(path).parent_path().string()] = content;
  BOOST_TEST(by_folder.size() == 3u);
  BOOST_TEST(by_folder["k=a b"] == "{\"v\":1}\n{\"v\":5}\n");
  BOOST_TEST(by_folder["k=x%2Fy%3Az"] == "{\"v\":2}\n");
  BOOST_TEST(by_folder["k=__HIVE_DEFAULT_PARTITION__"] == "{\"v\":3}\n{\"v\":4}\n");
}

BOOST_AUTO_TEST_CASE(every_csv_file_begins_with_the_header) {
  file_output out({}, {{"header", "true"}});
  const auto sink = out.open("csv");
  run_epoch(*sink, 1, R"([["a", 1]])");
  run_epoch(*sink, 2, R"([["b", 2]])");
  BOOST_REQUIRE(out.files().size() == 2u);
  for (const auto& [path, content] : out.files()) {
    BOOST_TEST(content.starts_with("k,v\n"));
    BOOST_TEST(path.ends_with(".csv"));
  }
}

BOOST_AUTO_TEST_CASE(a_prepared_epoch_is_completed_at_the_next_start) {
  file_output out;
  nlohmann::json prepared;
  {
    const auto sink = out.open();
    sink->write({1}, rows_of(ddl, R"([["a", 1]])"));
    prepared = sink->prepare({1});
    sink->close();
  }
  BOOST_TEST(out.open()->recover({1}, prepared).value == 1u);
  BOOST_TEST(out.files().size() == 1u);
  BOOST_TEST(manifest_files(out.path())->size() == 1u);
}

BOOST_AUTO_TEST_CASE(rows_of_an_epoch_that_never_became_durable_are_removed) {
  file_output out;
  const auto first = out.open();
  first->write({1}, rows_of(ddl, R"([["a", 1]])"));
  first->prepare({1});
  out.open()->recover({0}, nullptr);
  BOOST_TEST(std::distance(fs::directory_iterator(out.path()), {}) == 0);
}

BOOST_AUTO_TEST_CASE(the_manifest_is_compacted_and_reads_the_same) {
  file_output out;
  const auto sink = out.open();
  for (std::uint64_t e = 1; e <= 25; ++e) run_epoch(*sink, e, R"([["a", )" + std::to_string(e) + "]]");
  const auto manifest = read_manifest(out.path());
  BOOST_REQUIRE(manifest->epochs.size() == 25u);
  for (std::size_t i = 0; i < 25; ++i) BOOST_TEST(manifest->epochs[i].number.value == i + 1);
  BOOST_TEST(std::distance(fs::directory_iterator(out.path() / manifest_folder), {}) == 6);
  run_epoch(*out.open(), 26, R"([["a", 26]])");
  BOOST_TEST(read_manifest(out.path())->epochs.size() == 26u);
}

BOOST_AUTO_TEST_CASE(a_directory_of_another_query_or_ahead_of_the_checkpoint_is_refused) {
  file_output out;
  const auto sink = out.open();
  const auto prepared = run_epoch(*sink, 1, R"([["a", 1]])");
  run_epoch(*sink, 2, R"([["b", 2]])");
  const auto is_mismatch = [](const error& e) { return e.code() == errc::checkpoint_mismatch; };
  BOOST_CHECK_EXCEPTION(out.open("json", "query-2")->recover({0}, nullptr), error, is_mismatch);
  BOOST_CHECK_EXCEPTION(out.open()->recover({1}, prepared), error, is_mismatch);
}

BOOST_AUTO_TEST_CASE(two_queries_that_begin_in_one_empty_directory_do_not_replace_each_others_epochs) {
  file_output out;
  const auto first = out.open(), second = out.open("json", "query-2");
  first->recover({}, nullptr);
  second->recover({}, nullptr);
  run_epoch(*first, 1, R"([["a", 1]])");
  const auto is_mismatch = [](const error& e) { return e.code() == errc::checkpoint_mismatch; };
  BOOST_CHECK_EXCEPTION(run_epoch(*second, 1, R"([["b", 2]])"), error, is_mismatch);
  BOOST_TEST(read_manifest(out.path())->query_id == "query-1");
}

BOOST_AUTO_TEST_CASE(rows_of_many_folders_do_not_pile_up_in_memory) {
  file_output out({"v"});
  const auto sink = out.open("text");
  const std::string text(900'000, 'x');
  std::uintmax_t written = 0;
  for (int v = 0; v < 100; ++v)
    sink->write({1}, batch_from_json(parse_schema(ddl), nlohmann::json::array({nlohmann::json::array({text, v})})));
  for (const auto& file : fs::recursive_directory_iterator(out.path())) {
    if (file.is_regular_file()) written += file.file_size();
  }
  BOOST_TEST(written > 20'000'000u);
  sink->commit({1}, sink->prepare({1}));
  BOOST_TEST(out.files().size() == 100u);
  for (const auto& [name, content] : out.files()) BOOST_TEST(content.size() == text.size() + 1);
}

BOOST_AUTO_TEST_CASE(a_partition_value_with_any_byte_names_a_folder_of_its_own) {
  file_output out({"k"});
  const auto sink = out.open();
  run_epoch(*sink, 1, R"([["a", 1], ["a\u0000b", 2], ["a/b", 3], ["ü %25", 4]])");
  std::set<std::string> folders;
  for (const auto& [name, content] : out.files()) folders.insert(name.substr(0, name.rfind('/')));
  BOOST_TEST(folders == (std::set<std::string>{"k=a", "k=a%00b", "k=a%2Fb", "k=ü %2525"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(only_append_mode_known_options_and_known_columns_are_taken) {
  const auto refusal = [](const sink_request& request, const std::string& schema, output_mode mode) {
    try {
      make_file_sink("csv", request)->check(*parse_schema(schema), mode);
    } catch (const error& e) {
      return std::string(to_string(e.code()));
    }
    return std::string("taken");
  };
  sink_request request;
  BOOST_CHECK_THROW(make_file_sink("csv", request), error);
  request.options.set("path", "/tmp/nowhere");
  BOOST_TEST(refusal(request, ddl, output_mode::append) == "taken");
  BOOST_TEST(refusal(request, ddl, output_mode::complete) == "unsupported_plan");
  BOOST_TEST(refusal(request, "l ARRAY<INT>", output_mode::append) == "type_mismatch");
  auto partitioned = request;
  partitioned.partition_by = {"kk"};
  BOOST_TEST(refusal(partitioned, ddl, output_mode::append) == "unknown_column");
  auto repeated = request;
  repeated.partition_by = {"k", "K"};
  BOOST_TEST(refusal(repeated, ddl, output_mode::append) == "invalid_argument");
  auto compressed = request;
  compressed.options.set("compression", "gzip");
  BOOST_TEST(refusal(compressed, ddl, output_mode::append) == "invalid_option");
  auto misspelt = request;
  misspelt.options.set("headr", "true");
  BOOST_TEST(refusal(misspelt, ddl, output_mode::append) == "unknown_option");
}

BOOST_AUTO_TEST_SUITE_END()
