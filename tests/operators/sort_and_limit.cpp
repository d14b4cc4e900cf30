#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <random>

#include <arrow/record_batch.h>

#include "flow/error.hpp"
#include "flow/operator_factory.hpp"
#include "tests/operators/operator_harness.hpp"

using namespace flow;
using namespace flow::testing;
using json = nlohmann::json;

namespace {

/// Values of one type in Spark's ascending order, without null.
struct ordered_values {
  const char* type;
  json values;
};

const std::vector<ordered_values> orders = {
    {"BOOLEAN", {false, true}},
    {"TINYINT", {-128, -1, 0, 1, 127}},
    {"SMALLINT", {-32768, -1, 0, 300}},
    {"INT", {-2147483648LL, -1, 0, 2147483647}},
    {"BIGINT", {std::numeric_limits<std::int64_t>::min(), -1, 0, std::numeric_limits<std::int64_t>::max()}},
    {"FLOAT", {"-Infinity", -1.5, 0.0, 0.25, "Infinity", "NaN"}},
    {"DOUBLE", {"-Infinity", -1.5, -1e-300, 0.0, 1e-300, 2.0, "Infinity", "NaN"}},
    {"DECIMAL(20,2)", {"-123456789012345678.90", "-0.01", "0.00", "0.01", "99999999999999999.99"}},
    {"DATE", {"1969-12-31", "1970-01-01", "2024-02-29"}},
    {"TIMESTAMP", {"1969-12-31 23:59:59.999999", "1970-01-01 00:00:00", "2024-01-01 00:00:00"}},
    {"STRING", {"", std::string("\0", 1), "A", "Z", "a", std::string("a\0", 2), std::string("a\0b", 3), "aa", "b", "é", "日"}},
    {"BINARY", {"", "00", "0001", "01", "7F", "80", "FF", "FF00"}},
    {"ARRAY<INT>",
     {json::array(), json::array({nullptr}), {nullptr, 1}, json::array({-1}), {-1, nullptr}, {-1, 5}, json::array({3})}},
    {"STRUCT<a: INT, b: STRING>", {{nullptr, "z"}, {-1, "z"}, {1, nullptr}, {1, ""}, {1, "a"}, {2, nullptr}}},
    {"ARRAY<STRUCT<a: ARRAY<STRING>>>",
     {json::array(),
      json::array({nullptr}),
      {json::array({nullptr})},
      {json::array({json::array()})},
      {json::array({json::array({"a"})})},
      {json::array({json::array({"a", "b"})})}}},
};

json sorted_by_rule(const json& ascending, bool descending, bool nulls_first) {
  auto expected = json::array();
  if (nulls_first) expected.push_back(json::array({nullptr}));
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    expected.push_back(json::array({ascending[descending ? ascending.size() - 1 - i : i]}));
  }
  if (!nulls_first) expected.push_back(json::array({nullptr}));
  return expected;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sort_and_limit)

BOOST_AUTO_TEST_CASE(every_type_sorts_as_spark_orders_it) {
  const auto seed = std::random_device{}();
  std::mt19937 random(seed);
  for (const auto& order : orders) {
    for (int flags = 0; flags < 4; ++flags) {
      const bool descending = (flags & 1) != 0, nulls_first = (flags & 2) != 0;
      const auto expected = sorted_by_rule(order.values, descending, nulls_first);
      auto shuffled = expected;
      std::shuffle(shuffled.begin(), shuffled.end(), random);
      const auto rows = rows_of("v " + std::string(order.type), shuffled);
      const auto spec =
          make_sort(rows->schema(), {{{bind_column(0, rows->schema()->field(0)->type(), "v"), descending, nulls_first}}, {}});
      BOOST_TEST_CONTEXT(order.type << ", flags " << flags << ", seed " << seed) {
        harness_case c{spec, {{{{0, rows}}}}, as_list, false};
        check_operator(c, {expected});
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(negative_zero_equals_zero_so_the_next_key_decides) {
  const auto rows = rows_of("a DOUBLE, b INT", {{0.0, 2}, {-0.0, 1}, {"NaN", 0}, {0.0, 3}});
  const auto spec =
      make_sort(rows->schema(), {{{sql(rows->schema(), "a"), false, true}, {sql(rows->schema(), "b"), true, true}}, {}});
  collector out;
  auto made = spec.make({});
  made->process(0, rows, out);
  made->on_barrier({1}, out);
  std::vector<std::string> second;
  for (const auto& line : out.take()) second.push_back(json::parse(line)[1].dump());
  BOOST_TEST(second == (std::vector<std::string>{"3", "2", "1", "0"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(sorting_by_several_keys_with_a_limit_gives_the_head_of_the_whole_order) {
  const auto seed = std::random_device{}();
  std::mt19937 random(seed);
  std::vector<json> data;
  for (int i = 0; i < 30'000; ++i) data.push_back({static_cast<int>(random() % 50), "s" + std::to_string(random() % 1000), i});
  const auto rows = rows_of("a INT, s STRING, i INT", data);
  std::stable_sort(data.begin(), data.end(), [](const json& x, const json& y) {
    if (x[0] != y[0]) return x[0].get<int>() > y[0].get<int>();
    return x[1].get<std::string>() < y[1].get<std::string>();
  });
  for (const std::int64_t limit : {0, 1, 100, 5'000, 40'000}) {
    const auto spec =
        make_sort(rows->schema(), {{{sql(rows->schema(), "a"), true, false}, {sql(rows->schema(), "s"), false, true}}, limit});
    auto made = spec.make({});
    collector out;
    for (std::int64_t begin = 0; begin < rows->num_rows(); begin += 1'000) made->process(0, rows->Slice(begin, 1'000), out);
    made->on_barrier({1}, out);
    std::vector<std::string> expected;
    for (std::size_t i = 0; i < std::min<std::size_t>(data.size(), static_cast<std::size_t>(limit)); ++i) {
      expected.push_back(data[i].dump());
    }
    BOOST_TEST_CONTEXT("seed " << seed << ", limit " << limit) {
      BOOST_TEST(out.take() == expected, boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_CASE(each_epoch_is_sorted_for_itself) {
  const auto rows = rows_of("v INT", {{3}, {1}, {2}, {9}, {8}});
  const auto spec = make_sort(rows->schema(), {{{sql(rows->schema(), "v"), false, true}}, 2});
  harness_case c{spec, {{{{0, rows->Slice(0, 3)}}}, {{{0, rows->Slice(3)}}}, {}}, as_list, false};
  check_operator(c, {{{1}, {2}}, {{8}, {9}}, json::array()});
}

BOOST_AUTO_TEST_CASE(a_map_has_no_order) {
  const auto schema = parse_schema("m MAP<STRING, INT>");
  BOOST_CHECK_EXCEPTION(make_sort(schema, {{{sql(schema, "m"), false, true}}, {}}), error,
                        [](const error& e) { return e.code() == errc::type_mismatch; });
}

BOOST_AUTO_TEST_CASE(a_limit_of_the_stream_counts_over_epochs_and_restarts) {
  const auto rows = rows_of("v INT", {{1}, {2}, {3}, {4}, {5}, {6}, {7}});
  harness_case c{make_limit(rows->schema(), 5, false, "l"), {}, as_list, true};
  c.epochs = {{{{0, rows->Slice(0, 3)}}}, {{{0, rows->Slice(3, 3)}}}, {{{0, rows->Slice(6)}}}};
  check_operator(c, {{{1}, {2}, {3}}, {{4}, {5}}, json::array()});
}

BOOST_AUTO_TEST_CASE(a_limit_per_epoch_starts_again_at_each) {
  const auto rows = rows_of("v INT", {{1}, {2}, {3}, {4}, {5}, {6}, {7}});
  harness_case c{make_limit(rows->schema(), 2, true, "l"), {}, as_list, false};
  c.epochs = {{{{0, rows->Slice(0, 3)}}}, {{{0, rows->Slice(3, 1)}}}, {{{0, rows->Slice(4)}}}};
  check_operator(c, {{{1}, {2}}, {{4}}, {{5}, {6}}});
}

BOOST_AUTO_TEST_CASE(a_limit_of_nothing_gives_nothing) {
  const auto rows = rows_of("v INT", {{1}, {2}});
  for (const bool per_epoch : {false, true}) {
    check_operator({make_limit(rows->schema(), 0, per_epoch, "l"), {{{{0, rows}}}}, as_list, false}, {json::array()});
  }
}

BOOST_AUTO_TEST_SUITE_END()
