#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <cmath>
#include <fstream>
#include <random>
#include <set>

#include <arrow/api.h>

#include "flow/error.hpp"
#include "flow/expression.hpp"
#include "flow/function_catalog.hpp"
#include "flow/operator_factory.hpp"
#include "tests/operators/operator_harness.hpp"

using namespace flow;
using namespace flow::testing;
using json = nlohmann::json;

namespace {

json read_corpus(const std::string& name) {
  std::ifstream file(std::string(FLOW_SOURCE_DIR) + "/tests/conformance/corpus/expr/" + name);
  return json::parse(file);
}

bool same_value(const json& a, const json& b) {
  if (a.is_number_float() || b.is_number_float()) {
    if (!a.is_number() || !b.is_number()) return a == b;
    const auto x = a.get<double>(), y = b.get<double>();
    return x == y || std::abs(x - y) <= 1e-9 * std::max(std::abs(x), std::abs(y));
  }
  if (a.is_array() && b.is_array()) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
      if (!same_value(a[i], b[i])) return false;
    return true;
  }
  return a == b;
}

aggregate_options options_of(const expression& call, const arrow::Schema& schema) {
  aggregate_options options{call.distinct, call.ignore_nulls, call.respect_nulls, {}};
  for (const auto& item : call.within_group) {
    const auto order = to_sort_order(item);
    options.order.push_back({bind(*order.key, schema), order.descending, order.nulls_first});
  }
  return options;
}

/// The aggregate call that a text is, if it is one.
std::optional<aggregate_call> aggregate_of(const schema_ptr& schema, const std::string& text) {
  const auto e = parse_expression(text);
  // Needs the expressions' room to have struct().
  if (text.find("struct(") != std::string::npos && function_catalog::builtin().find("struct") == nullptr) return {};
  if (e->kind != expression_kind::call) return {};
  const auto* entry = function_catalog::builtin().find(e->name);
  if (entry == nullptr || entry->kind != function_kind::aggregate) return {};
  std::vector<bound_ptr> arguments;
  for (const auto& a : e->arguments) arguments.push_back(bind(*a, *schema));
  return aggregate_call{"v", entry->bind_aggregate(std::move(arguments), options_of(*e, *schema)),
                        e->filter ? bind(*e->filter, *schema) : nullptr};
}

std::vector<batch> split(const batch& rows, std::int64_t each) {
  std::vector<batch> out;
  for (std::int64_t from = 0; from < rows->num_rows(); from += each)
    out.push_back(rows->Slice(from, std::min(each, rows->num_rows() - from)));
  return out;
}

/// Values by key, of one operator or of a partial one that flushes after each batch and a final one.
std::map<std::string, json> run(const schema_ptr& schema, const aggregate_call& call, const std::vector<batch>& batches,
                                bool two_stages) {
  aggregate_plan plan;
  plan.keys.push_back({"g", sql(schema, "g")});
  plan.calls = {call};
  plan.streaming = false;
  collector out;
  if (two_stages) {
    plan.stage = aggregate_stage::partial;
    const auto partial = make_aggregate(schema, plan);
    plan.stage = aggregate_stage::final;
    const auto merged = make_aggregate(partial.output, plan).make({});
    const auto first = partial.make({});
    for (const auto& rows : batches) {
      collector between;
      first->process(0, rows, between);
      first->on_idle(between);
      for (const auto& states : between.batches()) merged->process(0, states, out);
    }
    merged->on_barrier({1}, out);
  } else {
    const auto op = make_aggregate(schema, plan).make({});
    for (const auto& rows : batches) op->process(0, rows, out);
    op->on_barrier({1}, out);
  }
  std::map<std::string, json> values;
  for (const auto& rows : out.batches()) {
    BOOST_TEST(rows->ValidateFull().ok());
    for (const auto& row : batch_to_json(*rows)) values[row[0].dump()] = row[1];
  }
  return values;
}

/// Cases that are no single aggregate call: the conformance tests run them through the planner.
bool is_single_call(const std::string& text) {
  static const std::set<std::string> composite{"sort_array(collect_list(i))", "sort_array(collect_set(s))",
                                               "array_size(collect_list(s))", "avg(i) > 1", "max(struct(x, s)).s"};
  return !composite.contains(text);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(aggregate_corpus)

BOOST_AUTO_TEST_CASE(every_single_aggregate_gives_sparks_values_in_any_split_and_in_two_stages) {
  for (const std::string file : {"aggregates.json", "aggregates_generated.json", "aggregate_clauses.json"}) {
    const auto corpus = read_corpus(file);
    const auto schema = parse_schema(corpus["schema"].get<std::string>());
    const auto rows = batch_from_json(schema, corpus["rows"]);
    for (const auto& c : corpus["cases"]) {
      const auto text = c["expr"].get<std::string>();
      if (!is_single_call(text) || !c.contains("values")) continue;
      BOOST_TEST_CONTEXT(file << ": " << text) {
        try {
          const auto call = aggregate_of(schema, text);
          BOOST_TEST((call.has_value() || text.find("struct(") != std::string::npos));
          if (!call) continue;
          BOOST_TEST(to_ddl(*call->function.type) == c["type"].get<std::string>());
          for (const bool two_stages : {false, true}) {
            for (const std::int64_t each : {std::int64_t{1}, std::int64_t{7}, rows->num_rows()}) {
              const auto values = run(schema, *call, split(rows, each), two_stages);
              for (std::size_t g = 0; g < corpus["keys"].size(); ++g) {
                const auto found = values.find(corpus["keys"][g][0].dump());
                BOOST_TEST((found != values.end()));
                if (found == values.end()) continue;
                BOOST_TEST(same_value(found->second, c["values"][g]),
                           "group " << corpus["keys"][g].dump() << " gives " << found->second.dump() << ", Spark "
                                    << c["values"][g].dump() << (two_stages ? " in two stages" : "") << " in batches of "
                                    << each);
              }
            }
          }
        } catch (const error& e) {
          BOOST_ERROR(e.what());
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_cleared_group_is_empty_again) {
  const auto corpus = read_corpus("aggregates.json");
  const auto schema = parse_schema(corpus["schema"].get<std::string>());
  const auto rows = batch_from_json(schema, corpus["rows"]);
  for (const auto& c : corpus["cases"]) {
    const auto text = c["expr"].get<std::string>();
    if (!is_single_call(text)) continue;
    const auto call = aggregate_of(schema, text);
    if (!call) continue;
    std::vector<array> arguments;
    for (const auto& a : call->function.arguments) arguments.push_back(evaluate_array(*a, *rows, {}));
    const std::vector<std::uint32_t> groups(static_cast<std::size_t>(rows->num_rows()), 1), asked{0, 1};
    const auto used = call->function.make(), fresh = call->function.make();
    used->resize(2);
    fresh->resize(2);
    used->update(groups, arguments);
    used->clear(asked);
    BOOST_TEST(used->finish(asked)->Equals(fresh->finish(asked)), text);
    used->update(groups, arguments);
    fresh->update(groups, arguments);
    BOOST_TEST(used->finish(asked)->Equals(fresh->finish(asked), arrow::EqualOptions::Defaults().nans_equal(true)), text);
  }
}

BOOST_AUTO_TEST_CASE(a_decimal_sum_that_has_overflowed_stays_null) {
  const auto schema = parse_schema("g INT, d DECIMAL(38,0)");
  const std::string big(38, '9');
  const auto rows = batch_from_json(schema, {{1, big}, {1, "1"}, {1, "-5"}, {2, "3"}});
  const auto values = run(schema, *aggregate_of(schema, "sum(d)"), split(rows, 1), false);
  BOOST_TEST(values.at("1").is_null());
  BOOST_TEST(values.at("2") == "3");
  BOOST_TEST(run(schema, *aggregate_of(schema, "sum(d)"), split(rows, 1), true).at("1").is_null());
}

BOOST_AUTO_TEST_CASE(an_integer_sum_wraps_and_try_sum_is_null) {
  const auto schema = parse_schema("g INT, v BIGINT");
  const auto rows = batch_from_json(schema, {{1, 9223372036854775807}, {1, 1}});
  BOOST_TEST(run(schema, *aggregate_of(schema, "sum(v)"), {rows}, false).at("1") == std::numeric_limits<std::int64_t>::min());
  BOOST_TEST(run(schema, *aggregate_of(schema, "try_sum(v)"), {rows}, false).at("1").is_null());
}

BOOST_AUTO_TEST_CASE(arguments_that_do_not_fit_are_named) {
  const auto schema = parse_schema("g INT, m MAP<STRING, INT>, b BOOLEAN");
  for (const std::string text : {"max(m)", "sum(b)", "avg(m)", "bit_and(b)", "bool_and(g)", "approx_count_distinct(g, 2.0)"})
    BOOST_CHECK_EXCEPTION(aggregate_of(schema, text), error, [](const error& e) { return e.code() == errc::type_mismatch; });
}

BOOST_AUTO_TEST_SUITE_END()
