// Readers, writers and settings: a name or a value that no one can mean is refused by name, before anything starts.
#include <boost/test/unit_test.hpp>

#include "tests/bad_input/fixture.hpp"

using namespace flow;
using namespace flow::test;

BOOST_FIXTURE_TEST_SUITE(wrong_options, workshop)

BOOST_AUTO_TEST_CASE(unknown_reader_option_is_refused_with_the_nearest_one) {
  dir.write("in/a.csv", "1,2\n");
  check_refused(errc::unknown_option, {"format \"csv\"", "\"headr\"", "did you mean \"header\"?"},
                [&] { s.read().option("headr", true).schema("a INT, b INT").csv(path("in")); });
  check_refused(errc::unknown_option, {"format \"rate\"", "\"rowPerSecond\"", "did you mean \"rowsPerSecond\"?"},
                [&] { s.read_stream().format("rate").option("rowPerSecond", 5).load(); });
}

BOOST_AUTO_TEST_CASE(unknown_writer_option_is_refused_with_the_nearest_one) {
  check_refused(errc::unknown_option, {"format \"console\"", "\"numRow\"", "did you mean \"numRows\"?"},
                [&] { stream().write_stream().format("console").option("numRow", 5).start(); });
  check_refused(errc::unknown_option, {"\"checkpointlocations\"", "did you mean \"checkpointLocation\"?"},
                [&] { stream().write_stream().format("noop").option("checkpointlocations", path("c")).start(); });
}

BOOST_AUTO_TEST_CASE(malformed_option_value_is_refused_with_what_is_expected) {
  mkdir("in");
  check_refused(errc::invalid_option, {"\"maxFilesPerTrigger\"", "\"many\"", "an integer of at least 1"},
                [&] { s.read_stream().option("maxFilesPerTrigger", "many").text(path("in")); });
  check_refused(errc::invalid_option, {"\"maxBytesPerTrigger\"", "\"12q\"", "64m"},
                [&] { s.read_stream().option("maxBytesPerTrigger", "12q").text(path("in")); });
  check_refused(errc::invalid_option, {"\"maxBytesPerTrigger\"", "\"16777216t\"", "64m"},
                [&] { s.read_stream().option("maxBytesPerTrigger", "16777216t").text(path("in")); });
  check_refused(errc::invalid_option, {"\"maxFileAge\"", "\"-1 day\"", "10 seconds"},
                [&] { s.read_stream().option("maxFileAge", "-1 day").text(path("in")); });
  check_refused(errc::invalid_option, {"\"mode\"", "\"STRICT\"", "PERMISSIVE", "DROPMALFORMED", "FAILFAST"},
                [&] { s.read_stream().schema("a INT").option("mode", "STRICT").json(path("in")); });
  check_refused(errc::invalid_option, {"\"port\"", "\"70000\"", "from 1 to 65535"},
                [&] { s.read_stream().format("socket").option("host", "localhost").option("port", 70000).load(); });
  check_refused(errc::invalid_option, {"\"parallelism\"", "\"0\"", "from 1 to 1024"},
                [&] { stream().write_stream().format("noop").option("parallelism", 0).start(); });
  check_refused(errc::invalid_option, {"\"idleTimeout\"", "\"soon\"", "10 seconds"},
                [&] { stream().write_stream().format("noop").option("idleTimeout", "soon").start(); });
  check_refused(errc::invalid_option, {"\"stateStore\"", "\"disk\"", "memory, lmdb"},
                [&] { stream().write_stream().format("noop").option("stateStore", "disk").start(); });
}

BOOST_AUTO_TEST_CASE(missing_option_is_named_with_its_purpose) {
  check_refused(errc::invalid_option, {"\"host\" is missing", "the machine that sends lines"},
                [&] { s.read_stream().format("socket").load(); });
  check_refused(errc::invalid_option, {"\"path\" is missing"}, [&] { s.read_stream().format("text").load(); });
  check_refused(errc::invalid_option, {"\"path\" is missing"},
                [&] { stream().select("user").write_stream().format("json").start(); });
}

BOOST_AUTO_TEST_CASE(unknown_format_is_refused_with_all_there_are) {
  check_refused(errc::unknown_format, {"\"jsn\" cannot be read", "did you mean \"json\"?", "csv", "rate", "socket", "text"},
                [&] { s.read_stream().format("jsn").load(); });
  check_refused(errc::unknown_format,
                {"\"konsole\" cannot be written", "did you mean \"console\"?", "csv", "json", "memory", "text"},
                [&] { stream().write_stream().format("konsole").start(); });
}

BOOST_AUTO_TEST_CASE(writer_without_a_format_says_which_there_are) {
  check_refused(errc::invalid_argument, {"where should the results go?", "console", "foreach"},
                [&] { stream().write_stream().start(); });
}

BOOST_AUTO_TEST_CASE(unknown_setting_is_refused_with_the_nearest_one) {
  check_refused(errc::unknown_option,
                {"\"spark.sql.streaming.multipleWatermarkPolice\"", "spark.sql.streaming.multipleWatermarkPolicy"},
                [&] { s.set("spark.sql.streaming.multipleWatermarkPolice", "max"); });
  check_refused(errc::invalid_option, {"multipleWatermarkPolicy", "\"both\"", "min", "max"},
                [&] { s.set("spark.sql.streaming.multipleWatermarkPolicy", "both"); });
}

BOOST_AUTO_TEST_CASE(unknown_output_mode_and_malformed_trigger_are_refused) {
  check_refused(errc::invalid_argument, {"'upsert'", "append", "update", "complete"},
                [&] { stream().write_stream().output_mode("upsert"); });
  check_refused(errc::invalid_argument, {"'often'", "10 minutes"}, [&] { trigger::processing_time("often"); });
  check_refused(errc::invalid_argument, {"interval"}, [&] { trigger::continuous("0 seconds"); });
}

BOOST_AUTO_TEST_CASE(partition_by_of_a_column_that_is_not_there_suggests_one) {
  check_refused(errc::unknown_column, {"`usr`", "did you mean `user`?"}, [&] {
    stream().select("user", "page").write_stream().format("json").partition_by({"usr"}).start(path("out"));
  });
}

BOOST_AUTO_TEST_SUITE_END()
