#include <boost/test/unit_test.hpp>

#include <sstream>

#include "flow/error.hpp"
#include "flow/foreach_sink.hpp"
#include "flow/memory_table.hpp"
#include "sinks/console_sink.hpp"
#include "tests/sinks/sink_fixture.hpp"

using namespace flow;
using test::context_of;
using test::rows_of;

namespace {

const std::string ddl = "k INT";

batch one(int k) { return rows_of(ddl, "[[" + std::to_string(k) + "]]"); }

std::int64_t row_count(const std::vector<batch>& batches) {
  std::int64_t rows = 0;
  for (const auto& part : batches) rows += part->num_rows();
  return rows;
}

std::unique_ptr<sink> opened(const sink_provider_ptr& provider, output_mode mode = output_mode::append,
                             const std::string& query = "query-1") {
  auto result = provider->make();
  result->open(context_of(parse_schema(ddl), mode, query));
  return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(simple_sinks)

BOOST_AUTO_TEST_CASE(console_prints_each_epoch_as_a_table_under_its_batch_number) {
  std::ostringstream out;
  const auto console = opened(make_console_sink({}, out));
  console->write({1}, one(7));
  console->prepare({1});
  console->prepare({2});
  const std::string rule = "-------------------------------------------\n";
  BOOST_TEST(out.str() == rule + "Batch: 0\n" + rule + "+---+\n|  k|\n+---+\n|  7|\n+---+\n\n" + rule + "Batch: 1\n" + rule +
                              "+---+\n|  k|\n+---+\n+---+\n\n");
}

BOOST_AUTO_TEST_CASE(console_holds_no_more_rows_than_it_prints) {
  std::ostringstream out;
  sink_request request;
  request.options.set("numRows", "2");
  const auto console = opened(make_console_sink(request, out));
  std::vector<std::weak_ptr<arrow::RecordBatch>> held;
  for (int k = 0; k < 5; ++k) {
    const auto rows = one(k);
    console->write({1}, rows);
    held.push_back(rows);
  }
  BOOST_TEST(!held[0].expired());
  BOOST_TEST(held[4].expired());
  console->prepare({1});
  BOOST_TEST(out.str().find("only showing top 2 rows") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(console_that_cannot_be_written_to_is_an_error) {
  std::ostringstream out;
  const auto console = opened(make_console_sink({}, out));
  out.setstate(std::ios::badbit);
  console->write({1}, one(1));
  BOOST_CHECK_EXCEPTION(console->prepare({1}), error, [](const error& e) { return e.code() == errc::unwritable_output; });
}

BOOST_AUTO_TEST_CASE(console_refuses_unknown_and_malformed_options_by_name) {
  std::ostringstream out;
  const auto refusal = [&](const std::string& key, const std::string& value) {
    sink_request request;
    request.options.set(key, value);
    try {
      make_console_sink(request, out);
    } catch (const error& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  BOOST_TEST(refusal("numRow", "5").find("did you mean \"numRows\"?") != std::string::npos);
  BOOST_TEST(refusal("numRows", "many").find("numRows") != std::string::npos);
  BOOST_TEST(refusal("numRows", "5").empty());
}

BOOST_AUTO_TEST_CASE(memory_table_shows_an_epoch_only_when_it_is_committed) {
  const auto table = std::make_shared<memory_table>(parse_schema(ddl));
  const auto memory = opened(make_memory_sink(table));
  memory->write({1}, one(1));
  const auto prepared = memory->prepare({1});
  BOOST_TEST(table->rows() == 0);
  memory->commit({1}, prepared);
  memory->commit({1}, prepared);
  BOOST_TEST(row_count(table->snapshot()) == 1);
}

BOOST_AUTO_TEST_CASE(memory_table_appends_in_append_and_replaces_in_complete) {
  for (const auto mode : {output_mode::append, output_mode::complete}) {
    const auto table = std::make_shared<memory_table>(parse_schema(ddl));
    const auto memory = opened(make_memory_sink(table), mode);
    for (std::uint64_t e = 1; e <= 3; ++e) {
      memory->write({e}, one(static_cast<int>(e)));
      memory->commit({e}, memory->prepare({e}));
    }
    BOOST_TEST(table->rows() == (mode == output_mode::append ? 3 : 1));
  }
}

BOOST_AUTO_TEST_CASE(memory_table_that_outlived_its_query_sends_it_back_to_what_is_visible) {
  const auto table = std::make_shared<memory_table>(parse_schema(ddl));
  opened(make_memory_sink(table))->commit({4}, nullptr);
  const auto memory = opened(make_memory_sink(table));
  BOOST_TEST(memory->recover({5}, nullptr).value == 4u);
  BOOST_TEST(opened(make_memory_sink(std::make_shared<memory_table>(parse_schema(ddl))))->recover({5}, nullptr).value == 5u);
}

BOOST_AUTO_TEST_CASE(memory_table_of_another_query_begins_anew) {
  const auto table = std::make_shared<memory_table>(parse_schema(ddl));
  opened(make_memory_sink(table))->commit({4}, nullptr);
  const auto memory = opened(make_memory_sink(table), output_mode::append, "query-2");
  BOOST_TEST(memory->recover({2}, nullptr).value == 2u);
  memory->write({3}, one(3));
  memory->commit({3}, memory->prepare({3}));
  BOOST_TEST(table->rows() == 1);
}

BOOST_AUTO_TEST_CASE(memory_table_ahead_of_its_checkpoint_says_so) {
  const auto table = std::make_shared<memory_table>(parse_schema(ddl));
  opened(make_memory_sink(table))->commit({4}, nullptr);
  BOOST_TEST(opened(make_memory_sink(table))->recover({2}, nullptr).value == 4u);
}

BOOST_AUTO_TEST_CASE(foreach_calls_at_once_and_on_the_callers_thread) {
  int calls = 0;
  const auto each = opened(make_foreach_sink([&](const batch&) { ++calls; }));
  BOOST_TEST(!each->blocking());
  each->write({1}, one(1));
  BOOST_TEST(calls == 1);
}

BOOST_AUTO_TEST_CASE(foreach_batch_is_called_once_an_epoch_with_all_its_rows) {
  std::vector<std::pair<std::uint64_t, std::int64_t>> calls;
  const auto each =
      opened(make_foreach_batch_sink([&](std::vector<batch> rows, epoch e) { calls.emplace_back(e.value, row_count(rows)); }));
  each->write({1}, one(1));
  each->write({1}, one(2));
  BOOST_TEST(calls.empty());
  each->prepare({1});
  each->prepare({2});
  BOOST_REQUIRE(calls.size() == 2u);
  BOOST_TEST((calls[0] == std::pair<std::uint64_t, std::int64_t>(1, 2)));
  BOOST_TEST((calls[1] == std::pair<std::uint64_t, std::int64_t>(2, 0)));
}

BOOST_AUTO_TEST_CASE(what_the_users_function_throws_becomes_query_failed_with_its_text) {
  const auto each =
      opened(make_foreach_batch_sink([](std::vector<batch>, epoch) { throw std::runtime_error("no such table"); }));
  BOOST_CHECK_EXCEPTION(each->prepare({1}), error, [](const error& e) {
    return e.code() == errc::query_failed && std::string(e.what()).find("no such table") != std::string::npos;
  });
}

BOOST_AUTO_TEST_CASE(error_that_the_users_function_throws_keeps_its_code) {
  const auto batches = opened(
      make_foreach_batch_sink([](std::vector<batch>, epoch) { throw error(errc::unwritable_output, "cannot write /closed"); }));
  BOOST_CHECK_EXCEPTION(batches->prepare({1}), error, [](const error& e) {
    const std::string text = e.what();
    return e.code() == errc::unwritable_output && text.find("foreach_batch failed: cannot write /closed") != text.npos;
  });
}

BOOST_AUTO_TEST_CASE(every_built_in_format_is_registered_and_unknown_ones_name_the_nearest) {
  connector_registry registry;
  register_sinks(registry);
  for (const auto* format : {"console", "json", "csv", "text", "noop", "JSON"}) BOOST_CHECK_NO_THROW(registry.sink(format));
  BOOST_CHECK_EXCEPTION(registry.sink("jsn"), error, [](const error& e) {
    return e.code() == errc::unknown_format && std::string(e.what()).find("did you mean \"json\"?") != std::string::npos;
  });
}

BOOST_AUTO_TEST_SUITE_END()
