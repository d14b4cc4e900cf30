// Where results go, as a program sees it.
#include <iostream>
#include <set>
#include <sstream>

#include <boost/test/unit_test.hpp>

#include "tests/engine/engine_fixture.hpp"

using namespace flow;
using namespace flow::test;

BOOST_AUTO_TEST_SUITE(sinks)

namespace {

/// What goes to std::cout while it lives.
class captured_output {
 public:
  captured_output() : before_(std::cout.rdbuf(text_.rdbuf())) {}
  ~captured_output() { std::cout.rdbuf(before_); }
  captured_output(const captured_output&) = delete;
  captured_output& operator=(const captured_output&) = delete;
  std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
  std::streambuf* before_;
};

}  // namespace

BOOST_AUTO_TEST_CASE(foreach_is_given_every_row_once) {
  for (const auto& when : {trigger(), trigger::continuous("5 ms")}) {
    const auto s = two_threads();
    auto in = s.push_stream(words_schema());
    received_rows got;
    const auto query = in.stream().write_stream().trigger(when).foreach ([&](const batch& rows) { got.add(rows); }).start();
    for (int i = 0; i < 20; ++i) in.push(words({{"w", i}}));
    query->process_all_available();
    BOOST_TEST(got.size() == 20u);
    query->stop();
    const auto all = got.sorted();
    BOOST_TEST((std::set<std::string>(all.begin(), all.end()).size() == 20u));
  }
}

BOOST_AUTO_TEST_CASE(foreach_batch_is_given_each_epoch_whole_with_sparks_batch_id) {
  const auto s = two_threads();
  auto in = s.push_stream(words_schema());
  std::vector<std::pair<std::int64_t, texts>> epochs;
  const auto query = in.stream()
                         .write_stream()
                         .foreach_batch([&](const dataset& rows, std::int64_t id) {
                           epochs.emplace_back(id, sorted_rows(rows.where("n > 0")));
                         })
                         .start();
  in.push(words({{"a", 1}, {"z", 0}}));
  query->process_all_available();
  in.push(words({{"b", 2}}));
  query->process_all_available();
  query->stop();
  BOOST_REQUIRE(epochs.size() == 2u);
  BOOST_TEST((epochs[0] == std::pair<std::int64_t, texts>{0, {R"(["a",1])"}}));
  BOOST_TEST((epochs[1] == std::pair<std::int64_t, texts>{1, {R"(["b",2])"}}));
}

BOOST_AUTO_TEST_CASE(a_partitioned_file_sink_is_read_back_with_its_partition_columns) {
  const scratch_directory dir;
  const auto s = two_threads();
  auto in = s.push_stream(parse_schema("day STRING, word STRING, n INT"));
  const auto query = in.stream()
                         .write_stream()
                         .format("json")
                         .partition_by({"day"})
                         .option("checkpointLocation", dir.at("checkpoint"))
                         .start(dir.at("out"));
  in.push(batch_from_json(parse_schema("day STRING, word STRING, n INT"), {{"mon", "a", 1}, {"tue", "b", 2}}));
  query->process_all_available();
  in.push(batch_from_json(parse_schema("day STRING, word STRING, n INT"), {{"mon", "c", 3}}));
  query->process_all_available();
  query->stop();
  BOOST_TEST(std::filesystem::is_directory(dir.at("out") + "/day=mon"));
  BOOST_TEST(std::filesystem::is_directory(dir.at("out") + "/day=tue"));
  const auto back = s.read().schema("word STRING, n INT, day STRING").json(dir.at("out"));
  BOOST_TEST(sorted_rows(back) == (texts{R"(["a",1,"mon"])", R"(["b",2,"tue"])", R"(["c",3,"mon"])"}),
             boost::test_tools::per_element());
  BOOST_TEST(back.where("day = 'mon'").count() == 2);
}

BOOST_AUTO_TEST_CASE(the_console_prints_a_table_per_epoch) {
  const captured_output out;
  {
    const auto s = two_threads();
    auto in = s.push_stream(words_schema());
    const auto query = in.stream().write_stream().format("console").start();
    in.push(words({{"flow", 1}}));
    query->process_all_available();
    in.push(words({{"on", 2}}));
    query->process_all_available();
    query->stop();
  }
  const std::string rule = "-------------------------------------------\n";
  BOOST_TEST(out.text() == rule + "Batch: 0\n" + rule + "+----+---+\n|word|  n|\n+----+---+\n|flow|  1|\n+----+---+\n\n" +
                               rule + "Batch: 1\n" + rule + "+----+---+\n|word|  n|\n+----+---+\n|  on|  2|\n+----+---+\n\n");
}

BOOST_AUTO_TEST_CASE(an_unknown_format_or_option_is_refused_by_name_before_the_start) {
  const auto s = two_threads();
  const auto stream = s.push_stream(words_schema()).stream();
  BOOST_CHECK_EXCEPTION(stream.write_stream().format("consol").start(), error, [](const error& e) {
    return e.code() == errc::unknown_format && std::string(e.what()).find("console") != std::string::npos;
  });
  BOOST_CHECK_EXCEPTION(stream.write_stream().format("console").option("numRow", 3).start(), error, [](const error& e) {
    return e.code() == errc::unknown_option && std::string(e.what()).find("numRows") != std::string::npos;
  });
}

BOOST_AUTO_TEST_SUITE_END()
