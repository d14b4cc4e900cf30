#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <random>

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include "flow/error.hpp"
#include "flow/operator_factory.hpp"
#include "tests/operators/operator_harness.hpp"

using namespace flow;
using namespace flow::testing;
using json = nlohmann::json;

namespace {

const std::string ddl = "id BIGINT, words ARRAY<STRING>, m MAP<STRING, INT>, s ARRAY<STRUCT<a: INT, b: STRING>>";

json random_rows(int count, std::mt19937& random) {
  auto rows = json::array();
  const auto text = [&](int i) { return random() % 5 == 0 ? json() : json("w" + std::to_string(i)); };
  for (int id = 0; id < count; ++id) {
    json words = json::array(), map = json::array(), structs = json::array();
    for (int i = 0, n = static_cast<int>(random() % 4); i < n; ++i) {
      words.push_back(text(i));
      map.push_back({"k" + std::to_string(i), random() % 4 == 0 ? json() : json(i)});
      structs.push_back(random() % 5 == 0 ? json() : json::array({i, text(i)}));
    }
    if (random() % 6 == 0) words = map = structs = nullptr;
    rows.push_back({id, words, map, structs});
  }
  return rows;
}

struct variant {
  int column;
  bool keep, outer, position, inlined;
};

/// What Spark's definition says, row by row.
json naive(const json& rows, const variant& v) {
  auto results = json::array();
  for (const auto& row : rows) {
    const auto& elements = row[static_cast<std::size_t>(v.column)];
    const std::size_t count = elements.is_null() ? 0 : elements.size();
    for (std::size_t i = 0; i < std::max<std::size_t>(count, v.outer ? 1 : 0); ++i) {
      auto result = json::array();
      if (v.keep) result.push_back(row[0]);
      const bool none = i >= count;
      if (v.position) result.push_back(none ? json() : json(i));
      const auto element = none ? json() : elements[i];
      if (v.column == 1) {
        result.push_back(element);
      } else {
        for (std::size_t part = 0; part < 2; ++part) result.push_back(element.is_null() ? json() : element[part]);
      }
      results.push_back(result);
    }
  }
  return results;
}

operator_spec make_variant(const schema_ptr& schema, const variant& v) {
  generate_plan plan;
  plan.collection = sql(schema, schema->field(v.column)->name());
  if (v.keep) plan.kept = {0};
  if (v.position) plan.names.push_back("pos");
  if (v.column == 1) {
    plan.names.push_back("col");
  } else {
    plan.names.insert(plan.names.end(), {"key", "value"});
  }
  plan.outer = v.outer;
  plan.with_position = v.position;
  plan.inline_structs = v.inlined;
  return make_generate(schema, plan);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(generate)

BOOST_AUTO_TEST_CASE(every_generator_gives_what_the_row_by_row_definition_gives) {
  const auto seed = std::random_device{}();
  std::mt19937 random(seed);
  const auto data = random_rows(40, random);
  const auto rows = rows_of(ddl, data);
  for (const int column : {1, 2, 3}) {
    for (int flags = 0; flags < 8; ++flags) {
      const variant v{column, (flags & 1) != 0, (flags & 2) != 0, (flags & 4) != 0, column == 3};
      if (v.inlined && v.position) continue;
      BOOST_TEST_CONTEXT("seed " << seed << ", column " << column << ", flags " << flags) {
        // Cut once beforehand: lists then do not begin at offset 0.
        const json first(data.begin(), data.begin() + 11), second(data.begin() + 11, data.end());
        check_operator(
            {make_variant(rows->schema(), v), {{{{0, rows->Slice(0, 11)}}}, {{{0, rows->Slice(11)}}}}, as_list, true},
            {naive(first, v), naive(second, v)});
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(words_alone_are_the_lists_own_values_without_a_copy) {
  const auto rows = rows_of("w ARRAY<STRING>", json::parse(R"([[["a", "b"]], [[]], [["c"]]])"));
  const auto made = make_generate(rows->schema(), {sql(rows->schema(), "w"), {}, {"word"}}).make({});
  collector out;
  made->process(0, rows, out);
  const auto& values = *static_cast<const arrow::ListArray&>(*rows->column(0)).values();
  BOOST_TEST(out.batches().front()->column(0)->data()->buffers[2] == values.data()->buffers[2]);
  BOOST_TEST(out.take() == (std::vector<std::string>{R"(["a"])", R"(["b"])", R"(["c"])"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(long_lists_leave_in_pieces) {
  auto numbers = json::array();
  for (int i = 0; i < 10'000; ++i) numbers.push_back(i);
  const auto rows = rows_of("id INT, n ARRAY<INT>", {{1, numbers}, {2, numbers}, {3, numbers}, {4, numbers}});
  const auto made = make_generate(rows->schema(), {sql(rows->schema(), "n"), {0}, {"n"}}).make({});
  collector out;
  made->process(0, rows, out);
  BOOST_TEST(out.batches().size() == 2u);
  BOOST_TEST(out.take().size() == 40'000u);
}

BOOST_AUTO_TEST_CASE(what_is_no_collection_is_refused_by_type) {
  const auto schema = parse_schema("id INT, w ARRAY<INT>");
  BOOST_CHECK_EXCEPTION(make_generate(schema, {sql(schema, "id"), {}, {"col"}}), error,
                        [](const error& e) { return e.code() == errc::type_mismatch; });
  generate_plan plan{sql(schema, "w"), {}, {"a"}};
  plan.inline_structs = true;
  BOOST_CHECK_EXCEPTION(make_generate(schema, plan), error, [](const error& e) { return e.code() == errc::type_mismatch; });
  BOOST_CHECK_EXCEPTION(make_generate(schema, {sql(schema, "w"), {}, {"a", "b"}}), error,
                        [](const error& e) { return e.code() == errc::invalid_argument; });
}

BOOST_AUTO_TEST_SUITE_END()
