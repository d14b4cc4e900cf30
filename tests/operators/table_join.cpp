#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <random>

#include <arrow/record_batch.h>

#include "flow/error.hpp"
#include "flow/operator_factory.hpp"
#include "tests/operators/operator_harness.hpp"

using namespace flow;
using namespace flow::testing;
using json = nlohmann::json;

namespace {

const std::string stream_ddl = "k STRING, n INT, x DOUBLE, a INT", table_ddl = "tk STRING, tn INT, tx DOUBLE, b INT";

json random_rows(int count, int keys, std::mt19937& random) {
  auto rows = json::array();
  for (int i = 0; i < count; ++i) {
    const auto key = static_cast<int>(random()) & 0xffff;
    const auto maybe = [&](json value) { return random() % 8 == 0 ? json() : value; };
    rows.push_back(
        {maybe("a key of some length " + std::to_string(key % keys)), maybe(key % keys), maybe((key % keys) / 2.0), i});
  }
  return rows;
}

struct variant {
  join_type how;
  std::vector<std::string> stream_keys, table_keys;
  std::vector<std::size_t> key_columns;  ///< Positions on both sides.
  bool condition;
  bool stream_is_left;
  bool narrow = false;  ///< Only columns 1 and 6 are given out (of pairs).
};

bool is_true(const variant& v, const json& s, const json& t) {
  for (const auto column : v.key_columns) {
    if (s[column].is_null() || s[column] != t[column]) return false;
  }
  return !v.condition || s[3].get<int>() % 2 == t[3].get<int>() % 2;
}

json side_by_side(const json& left, const json& right) {
  auto row = left;
  row.insert(row.end(), right.begin(), right.end());
  return row;
}

/// Nested loops, from the definition of each join.
json nested_loops(const variant& v, const json& stream, const json& table) {
  const auto& left = v.stream_is_left ? stream : table;
  const auto& right = v.stream_is_left ? table : stream;
  const auto nulls = json::array({nullptr, nullptr, nullptr, nullptr});
  auto rows = json::array();
  std::vector<bool> right_found(right.size());
  for (const auto& l : left) {
    bool found = false;
    for (std::size_t j = 0; j < right.size(); ++j) {
      if (!(v.stream_is_left ? is_true(v, l, right[j]) : is_true(v, right[j], l))) continue;
      found = right_found[j] = true;
      if (v.how != join_type::left_semi && v.how != join_type::left_anti) rows.push_back(side_by_side(l, right[j]));
    }
    const bool keep_left = v.how == join_type::left_outer || v.how == join_type::full_outer;
    if (!found && keep_left) rows.push_back(side_by_side(l, nulls));
    if ((found && v.how == join_type::left_semi) || (!found && v.how == join_type::left_anti)) rows.push_back(l);
  }
  for (std::size_t j = 0; j < right.size(); ++j) {
    const bool keep_right = v.how == join_type::right_outer || v.how == join_type::full_outer;
    if (!right_found[j] && keep_right) rows.push_back(side_by_side(nulls, right[j]));
  }
  return rows;
}

json narrowed(const variant& v, json rows) {
  if (!v.narrow || v.how == join_type::left_semi || v.how == join_type::left_anti) return rows;
  for (auto& row : rows) row = json::array({row[1], row[6]});
  return rows;
}

operator_spec make_variant(const variant& v, const batch& table) {
  const auto stream_schema = parse_schema(stream_ddl);
  table_join_plan plan;
  plan.how = v.how;
  for (const auto& key : v.stream_keys) plan.stream_keys.push_back(sql(stream_schema, key));
  for (const auto& key : v.table_keys) plan.table_keys.push_back(sql(table->schema(), key));
  const auto pair = parse_schema(v.stream_is_left ? stream_ddl + ", " + table_ddl : table_ddl + ", " + stream_ddl);
  if (v.condition) plan.condition = sql(pair, "a % 2 = b % 2");
  plan.table = [table] { return std::vector<batch>{table->Slice(0, 7), table->Slice(7)}; };
  plan.table_schema = table->schema();
  plan.stream_is_left = v.stream_is_left;
  if (v.narrow) plan.outputs = {1, 6};
  return make_table_join(stream_schema, std::move(plan));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(table_join)

BOOST_AUTO_TEST_CASE(every_join_agrees_with_nested_loops) {
  const auto seed = std::random_device{}();
  std::mt19937 random(seed);
  const auto stream = random_rows(60, 12, random), table = random_rows(25, 15, random);
  const auto stream_rows = rows_of(stream_ddl, stream), table_rows = rows_of(table_ddl, table);
  struct key_set {
    std::vector<std::string> stream, table;
    std::vector<std::size_t> columns;
  };
  const std::vector<key_set> keys = {
      {{"k"}, {"tk"}, {0}}, {{"n"}, {"tn"}, {1}}, {{"x"}, {"tx"}, {2}}, {{"k", "n"}, {"tk", "tn"}, {0, 1}}, {{}, {}, {}}};
  for (const auto how : {join_type::inner, join_type::cross, join_type::left_outer, join_type::right_outer,
                         join_type::full_outer, join_type::left_semi, join_type::left_anti}) {
    for (const auto& key : keys) {
      for (int flags = 0; flags < 8; ++flags) {
        const variant v{how, key.stream, key.table, key.columns, (flags & 1) != 0, (flags & 2) != 0, (flags & 4) != 0};
        BOOST_TEST_CONTEXT("join " << static_cast<int>(how) << ", " << key.columns.size() << " keys, flags " << flags
                                   << ", seed " << seed) {
          harness_case c{make_variant(v, table_rows), {{{{0, stream_rows}}}}};
          check_operator(c, {narrowed(v, nested_loops(v, stream, table))});
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(every_integer_width_is_a_key) {
  for (const auto& type : std::vector<std::string>{"TINYINT", "SMALLINT", "INT", "BIGINT"}) {
    const auto stream = rows_of("k " + type, {{-1}, {0}, {nullptr}, {100}, {7}});
    const auto table = rows_of("t " + type + ", v STRING", {{-1, "minus"}, {100, "hundred"}, {nullptr, "null"}, {0, "zero"}});
    table_join_plan plan;
    plan.stream_keys = {sql(stream->schema(), "k")};
    plan.table_keys = {sql(table->schema(), "t")};
    plan.table = [table] { return std::vector<batch>{table}; };
    plan.table_schema = table->schema();
    check_operator({make_table_join(stream->schema(), plan), {{{{0, stream}}}}, as_list},
                   {{{-1, -1, "minus"}, {0, 0, "zero"}, {100, 100, "hundred"}}});
  }
}

BOOST_AUTO_TEST_CASE(an_empty_table_matches_nothing) {
  const auto stream = rows_of("k STRING", {{"a"}, {"b"}});
  const auto schema = parse_schema("t STRING");
  table_join_plan plan;
  plan.how = join_type::left_outer;
  plan.stream_keys = {sql(stream->schema(), "k")};
  plan.table_keys = {sql(schema, "t")};
  plan.table = [] { return std::vector<batch>{}; };
  plan.table_schema = schema;
  check_operator({make_table_join(stream->schema(), plan), {{{{0, stream}}}}, as_list},
                 {json::parse(R"([["a", null], ["b", null]])")});
}

BOOST_AUTO_TEST_CASE(when_every_row_finds_its_one_partner_stream_columns_are_not_copied) {
  const auto stream = rows_of("k STRING, v INT", json::parse(R"([["a", 1], ["b", 2], ["a", 3]])"));
  const auto table = rows_of("t STRING, c STRING", json::parse(R"([["a", "x"], ["b", "y"]])"));
  table_join_plan plan;
  plan.stream_keys = {sql(stream->schema(), "k")};
  plan.table_keys = {sql(table->schema(), "t")};
  plan.table = [table] { return std::vector<batch>{table}; };
  plan.table_schema = table->schema();
  collector out;
  make_table_join(stream->schema(), plan).make({})->process(0, stream, out);
  BOOST_TEST(out.batches().front()->column(0) == stream->column(0));
  BOOST_TEST(out.take() == (std::vector<std::string>{R"(["a",1,"a","x"])", R"(["b",2,"b","y"])", R"(["a",3,"a","x"])"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_table_is_read_once_for_all_living_instances) {
  const auto stream = rows_of("k STRING", {{"a"}});
  int reads = 0;
  table_join_plan plan;
  plan.stream_keys = plan.table_keys = {sql(stream->schema(), "k")};
  plan.table = [&] {
    ++reads;
    return std::vector<batch>{stream};
  };
  plan.table_schema = stream->schema();
  const auto spec = make_table_join(stream->schema(), plan);
  BOOST_TEST(reads == 0);
  {
    const auto first = spec.make({}), second = spec.make({});
    BOOST_TEST(reads == 1);
  }
  const auto again = spec.make({});
  BOOST_TEST(reads == 2);
}

BOOST_AUTO_TEST_CASE(keys_of_different_types_are_refused) {
  const auto a = parse_schema("k STRING"), b = parse_schema("n INT");
  table_join_plan plan;
  plan.stream_keys = {sql(a, "k")};
  plan.table_keys = {sql(b, "n")};
  plan.table_schema = b;
  BOOST_CHECK_EXCEPTION(make_table_join(a, plan), error, [](const error& e) { return e.code() == errc::type_mismatch; });
}

BOOST_AUTO_TEST_SUITE_END()
