// What is held in memory does not depend on what the topic holds.
#include <atomic>
#include <fstream>
#include <future>

#include <boost/test/unit_test.hpp>

#include "kafka_rows.hpp"

using namespace flow;
using namespace flow::test;

namespace {

std::int64_t resident_bytes() {
  std::ifstream in("/proc/self/statm");
  std::int64_t whole = 0, resident = 0;
  in >> whole >> resident;
  return resident * 4096;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(memory)

BOOST_AUTO_TEST_CASE(a_stopped_sink_stops_the_reading_whatever_the_topic_holds) {
  constexpr std::int64_t megabyte = 1 << 20;
  const kafka_topic topic(2);
  const auto write = [&](int megabytes) {
    for (int i = 0; i < megabytes; ++i) {
      std::vector<record> records(1024);
      for (int j = 0; j < 1024; ++j) {
        records[static_cast<std::size_t>(j)].value.assign(1024, 'x');
        records[static_cast<std::size_t>(j)].partition = j % 2;
      }
      topic.probe.produce(topic.name, records);
    }
  };
  write(200);
  for (const auto& when : both_modes()) {
    const auto s = two_threads();
    std::promise<void> reached, open;
    auto opened = open.get_future().share();
    std::atomic<bool> told{false};
    std::atomic<std::int64_t> rows{0};
    const auto before = resident_bytes();
    const auto query = load_kafka(s.read_stream(), topic.options({{"startingOffsets", "earliest"},
                                                                  {"kafka.queued.max.messages.kbytes", "4096"},
                                                                  {"kafka.fetch.max.bytes", "2097152"}}))
                           .select("value")
                           .write_stream()
                           .trigger(when)
                           .option("memoryLimit", 32 * megabyte)
                           .foreach ([&](const batch& b) {
                             rows += b->num_rows();
                             if (!told.exchange(true)) reached.set_value();
                             opened.wait();
                           })
                           .start();
    reached.get_future().wait();
    // The reading goes on until all bounds are reached: watch it until it has stood still for a while.
    std::int64_t most = resident_bytes();
    for (int quiet = 0; quiet < 20; ++quiet) {
      topic.probe.watermarks(topic.name, 0);  // Takes a moment.
      if (const auto now = resident_bytes(); now > most + megabyte) {
        most = now;
        quiet = 0;
      }
    }
    BOOST_TEST(most - before < 110 * megabyte, "grew by " << (most - before) / megabyte << " MiB");
    open.set_value();
    query->process_all_available();
    query->stop();
    BOOST_TEST(rows == 200 * 1024);
  }
}

BOOST_AUTO_TEST_SUITE_END()
