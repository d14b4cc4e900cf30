#include <boost/test/unit_test.hpp>

#include "flow/error.hpp"
#include "flow/logical_plan.hpp"

using namespace flow;

namespace {

// The plan in one line: verbs around their inputs.
std::string outline(const logical_plan& plan) {
  const auto list = [](const std::vector<expression_ptr>& expressions) {
    std::string text;
    for (const auto& e : expressions) text += (text.empty() ? "" : ", ") + to_sql(*e);
    return text;
  };
  const auto inputs = [&] {
    std::string text;
    for (const auto& child : plan.children) text += (text.empty() ? "" : ", ") + outline(*child);
    return text;
  };
  switch (plan.kind) {
    case plan_kind::relation:
      return plan.name;
    case plan_kind::scan:
      return "one row";
    case plan_kind::alias:
      return inputs() + " as " + plan.name;
    case plan_kind::project:
      return "project[" + list(plan.expressions) + "](" + inputs() + ")";
    case plan_kind::filter:
      return "filter[" + list(plan.expressions) + "](" + inputs() + ")";
    case plan_kind::aggregate:
      return "group[" + list(plan.keys) + " | " + list(plan.expressions) + "](" + inputs() + ")";
    case plan_kind::unite:
      return "unite(" + inputs() + ")";
    case plan_kind::deduplicate:
      return "distinct(" + inputs() + ")";
    case plan_kind::limit:
      return "limit[" + std::to_string(plan.count) + "](" + inputs() + ")";
    case plan_kind::sort: {
      std::string keys;
      for (const auto& order : plan.orders)
        keys += (keys.empty() ? "" : ", ") + to_sql(*order.key) + (order.descending ? " DESC" : "");
      return "sort[" + keys + "](" + inputs() + ")";
    }
    case plan_kind::join: {
      std::string on = list(plan.expressions);
      for (const auto& name : plan.names) on += (on.empty() ? "using " : ", ") + name;
      return "join " + std::to_string(static_cast<int>(plan.how)) + "[" + on + "](" + inputs() + ")";
    }
    default:
      return "?";
  }
}

std::string plan_of(std::string_view sql) { return outline(*parse_query(sql)); }

std::string code_of(std::string_view sql) {
  try {
    parse_query(sql);
  } catch (const error& e) {
    return std::string(to_string(e.code()));
  }
  return "read";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(queries_read)

BOOST_AUTO_TEST_CASE(select_is_project_over_filter_over_relation) {
  BOOST_TEST(plan_of("SELECT a, b + 1 AS c FROM t WHERE a > 0") == "project[a, (b + 1) AS c](filter[(a > 0)](t as t))");
  BOOST_TEST(plan_of("SELECT * FROM t x;") == "project[*](t as x)");
  BOOST_TEST(plan_of("SELECT 1") == "project[1](one row)");
  BOOST_TEST(plan_of("SELECT DISTINCT a FROM t LIMIT 3") == "limit[3](distinct(project[a](t as t)))");
}

BOOST_AUTO_TEST_CASE(order_by_reads_unselected_columns_aliases_and_positions) {
  BOOST_TEST(plan_of("SELECT a FROM t ORDER BY b DESC LIMIT 2") == "project[a](limit[2](sort[b DESC](t as t)))");
  BOOST_TEST(plan_of("SELECT a + 1 AS c FROM t ORDER BY c, 1") == "project[(a + 1) AS c](sort[(a + 1), (a + 1)](t as t))");
  BOOST_TEST(plan_of("SELECT DISTINCT a + 1 AS c FROM t ORDER BY 1") == "sort[c](distinct(project[(a + 1) AS c](t as t)))");
}

BOOST_AUTO_TEST_CASE(groups_compute_each_aggregate_once_and_are_read_by_name) {
  BOOST_TEST(plan_of("SELECT k, sum(v) + sum(v) AS s FROM t GROUP BY k HAVING count(*) > 1") ==
             "project[k AS k, (`#0 sum(v)` + `#0 sum(v)`) AS s](filter[(`#1 count(1)` > 1)](group[k | sum(v) AS `#0 sum(v)`, "
             "count(1) AS `#1 count(1)`](t as t)))");
  BOOST_TEST(plan_of("SELECT count(*) AS n FROM t") ==
             "project[`#0 count(1)` AS n](group[ | count(1) AS `#0 count(1)`](t as t))");
}

BOOST_AUTO_TEST_CASE(group_keys_may_be_positions_aliases_or_expressions) {
  BOOST_TEST(plan_of("SELECT upper(k) AS u FROM t GROUP BY u") ==
             "project[`upper(k)` AS u](group[upper(k) AS `upper(k)` | ](t as t))");
  BOOST_TEST(plan_of("SELECT upper(k) AS u FROM t GROUP BY 1") == plan_of("SELECT upper(k) AS u FROM t GROUP BY u"));
  BOOST_TEST(plan_of("SELECT upper(k) AS u FROM t GROUP BY upper(k)") == plan_of("SELECT upper(k) AS u FROM t GROUP BY u"));
}

BOOST_AUTO_TEST_CASE(a_group_key_named_like_a_column_means_the_column) {
  BOOST_TEST(plan_of("SELECT upper(k) AS k, count(*) AS n FROM t GROUP BY k") ==
             "project[upper(k) AS k, `#0 count(1)` AS n](group[k | count(1) AS `#0 count(1)`](t as t))");
}

BOOST_AUTO_TEST_CASE(the_window_of_a_group_is_read_by_its_name) {
  BOOST_TEST(plan_of("SELECT window.start AS a FROM e GROUP BY window(ts, '10 minutes')") ==
             "project[window.start AS a](group[window(ts, '10 minutes') AS window | ](e as e))");
}

BOOST_AUTO_TEST_CASE(joins_have_their_kind_and_condition) {
  BOOST_TEST(plan_of("SELECT * FROM a JOIN b ON a.x = b.x") == "project[*](join 0[(a.x = b.x)](a as a, b as b))");
  BOOST_TEST(plan_of("SELECT * FROM a LEFT OUTER JOIN b USING (x, y)") == "project[*](join 2[using x, y](a as a, b as b))");
  BOOST_TEST(plan_of("SELECT * FROM a RIGHT JOIN b USING (x)") == "project[*](join 3[using x](a as a, b as b))");
  BOOST_TEST(plan_of("SELECT * FROM a FULL JOIN b USING (x)") == "project[*](join 4[using x](a as a, b as b))");
  BOOST_TEST(plan_of("SELECT * FROM a LEFT SEMI JOIN b USING (x)") == "project[*](join 5[using x](a as a, b as b))");
  BOOST_TEST(plan_of("SELECT * FROM a ANTI JOIN b USING (x)") == "project[*](join 6[using x](a as a, b as b))");
  BOOST_TEST(plan_of("SELECT * FROM a, b CROSS JOIN c") == "project[*](join 1[](a as a, join 1[](b as b, c as c)))");
  BOOST_TEST(plan_of("SELECT * FROM a x JOIN (SELECT * FROM b) AS y ON x.k = y.k") ==
             "project[*](join 0[(x.k = y.k)](a as x, project[*](b as b) as y))");
}

BOOST_AUTO_TEST_CASE(unions_nest_to_the_left_and_distinct_unions_are_made_distinct) {
  BOOST_TEST(plan_of("SELECT a FROM t UNION ALL SELECT b FROM u UNION SELECT c FROM v ORDER BY a") ==
             "sort[a](distinct(unite(unite(project[a](t as t), project[b](u as u)), project[c](v as v))))");
  BOOST_TEST(plan_of("(SELECT a FROM t LIMIT 1) UNION ALL (SELECT a FROM t)") ==
             "unite(project[a](limit[1](t as t)), project[a](t as t))");
}

BOOST_AUTO_TEST_CASE(with_names_tables_for_the_query_behind_it) {
  BOOST_TEST(plan_of("WITH p AS (SELECT a FROM t), q AS (SELECT a FROM p) SELECT * FROM q") ==
             "project[*](project[a](project[a](t as t) as p) as q)");
  BOOST_TEST(plan_of("WITH p(x) AS (SELECT a FROM t) SELECT x FROM p") == "project[x](project[a AS x](t as t) as p)");
}

BOOST_AUTO_TEST_CASE(values_are_united_rows_with_the_names_given) {
  BOOST_TEST(plan_of("SELECT lo FROM (VALUES (1, 'a'), (2, 'b')) AS v(lo, hi)") ==
             "project[lo](unite(project[1 AS lo, 'a' AS hi](one row), project[2 AS col1, 'b' AS col2](one row)) as v)");
  BOOST_TEST(code_of("VALUES (1, 2), (3)") == "syntax_error");
}

BOOST_AUTO_TEST_CASE(lateral_views_are_generators_beside_all_columns) {
  BOOST_TEST(plan_of("SELECT k FROM t LATERAL VIEW OUTER explode(m) e AS k, v") ==
             "project[k](project[*, explode_outer(m) AS (k, v)](t as t))");
}

BOOST_AUTO_TEST_CASE(what_libflow_cannot_run_is_refused_by_name_and_place) {
  for (const auto* sql : {"SELECT a FROM t EXCEPT SELECT a FROM u", "SELECT rank() OVER (PARTITION BY a ORDER BY b) FROM t",
                          "SELECT a FROM t WHERE a IN (SELECT b FROM u)", "SELECT a FROM t GROUP BY ROLLUP(a)",
                          "SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u)", "SELECT (SELECT max(a) FROM u) FROM t"}) {
    BOOST_TEST_CONTEXT(sql) { BOOST_TEST(code_of(sql) == "unsupported_plan"); }
  }
}

BOOST_AUTO_TEST_CASE(wrong_queries_are_syntax_errors_with_their_place) {
  for (const auto* sql : {"SELECT a, FROM t", "SELECT", "SELECT a FROM", "SELECT a FROM t GROUP BY", "SELECT a FROM t LIMIT x",
                          "SELECT a FROM t JOIN", "SELECT a FROM t ORDER BY 2", "FROM t"}) {
    BOOST_TEST_CONTEXT(sql) { BOOST_TEST(code_of(sql) == "syntax_error"); }
  }
  try {
    parse_query("SELECT a,\n  FROM t");
  } catch (const error& e) {
    BOOST_TEST(
        e.what() ==
        std::string("line 2, column 3: expected an expression, found 'FROM' (a reserved word: write `FROM` to name a column)\n"
                    "    FROM t\n    ^"));
  }
}

BOOST_AUTO_TEST_SUITE_END()
