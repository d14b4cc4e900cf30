// What is bounded when results are taken slowly.
#include <future>

#include <boost/test/unit_test.hpp>

#include "tests/engine/engine_fixture.hpp"

using namespace flow;
using namespace flow::test;

BOOST_AUTO_TEST_SUITE(back_pressure)

namespace {

/// A function for foreach that waits at its first call until it is let go.
class gate {
 public:
  void pass() {
    if (!told_.exchange(true)) reached_.set_value();
    open_.wait();
  }
  void wait_until_reached() { reached_.get_future().wait(); }
  void let_go() { opener_.set_value(); }

 private:
  std::atomic<bool> told_{false};
  std::promise<void> reached_, opener_;
  std::shared_future<void> open_ = opener_.get_future().share();
};

/// A number of /proc/self/`file` behind `key`.
std::int64_t own_number(const std::string& file, const std::string& key) {
  std::ifstream in("/proc/self/" + file);
  for (std::string word; in >> word;) {
    if (word == key) {
      std::int64_t value = 0;
      in >> value;
      return value;
    }
  }
  return -1;
}

}  // namespace

BOOST_AUTO_TEST_CASE(try_push_says_no_while_uncommitted_rows_fill_the_input_and_yes_afterwards) {
  for (const auto& when : {trigger(), trigger::continuous("5 ms")}) {
    gate sink;
    const auto s = two_threads();
    auto in = s.push_stream(words_schema(), 4);
    const auto query = in.stream().write_stream().trigger(when).foreach ([&](const batch&) { sink.pass(); }).start();
    BOOST_TEST(in.stream().is_streaming());
    auto input = in;
    BOOST_TEST(input.try_push(words({{"a", 1}, {"b", 2}, {"c", 3}})));
    BOOST_TEST(input.try_push(words({{"d", 4}})));
    sink.wait_until_reached();
    BOOST_TEST(!input.try_push(words({{"e", 5}})));
    sink.let_go();
    query->process_all_available();
    BOOST_TEST(input.try_push(words({{"e", 5}})));
    query->process_all_available();
    query->stop();
  }
}

BOOST_AUTO_TEST_CASE(push_waits_for_room) {
  gate sink;
  received_rows got;
  const auto s = two_threads();
  auto in = s.push_stream(words_schema(), 2);
  const auto query = in.stream()
                         .write_stream()
                         .foreach ([&](const batch& rows) {
                           sink.pass();
                           got.add(rows);
                         })
                         .start();
  in.push(words({{"a", 1}, {"b", 2}}));
  sink.wait_until_reached();
  auto waiting = std::async(std::launch::async, [&] { in.push(words({{"c", 3}})); });
  BOOST_TEST((waiting.wait_for(std::chrono::milliseconds(20)) == std::future_status::timeout));
  sink.let_go();
  waiting.get();
  query->process_all_available();
  BOOST_TEST(got.size() == 3u);
}

BOOST_AUTO_TEST_CASE(push_after_close_is_refused) {
  const auto s = two_threads();
  auto in = s.push_stream(words_schema());
  in.close();
  BOOST_CHECK_EXCEPTION(in.push(words({{"a", 1}})), error, [](const error& e) { return e.code() == errc::illegal_state; });
}

BOOST_AUTO_TEST_CASE(rows_of_another_schema_are_refused_by_push) {
  const auto s = two_threads();
  auto in = s.push_stream(words_schema());
  const auto other = parse_schema("word STRING");
  BOOST_CHECK_EXCEPTION(in.push(batch_from_json(other, {{"a"}})), error,
                        [](const error& e) { return e.code() == errc::type_mismatch; });
}

BOOST_AUTO_TEST_CASE(a_sink_that_stands_still_stops_the_reading_and_the_growth_of_memory) {
  const scratch_directory dir;
  constexpr int files = 24;
  constexpr std::int64_t file_bytes = 4 << 20;
  std::string content;
  while (content.size() < file_bytes) content += "a line of some sixty-odd characters, so that rows are as in a log\n";
  for (int i = 0; i < files; ++i) put_file(dir.at("in"), std::to_string(i) + ".txt", content);
  for (const auto& when : {trigger(), trigger::continuous("1 hour")}) {
    gate sink;
    std::atomic<std::int64_t> rows_seen{0};
    const auto s = two_threads();
    const auto read_before = own_number("io", "rchar:");
    const auto query = s.read_stream()
                           .text(dir.at("in"))
                           .write_stream()
                           .trigger(when)
                           .option("memoryLimit", 4 << 20)
                           .foreach ([&](const batch& rows) {
                             sink.pass();
                             rows_seen += rows->num_rows();
                           })
                           .start();
    sink.wait_until_reached();
    const auto memory_before = own_number("status", "VmRSS:");
    // Once credit is used up nothing moves: several looks in a row show the same.
    std::int64_t read = -1;
    for (int still = 0; still < 3;) {
      BOOST_REQUIRE(!query->await_termination(std::chrono::milliseconds(30)));
      const auto now = own_number("io", "rchar:") - read_before;
      still = now - read < 4096 ? still + 1 : 0;  // Reading /proc counts too.
      read = now;
    }
    BOOST_TEST(read < files * file_bytes / 2, "with the sink standing still " << read << " bytes were read");
    BOOST_TEST(own_number("status", "VmRSS:") - memory_before < 32 << 10);
    sink.let_go();
    query->process_all_available();
    BOOST_TEST(rows_seen == files * static_cast<std::int64_t>(std::count(content.begin(), content.end(), '\n')));
  }
}

BOOST_AUTO_TEST_SUITE_END()
