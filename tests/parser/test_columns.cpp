#include <boost/test/unit_test.hpp>

#include "flow/connector_registry.hpp"
#include "flow/error.hpp"
#include "flow/functions.hpp"
#include "flow/logical_plan.hpp"
#include "flow/output_mode.hpp"
#include "flow/trigger.hpp"

using namespace flow;

namespace {

// Both ways to write an expression give the same one.
bool same(const column& c, std::string_view sql) { return same_expression(*c.expr(), *parse_expression(sql)); }

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const error& e) {
    return std::string(to_string(e.code())) + ": " + e.what();
  }
  return "";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(columns_and_options)

BOOST_AUTO_TEST_CASE(operators_and_methods_write_what_sql_writes) {
  BOOST_TEST(same(col("a") + 1 > col("b") * 2.0, "a + 1 > b * 2.0D"));
  BOOST_TEST(same(col("a") == "x" && !(col("b") != 1), "a = 'x' AND NOT b <> 1"));
  BOOST_TEST(same(-col("a") % 3, "-a % 3"));
  BOOST_TEST(same(col("w.start"), "w.start"));
  BOOST_TEST(same(col("`a.b`"), "`a.b`"));
  BOOST_TEST(same(col("a").between(lit(1), lit(2)), "a BETWEEN 1 AND 2"));
  BOOST_TEST(same(col("a").isin(1, "x", col("b")), "a IN (1, 'x', b)"));
  BOOST_TEST(same(col("a").cast("DECIMAL(5,2)").as("c"), "CAST(a AS DECIMAL(5,2)) AS c"));
  BOOST_TEST(same(col("a").is_null() || col("b").is_not_null(), "a IS NULL OR b IS NOT NULL"));
  BOOST_TEST(same(col("a").eq_null_safe(null_literal()), "a <=> NULL"));
  BOOST_TEST(same(col("s").like("a%") && col("s").rlike("b+"), "s LIKE 'a%' AND s RLIKE 'b+'"));
  BOOST_TEST(same(col("m").get_item(lit("k")), "m['k']"));
  BOOST_TEST(same(max(structure(col("v"), col("id"))).get_field("id"), "max(struct(v, id)).id"));
  BOOST_TEST(same(when(col("a") > 0, 1).when(col("a") < 0, lit(-1)).otherwise(lit(0)),
                  "CASE WHEN a > 0 THEN 1 WHEN a < 0 THEN -1 ELSE 0 END"));
}

BOOST_AUTO_TEST_CASE(functions_write_what_sql_writes) {
  BOOST_TEST(same(count("*"), "count(*)"));
  BOOST_TEST(same(count_distinct(col("a")), "count(DISTINCT a)"));
  BOOST_TEST(same(first(col("a"), true), "first(a) IGNORE NULLS"));
  BOOST_TEST(same(window(col("ts"), "10 minutes", "5 minutes"), "window(ts, '10 minutes', '5 minutes')"));
  BOOST_TEST(same(explode(split(col("value"), " ")).as("word"), "explode(split(value, ' ')) AS word"));
  BOOST_TEST(same(call_function("levenshtein", col("a"), "b"), "levenshtein(a, 'b')"));
  BOOST_TEST(
      same(from_json(col("value"), "a INT", {{"mode", "FAILFAST"}}), "from_json(value, 'a INT', map('mode', 'FAILFAST'))"));
  BOOST_TEST(same(to_json(structure(col("a"))), "to_json(struct(a))"));
  BOOST_TEST(same(get_json_object(col("value"), "$.a"), "get_json_object(value, '$.a')"));
}

BOOST_AUTO_TEST_CASE(sort_columns_become_sort_orders) {
  const auto order = to_sort_order(col("v").desc_nulls_first().expr());
  BOOST_TEST(order.descending);
  BOOST_TEST(order.nulls_first);
  BOOST_TEST(!to_sort_order(col("v").desc().expr()).nulls_first);
  BOOST_TEST(!to_sort_order(col("v").asc_nulls_last().expr()).nulls_first);
  BOOST_TEST(!to_sort_order(col("v").expr()).descending);
}

BOOST_AUTO_TEST_CASE(misuse_of_columns_is_refused) {
  BOOST_TEST(message_of([] { col("a").otherwise(lit(1)); }).starts_with("invalid_argument"));
  BOOST_TEST(message_of([] { when(col("a"), lit(1)).otherwise(lit(2)).otherwise(lit(3)); }).starts_with("invalid_argument"));
  BOOST_TEST(message_of([] { col("a..b"); }).starts_with("syntax_error"));
  BOOST_TEST(message_of([] { col("a").cast("INTT"); }).starts_with("syntax_error"));
}

BOOST_AUTO_TEST_CASE(option_keys_have_no_case_and_unknown_ones_are_named_with_the_nearest) {
  options settings;
  settings.set("maxfilespertrigger", "3");
  BOOST_TEST(settings.integer("maxFilesPerTrigger", 1, 1, 100) == 3);
  BOOST_CHECK_NO_THROW(settings.finish("format \"json\""));
  settings.set("maxFilePerTrigger", "3");
  BOOST_TEST(message_of([&] { settings.finish("format \"json\""); }).starts_with("unknown_option: "));
  BOOST_TEST(message_of([&] { settings.finish("format \"json\""); }).find("did you mean \"maxFilesPerTrigger\"?") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(option_values_that_cannot_be_read_say_what_is_expected) {
  options settings;
  for (const auto* key : {"n", "b", "t", "c"}) settings.set(key, "nonsense");
  BOOST_TEST(message_of([&] { settings.integer("n", 1, 0, 10); }) ==
             "invalid_option: option \"n\" has the value \"nonsense\"; expected an integer from 0 to 10");
  BOOST_TEST(message_of([&] { settings.boolean("b", true); }).find("true or false") != std::string::npos);
  BOOST_TEST(message_of([&] { settings.span("t", {}); }).find("span of time") != std::string::npos);
  BOOST_TEST(message_of([&] { settings.choice("c", "x", {"x", "y"}); }).find("one of x, y") != std::string::npos);
  BOOST_TEST(message_of([&] { settings.required("path", "where to read"); }).find("where to read") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(output_modes_and_triggers_are_checked) {
  BOOST_CHECK(parse_output_mode("Complete") == output_mode::complete);
  BOOST_TEST(message_of([] { parse_output_mode("all"); }).find("append, update or complete") != std::string::npos);
  BOOST_TEST(message_of([] { trigger::continuous(duration{}); }).starts_with("invalid_argument"));
}

BOOST_AUTO_TEST_SUITE_END()
