// Malformed rows in a running stream: kept, dropped, or the end of the query, as the mode says.
#include <boost/test/unit_test.hpp>

#include <fstream>
#include <map>

#include "tests/bad_input/fixture.hpp"

using namespace flow;
using namespace flow::test;

namespace {

struct stream_of_files : workshop {
  stream_of_files() { mkdir("in"); }

  reader read(const std::string& format, const std::string& mode, const std::string& columns = "user STRING, ms INT") const {
    auto r = s.read_stream();
    r.format(format).schema(columns).option("mode", mode);
    return r;
  }
  query_ptr to_memory(reader r, const std::string& name) const {
    return r.load(path("in")).write_stream().format("memory").query_name(name).start();
  }
  query_ptr to_files(reader r, flow::trigger when = {}) const {
    return r.load(path("in"))
        .write_stream()
        .format("json")
        .option("checkpointLocation", path("checkpoint"))
        .trigger(when)
        .start(path("out"));
  }
  nlohmann::json rows(const dataset& table) const {
    nlohmann::json all = nlohmann::json::array();
    for (const auto& part : table.collect()) {
      const auto some = batch_to_json(*part);
      all.insert(all.end(), some.begin(), some.end());
    }
    std::sort(all.begin(), all.end());
    return all;
  }
  nlohmann::json written() const { return rows(s.read().schema("user STRING, ms INT").json(path("out"))); }
};

const std::string malformed_json =
    "{\"user\": \"cal\", \"ms\": 3}\n{\"user\": \"dan\", \"ms\n{\"user\": \"eve\", \"ms\": \"five\"}\n";
const std::string malformed_csv = "cal,3\ndan,four\neve,5,6\n";

}  // namespace

BOOST_FIXTURE_TEST_SUITE(malformed_rows, stream_of_files)

BOOST_AUTO_TEST_CASE(permissive_keeps_what_can_be_read_and_the_text_of_the_rest) {
  const std::string columns = "user STRING, ms INT, _corrupt_record STRING";
  const auto query = to_memory(read("json", "PERMISSIVE", columns), "kept");
  dir.write("in/1.json", malformed_json);
  query->process_all_available();
  check_rows(rows(s.table("kept")), R"([[null, null, "{\"user\": \"dan\", \"ms"],
                                      ["cal", 3, null],
                                      ["eve", null, "{\"user\": \"eve\", \"ms\": \"five\"}"]])");
  BOOST_TEST(query->is_active());
  query->stop();
}

BOOST_AUTO_TEST_CASE(permissive_csv_keeps_what_can_be_read) {
  const auto query = to_memory(read("csv", "PERMISSIVE", "user STRING, ms INT, _corrupt_record STRING"), "kept");
  dir.write("in/1.csv", malformed_csv);
  query->process_all_available();
  check_rows(rows(s.table("kept")), R"([["cal", 3, null], ["dan", null, "dan,four"], ["eve", 5, "eve,5,6"]])");
  query->stop();
}

BOOST_AUTO_TEST_CASE(drop_malformed_leaves_the_good_rows) {
  for (const auto& [format, text] : std::map<std::string, std::string>{{"json", malformed_json}, {"csv", malformed_csv}}) {
    const auto query = to_memory(read(format, "DROPMALFORMED"), "good_" + format);
    dir.write("in/1." + format, text);
    query->process_all_available();
    check_rows(rows(s.table("good_" + format)), R"([["cal", 3]])");
    query->stop();
    std::filesystem::remove(path("in/1." + format));
  }
}

BOOST_AUTO_TEST_CASE(fail_fast_ends_the_query_with_file_and_line_and_a_repaired_file_is_read_once) {
  const std::map<std::string, std::vector<std::string>> texts{
      {"json",
       {"{\"user\":\"ann\",\"ms\":1}\n{\"user\":\"bob\",\"ms\":2}\n",
        "{\"user\":\"cal\",\"ms\":3}\n\n{\"user\":\"dan\",\"ms\":\"x\"}\n",
        "{\"user\":\"cal\",\"ms\":3}\n\n{\"user\":\"dan\",\"ms\":4}\n"}},
      {"csv", {"ann,1\nbob,2\n", "cal,3\n\ndan,x\n", "cal,3\n\ndan,4\n"}}};
  for (const auto& [format, files] : texts) {
    dir.write("in/1", files[0]);
    auto query = to_files(read(format, "FAILFAST"));
    query->process_all_available();
    dir.write("in/2", files[1]);
    check_refused(errc::malformed_data, {"in/2\" line 3", "ms", "FAILFAST", "PERMISSIVE keeps such rows"},
                  [&] { query->await_termination(); });
    BOOST_TEST(!query->is_active());
    BOOST_REQUIRE(query->exception().has_value());
    check_rows(written(), R"([["ann", 1], ["bob", 2]])");

    dir.write("in/2", files[2]);
    dir.write("in/3", format == "json" ? "{\"user\":\"eve\",\"ms\":5}" : "eve,5");
    query = to_files(read(format, "FAILFAST"), trigger::available_now());
    query->await_termination();
    check_rows(written(), R"([["ann", 1], ["bob", 2], ["cal", 3], ["dan", 4], ["eve", 5]])");
    for (const auto* used : {"in", "out", "checkpoint"}) std::filesystem::remove_all(path(used));
    mkdir("in");
  }
}

BOOST_AUTO_TEST_CASE(fail_fast_counts_lines_of_every_kind_and_from_the_begin_of_the_file) {
  mkdir("in");
  auto failing = s.read();
  failing.schema("a INT, b INT").option("mode", "FAILFAST");
  dir.write("in/x", "1,2\r\n3,4\r5,6\n7,eight\n");
  check_refused(errc::malformed_data, {"in/x\" line 4", "\"eight\" of \"b\" is no INT"},
                [&] { failing.csv(path("in")).collect(); });
  dir.write("in/x", "1,2\n\"3\",\n4,\"f\nive\"\n");
  failing.option("multiLine", true);
  check_refused(errc::malformed_data, {"in/x\" line 3"}, [&] { failing.csv(path("in")).collect(); });
}

BOOST_AUTO_TEST_SUITE_END()
