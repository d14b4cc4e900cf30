// The programs as a user meets them: exit code 2 and a hint for a wrong command line, 1 and one line for what fails, nothing on
// stdout.
#include <boost/test/unit_test.hpp>

#include <sys/stat.h>

#include <flow/checkpoint.hpp>

#include "tests/bad_input/program_run.hpp"
#include "tests/bad_input/refusal.hpp"
#include "tests/sources/temporary_directory.hpp"

using namespace flow;
using namespace flow::test;

namespace {

struct shell {
  temporary_directory dir;

  std::string path(const std::string& name) const { return dir.path() + "/" + name; }
  static void check(const program_run& run, int code, std::initializer_list<std::string_view> parts) {
    BOOST_TEST(run.code == code, "exit code " << run.code << ", stderr: " << run.err);
    BOOST_TEST(run.out == "");
    check_says(run.err, parts);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(programs, shell)

BOOST_AUTO_TEST_CASE(usage_errors_have_code_2_and_say_what_is_expected) {
  check(run_program("word_count", {"--socket", "localhost"}), 2, {"--socket", "HOST:PORT", "\"localhost\"", "--help"});
  check(run_program("word_count", {"--socket", "localhost:99999"}), 2, {"--socket", "from 1 to 65535"});
  check(run_program("word_count", {"--trigger", "often"}), 2, {"--trigger", "available-now", "5 seconds", "\"often\""});
  check(run_program("word_count", {"--mode", "batch"}), 2, {"--mode", "batch", "micro-batch", "continuous"});
  check(run_program("word_count", {"--inptu", "x"}), 2, {"--inptu", "did you mean --input?"});
  check(run_program("word_count", {"--input", "x", "--socket", "localhost:1"}), 2, {"--input", "--socket"});
  check(run_program("page_views", {"--input", "x"}), 2, {"--output is required"});
  check(run_program("user_log_count", {}), 2, {"--input is required"});
  check(run_program("flow", {}), 2, {"subcommand"});
  check(run_program("flow", {"cat", "--formt", "json", "x"}), 2, {"--formt", "did you mean --format?"});
  check(run_program("flow", {"chekpoint", "show", "x"}), 2, {"chekpoint", "did you mean checkpoint?"});
  check(run_program("flow", {"checkpoint", "shwo", "x"}), 2, {"shwo", "did you mean show?"});
}

BOOST_AUTO_TEST_CASE(help_has_code_0_and_names_every_option) {
  for (const auto* program : {"word_count", "page_views", "user_log_count"}) {
    const auto run = run_program(program, {"--help"});
    BOOST_TEST(run.code == 0);
    check_says(run.out, {"--input", "--checkpoint", "--mode", "--trigger", "--state", "--parallelism"});
  }
  const auto run = run_program("flow", {"--help"});
  BOOST_TEST(run.code == 0);
  check_says(run.out, {"cat", "checkpoint", "functions"});
}

BOOST_AUTO_TEST_CASE(bounds_below_zero_are_refused) {
  for (const auto* program : {"word_count", "page_views"}) {
    check(run_program(program, {"--input", "x", "--output", "y", "--max-files-per-trigger", "-1"}), 2,
          {"--max-files-per-trigger", "-1"});
  }
}

BOOST_AUTO_TEST_CASE(empty_paths_are_refused_instead_of_taken_for_none) {
  check(run_program("word_count", {"--input", ""}), 2, {"--input", "expected a path"});
  check(run_program("word_count", {"--checkpoint", ""}), 2, {"--checkpoint", "expected a path"});
  check(run_program("page_views", {"--input", "x", "--output", ""}), 2, {"--output", "expected a path"});
}

BOOST_AUTO_TEST_CASE(output_that_cannot_be_written_is_no_success) {
  dir.write("in/a.txt", "a\n");
  const auto into_full_device = [](const std::string& program, const std::vector<std::string>& arguments) {
    return run_program(program, arguments, rights::all, "/dev/full");
  };
  check(into_full_device("flow", {"functions"}), 1, {"cannot write", "standard output"});
  check(into_full_device("flow", {"cat", "--format", "text", path("in")}), 1, {"cannot write", "standard output"});
  check(into_full_device("word_count", {"--input", path("in"), "--trigger", "once"}), 1, {"cannot write", "standard output"});
}

BOOST_AUTO_TEST_CASE(file_name_that_no_checkpoint_can_hold_is_shown) {
  dir.write("in/caf\xE9.txt", "a\n");
  check(run_program("word_count", {"--input", path("in"), "--trigger", "once"}), 1,
        {path("in") + "/caf\\xE9.txt", "UTF-8", "rename", "[unreadable_input]"});
  check(run_program("word_count", {"--input", path("in/caf\xE9.txt"), "--trigger", "once"}), 1, {"caf\\xE9.txt", "UTF-8"});
}

BOOST_AUTO_TEST_CASE(missing_input_directory_is_named) {
  check(run_program("word_count", {"--input", path("nowhere")}), 1,
        {"word_count: ", path("nowhere"), "No such file", "[unreadable_input]"});
  check(run_program("user_log_count", {"--input", path("nowhere")}), 1,
        {"user_log_count: ", path("nowhere"), "[unreadable_input]"});
}

BOOST_AUTO_TEST_CASE(refused_connection_says_how_to_start_a_server) {
  check(run_program("word_count", {"--socket", "127.0.0.1:1"}), 1,
        {"127.0.0.1:1", "Connection refused", "nc -lk 1", "[unreadable_input]"});
}

BOOST_AUTO_TEST_CASE(input_without_permission_is_named) {
  dir.write("in/a.txt", "flow flow\n");
  ::chmod(path("in/a.txt").c_str(), 0);
  const std::vector<std::string> arguments{"--input", path("in"), "--trigger", "available-now"};
  check(run_program("word_count", arguments, rights::file_modes), 1, {path("in/a.txt"), "Permission denied", "right to read"});
  ::chmod(path("in").c_str(), 0);
  check(run_program("word_count", arguments, rights::file_modes), 1, {path("in"), "Permission denied", "right to read"});
  ::chmod(path("in").c_str(), 0755);
}

BOOST_AUTO_TEST_CASE(directory_in_place_of_the_output_file_is_refused) {
  dir.write("in/a.txt", "flow\n");
  dir.write("out/file", "");
  const auto run = run_program("word_count", {"--input", path("in"), "--trigger", "available-now", "--output", path("out")});
  check(run, 1, {path("out"), "Is a directory", "[unwritable_output]"});
}

BOOST_AUTO_TEST_CASE(output_file_that_cannot_be_written_is_named) {
  dir.write("in/a.txt", "flow\n");
  for (const auto* mode : {"micro-batch", "continuous"}) {
    const auto run = run_program(
        "word_count", {"--input", path("in"), "--trigger", "available-now", "--mode", mode, "--output", path("nowhere/out")});
    check(run, 1, {path("nowhere/out"), "No such file or directory", "[unwritable_output]"});
  }
}

BOOST_AUTO_TEST_CASE(unwritable_output_directory_is_named) {
  dir.write("in/a.json", "{\"page\":\"/a\",\"user\":\"ann\",\"time\":\"2024-01-01 00:00:00\"}\n");
  ::mkdir(path("closed").c_str(), 0500);
  const auto run = run_program(
      "page_views", {"--input", path("in"), "--output", path("closed/out"), "--trigger", "available-now"}, rights::file_modes);
  check(run, 1, {path("closed/out"), "Permission denied", "right to write", "[unwritable_output]"});
}

BOOST_AUTO_TEST_CASE(malformed_window_or_delay_says_what_is_expected) {
  dir.write("in/a.json", "");
  check(run_program("page_views", {"--input", path("in"), "--output", path("out"), "--window", "long"}), 1, {"long"});
  check(run_program("page_views", {"--input", path("in"), "--output", path("out"), "--watermark", "soon"}), 1,
        {"soon", "10 minutes"});
}

BOOST_AUTO_TEST_CASE(checkpoint_in_use_by_another_process_names_it) {
  dir.write("in/a.txt", "flow flow\n");
  const std::vector<std::string> arguments{"--input",       path("in"),     "--trigger",
                                           "available-now", "--checkpoint", path("checkpoint")};
  {
    const auto owner = checkpoint_store::open(path("checkpoint"));
    check(run_program("word_count", arguments), 1,
          {path("checkpoint"), "the process with pid " + std::to_string(::getpid()), "stop that query first",
           "[checkpoint_locked]"});
  }
  BOOST_TEST(run_program("word_count", arguments).code == 0);
}

BOOST_AUTO_TEST_CASE(checkpoint_of_another_program_is_refused) {
  dir.write("in/a.txt", "flow flow\n");
  const auto checkpoint = path("checkpoint");
  BOOST_TEST(
      run_program("word_count", {"--input", path("in"), "--trigger", "available-now", "--checkpoint", checkpoint}).code == 0);
  check(run_program("user_log_count", {"--input", path("in"), "--trigger", "available-now", "--checkpoint", checkpoint}), 1,
        {checkpoint, "written by another query", "[checkpoint_mismatch]"});
}

BOOST_AUTO_TEST_CASE(flow_cat_refuses_unknown_formats_and_missing_paths) {
  dir.write("a.txt", "flow\n");
  check(run_program("flow", {"cat", "--format", "jsn", path("a.txt")}), 1,
        {"flow: ", "\"jsn\"", "did you mean \"json\"?", "csv", "text"});
  check(run_program("flow", {"cat", "--format", "text", path("nowhere")}), 1,
        {path("nowhere"), "No such file", "[unreadable_input]"});
  check(run_program("flow", {"cat", "--format", "csv", "--option", "header", path("a.txt")}), 1,
        {"--option header", "KEY=VALUE"});
  check(run_program("flow", {"cat", "--format", "csv", "--option", "headr=true", path("a.txt")}), 1,
        {"did you mean \"header\"?"});
}

BOOST_AUTO_TEST_CASE(flow_checkpoint_of_a_directory_without_one_says_so) {
  for (const auto* command : {"show", "verify"}) {
    check(run_program("flow", {"checkpoint", command, dir.path()}), 1,
          {"there is no checkpoint in " + dir.path(), "checkpointLocation"});
  }
  check(run_program("flow", {"checkpoint", "copy", dir.path(), path("copy")}), 1, {"there is no checkpoint in " + dir.path()});
}

BOOST_AUTO_TEST_SUITE_END()
