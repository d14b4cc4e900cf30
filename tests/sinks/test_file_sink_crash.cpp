#include <boost/test/unit_test.hpp>

#include <csignal>
#include <cstdlib>
#include <optional>
#include <set>

#include <sys/wait.h>
#include <unistd.h>

#include "flow/failpoint.hpp"
#include "flow/file_manifest.hpp"
#include "sinks/durable_file.hpp"
#include "sinks/file_sink.hpp"
#include "tests/sinks/sink_fixture.hpp"

using namespace flow;

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t epochs = 13;
const std::string ddl = "id INT, parity STRING";

// What an engine does with a sink: the file "checkpoint" stands for LMDB.
void run_to_the_end(const fs::path& dir) {
  sink_request request;
  request.options.set("path", (dir / "out").string());
  request.partition_by = {"parity"};
  const auto sink = make_file_sink("json", request)->make();
  sink->open(test::context_of(parse_schema(ddl)));

  nlohmann::json durable = {{"epoch", 0}, {"prepared", nullptr}};
  if (fs::exists(dir / "checkpoint")) durable = nlohmann::json::parse(test::read_file(dir / "checkpoint"));
  const epoch newest{durable["epoch"].get<std::uint64_t>()};
  BOOST_REQUIRE(sink->recover(newest, durable["prepared"]) == newest);
  for (auto e = newest.next(); e.value <= epochs; e = e.next()) {
    // Every fourth epoch has no rows.
    for (std::uint64_t i = 0; i < (e.value % 4 == 0 ? 0u : 3u); ++i) {
      const auto id = std::to_string(e.value * 10 + i);
      sink->write(e, test::rows_of(ddl, "[[" + id + ", \"" + (i % 2 == 0 ? "even" : "odd") + "\"]]"));
    }
    durable = {{"epoch", e.value}, {"prepared", sink->prepare(e)}};
    write_file_durably(dir / "checkpoint", durable.dump());
    sink->commit(e, durable["prepared"]);
  }
  sink->close();
}

// Runs this program's test below in a process of its own; the signal that ended it, or nothing.
std::optional<int> run_child(const fs::path& dir, const std::string& failpoint) {
  const auto child = ::fork();
  if (child == 0) {
    ::setenv("FLOW_CRASH_DIRECTORY", dir.c_str(), 1);
    ::setenv("FLOW_FAILPOINT", failpoint.c_str(), 1);
    ::execl("/proc/self/exe", "test_sinks", "--run_test=file_sink_crash_child/run", "--log_level=error", "--report_level=no",
            nullptr);
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) return WTERMSIG(status);
  BOOST_REQUIRE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  return std::nullopt;
}

std::multiset<int> listed_ids(const fs::path& out) {
  std::multiset<int> ids;
  for (const auto& path : manifest_files(out).value_or(std::vector<std::string>{})) {
    std::ifstream in(out / path);
    for (std::string line; std::getline(in, line);) ids.insert(nlohmann::json::parse(line)["id"].get<int>());
  }
  return ids;
}

std::multiset<int> expected_ids() {
  std::multiset<int> ids;
  for (int e = 1; e <= static_cast<int>(epochs); ++e) {
    for (int i = 0; e % 4 != 0 && i < 3; ++i) ids.insert(e * 10 + i);
  }
  return ids;
}

std::set<std::string> files_below(const fs::path& out) {
  std::set<std::string> paths;
  for (const auto& file : fs::recursive_directory_iterator(out)) {
    const auto below = fs::relative(file.path(), out).generic_string();
    if (file.is_regular_file() && !below.starts_with(manifest_folder)) paths.insert(below);
  }
  return paths;
}

}  // namespace

// Run by name in a child process only.
BOOST_AUTO_TEST_SUITE(file_sink_crash_child, *boost::unit_test::disabled())

BOOST_AUTO_TEST_CASE(run) { run_to_the_end(std::getenv("FLOW_CRASH_DIRECTORY")); }

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(file_sink_crash)

BOOST_AUTO_TEST_CASE(a_crash_at_any_step_neither_loses_nor_repeats_a_row) {
  int crashes = 0;
  for (const auto name : known_failpoints()) {
    if (!name.starts_with("sink.")) continue;
    for (const auto* pass : {":1", ":2", ":7"}) {
      const auto failpoint = std::string(name) + pass;
      BOOST_TEST_CONTEXT(failpoint) {
        test::temporary_directory dir;
        const auto signal = run_child(dir.path(), failpoint);
        if (signal) {
          BOOST_TEST(*signal == SIGKILL);
          ++crashes;
        }
        // Only the compaction is passed less than twice.
        BOOST_TEST((signal || name == "sink.compact.written"));
        const auto seen = listed_ids(dir.path() / "out");
        BOOST_TEST(std::set<int>(seen.begin(), seen.end()).size() == seen.size());
        BOOST_CHECK(!run_child(dir.path(), ""));
        BOOST_CHECK(listed_ids(dir.path() / "out") == expected_ids());
        const auto listed = manifest_files(dir.path() / "out").value();
        BOOST_CHECK(files_below(dir.path() / "out") == std::set<std::string>(listed.begin(), listed.end()));
      }
    }
  }
  BOOST_TEST(crashes > 25);
}

BOOST_AUTO_TEST_SUITE_END()
