#include <boost/test/unit_test.hpp>

#include "flow/error.hpp"
#include "flow/expression.hpp"
#include "flow/logical_plan.hpp"

using namespace flow;

namespace {

// The tree as fully parenthesised SQL: shows what binds to what.
std::string tree(std::string_view text) { return to_sql(*parse_expression(text)); }

std::string type_of(std::string_view text) { return to_ddl(*parse_expression(text)->value->type); }

std::string name_of(std::string_view text) { return generated_name(*parse_expression(text)); }

std::string refusal(std::string_view text) {
  try {
    parse_expression(text);
  } catch (const error& e) {
    BOOST_TEST(to_string(e.code()) == "syntax_error");
    return e.what();
  }
  return "read";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(expressions_read)

BOOST_AUTO_TEST_CASE(operators_bind_as_in_spark) {
  BOOST_TEST(tree("a OR b AND NOT c = d") == "(a OR (b AND (NOT (c = d))))");
  BOOST_TEST(tree("a + b * -c || d") == "((a + (b * (- c))) || d)");
  BOOST_TEST(tree("a | b ^ c & d") == "(a | (b ^ (c & d)))");
  BOOST_TEST(tree("a & b << c + d") == "(a & shiftleft(b, (c + d)))");
  BOOST_TEST(tree("a = b | c") == "(a = (b | c))");
  BOOST_TEST(tree("a - b - c") == "((a - b) - c)");
  BOOST_TEST(tree("a = b IS NULL") == "((a = b) IS NULL)");
  BOOST_TEST(tree("a DIV b % c / d") == "(((a div b) % c) / d)");
  BOOST_TEST(tree("x BETWEEN a + 1 AND b AND c") == "(((x >= (a + 1)) AND (x <= b)) AND c)");
  BOOST_TEST(tree("NOT a IN (1, 2)") == "(NOT (a IN (1, 2)))");
  BOOST_TEST(tree("! a == b") == "(NOT (a = b))");
}

BOOST_AUTO_TEST_CASE(predicates_become_the_documented_calls) {
  BOOST_TEST(tree("x NOT BETWEEN 1 AND 2") == "(NOT ((x >= 1) AND (x <= 2)))");
  BOOST_TEST(tree("x IS NOT TRUE") == "(NOT (x <=> true))");
  BOOST_TEST(tree("x IS UNKNOWN") == "(x IS NULL)");
  BOOST_TEST(tree("a IS DISTINCT FROM b") == "(NOT (a <=> b))");
  BOOST_TEST(tree("a IS NOT DISTINCT FROM b") == "(a <=> b)");
  BOOST_TEST(tree("s LIKE ANY ('a%', 'b')") == "((s LIKE 'a%') OR (s LIKE 'b'))");
  BOOST_TEST(tree("s NOT LIKE 'a!_' ESCAPE '!'") == "(NOT (s LIKE 'a!_' ESCAPE '!'))");
  BOOST_TEST(tree("s REGEXP 'a+'") == "(s RLIKE 'a+')");
  BOOST_TEST(tree("a <> b") == tree("a != b"));
}

BOOST_AUTO_TEST_CASE(literals_have_sparks_types) {
  BOOST_TEST(type_of("1") == "INT");
  BOOST_TEST(type_of("2147483647") == "INT");
  BOOST_TEST(type_of("2147483648") == "BIGINT");
  BOOST_TEST(type_of("-2147483648") == "INT");
  BOOST_TEST(type_of("-2147483648L") == "BIGINT");
  BOOST_TEST(type_of("9223372036854775808") == "DECIMAL(19,0)");
  BOOST_TEST(type_of("-9223372036854775808") == "BIGINT");
  BOOST_TEST(type_of("10L") == "BIGINT");
  BOOST_TEST(type_of("10S") == "SMALLINT");
  BOOST_TEST(type_of("10Y") == "TINYINT");
  BOOST_TEST(type_of("1.5") == "DECIMAL(2,1)");
  BOOST_TEST(type_of("0.001") == "DECIMAL(3,3)");
  BOOST_TEST(type_of("1.00") == "DECIMAL(3,2)");
  BOOST_TEST(type_of(".5") == "DECIMAL(1,1)");
  BOOST_TEST(type_of("1e3") == "DOUBLE");
  BOOST_TEST(type_of("1.5D") == "DOUBLE");
  BOOST_TEST(type_of("1.5F") == "FLOAT");
  BOOST_TEST(type_of("1.5BD") == "DECIMAL(2,1)");
  BOOST_TEST(type_of("'a'") == "STRING");
  BOOST_TEST(type_of("X'1F0a'") == "BINARY");
  BOOST_TEST(type_of("DATE '2024-02-29'") == "DATE");
  BOOST_TEST(type_of("TIMESTAMP '2024-02-29 10:00:00'") == "TIMESTAMP");
  BOOST_TEST(type_of("TIMESTAMP_NTZ '2024-02-29 10:00:00'") == "TIMESTAMP_NTZ");
  BOOST_TEST(type_of("NULL") == "VOID");
}

BOOST_AUTO_TEST_CASE(strings_know_both_quotes_escapes_and_neighbours) {
  const auto same = [](std::string_view a, std::string_view b) {
    return same_expression(*parse_expression(a), *parse_expression(b));
  };
  BOOST_TEST(same("'a' 'b'", "\"ab\""));
  BOOST_TEST(same("'it''s'", "'it\\'s'"));
  BOOST_TEST(same("'\\u00e9\\n'", "'é\n'"));
  BOOST_TEST(same("r'\\d'", "'\\\\d'"));
  // A pattern of LIKE keeps its own escapes.
  BOOST_TEST(same("'a\\_b'", "'a\\\\_b'"));
}

BOOST_AUTO_TEST_CASE(times_and_intervals_have_the_value_they_say) {
  const auto same = [](std::string_view a, std::string_view b) {
    return same_expression(*parse_expression(a), *parse_expression(b));
  };
  BOOST_TEST(same("TIMESTAMP '2024-01-01T10:00:00+01:00'", "TIMESTAMP '2024-01-01 09:00:00'"));
  BOOST_TEST(same("TIMESTAMP '2024-01-01'", "TIMESTAMP '2024-01-01 00:00:00.000'"));
  BOOST_TEST(same("DATE '2024-2'", "DATE '2024-02-01'"));
  BOOST_TEST(same("INTERVAL 90 MINUTES", "INTERVAL '1:30' HOUR TO MINUTE"));
  BOOST_TEST(same("INTERVAL '1 12:30:00' DAY TO SECOND", "INTERVAL 1 DAY 12 HOURS 30 MINUTES"));
  BOOST_TEST(same("INTERVAL '1-1' YEAR TO MONTH", "INTERVAL 13 MONTHS"));
  BOOST_TEST(same("INTERVAL 1 WEEK", "INTERVAL '7' DAYS"));
  BOOST_TEST(same("INTERVAL 1.5 SECONDS", "INTERVAL 1500 MILLISECONDS"));
  BOOST_TEST(name_of("INTERVAL 10 MINUTES") == "INTERVAL '10' MINUTE");
  BOOST_TEST(name_of("INTERVAL 3 HOURS") == "INTERVAL '03' HOUR");
  BOOST_TEST(name_of("INTERVAL 1 DAY 2 HOURS") == "INTERVAL '1 02' DAY TO HOUR");
}

BOOST_AUTO_TEST_CASE(a_sign_before_an_intervals_number_is_part_of_it) {
  BOOST_TEST(name_of("INTERVAL -1 MONTH") == "INTERVAL '-1' MONTH");
  BOOST_TEST(name_of("INTERVAL - 1 DAY") == "INTERVAL '-1' DAY");
  BOOST_TEST(name_of("INTERVAL +1 DAY") == "INTERVAL '1' DAY");
  BOOST_TEST(name_of("INTERVAL 1 DAY -2 HOURS") == "INTERVAL '0 22' DAY TO HOUR");
  BOOST_TEST(name_of("INTERVAL -1.5 SECONDS") == "INTERVAL '-01.5' SECOND");
  BOOST_TEST(name_of("INTERVAL -'1-2' YEAR TO MONTH") == "INTERVAL '-1-2' YEAR TO MONTH");
  BOOST_TEST(name_of("INTERVAL -'-1' DAY") == "INTERVAL '1' DAY");
  BOOST_TEST(name_of("INTERVAL '- 1 day'") == "INTERVAL '-1' DAY");
  BOOST_TEST(name_of("INTERVAL '1 month 1 day'") == "INTERVAL '1 month 1 day'");
  BOOST_TEST(tree("interval - 1") == "(`interval` - 1)");
  BOOST_TEST(tree("INTERVAL 1 DAY - interval") == "(INTERVAL '1' DAY - `interval`)");
}

BOOST_AUTO_TEST_CASE(intervals_of_any_fields_are_one_type) {
  BOOST_TEST(to_ddl(*parse_type("INTERVAL DAY TO SECOND")) == "INTERVAL");
  BOOST_TEST(to_ddl(*parse_type("MAP<INTERVAL YEAR, ARRAY<INTERVAL HOUR TO MINUTE>>")) == "MAP<INTERVAL, ARRAY<INTERVAL>>");
  BOOST_TEST(tree("CAST('1 02:03' AS INTERVAL DAY TO MINUTE)") == "CAST(INTERVAL '1 02:03' DAY TO MINUTE AS INTERVAL)");
  BOOST_TEST(refusal("CAST(x AS INTERVAL SECOND TO DAY)").find("expected INTERVAL") != std::string::npos);
  BOOST_TEST(refusal("CAST(x AS INTERVAL MONTH TO DAY)").find("expected INTERVAL") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(all_and_ignore_nulls_stand_between_the_parentheses) {
  BOOST_TEST(tree("sum(ALL x)") == "sum(x)");
  BOOST_TEST(tree("sum(ALL -x)") == "sum((- x))");
  BOOST_TEST(tree("sum(all * 2)") == "sum((all * 2))");
  BOOST_TEST(tree("sum(all)") == "sum(all)");
  BOOST_TEST(tree("first(x + 1 IGNORE NULLS)") == "first((x + 1)) IGNORE NULLS");
  BOOST_TEST(name_of("any_value(x IGNORE NULLS)") == "any_value(x)");
  BOOST_TEST(refusal("sum(x IGNORE NULLS)").find("first(), last() and any_value()") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(words_that_sql_uses_may_still_name_columns) {
  for (const auto* word :
       {"user", "date",     "timestamp", "end", "start", "value", "key", "window", "first",  "last",     "year",
        "day",  "interval", "filter",    "map", "array", "any",   "all", "row",    "offset", "position", "comment"}) {
    BOOST_TEST_CONTEXT(word) {
      BOOST_TEST(parse_expression(word)->path.at(0) == word);
      BOOST_TEST(name_of(std::string(word) + " + 1") == "(" + std::string(word) + " + 1)");
      BOOST_TEST(name_of("a AS " + std::string(word)) == word);
    }
  }
  BOOST_TEST(parse_expression("w.end")->path.size() == 2u);
  BOOST_TEST(parse_expression("t.select")->path.at(1) == "select");
  BOOST_TEST(parse_expression("`from`.`a ``b`")->path.at(1) == "a `b");
  BOOST_TEST(name_of("CASE WHEN end THEN end END") == "CASE WHEN end THEN end END");
}

BOOST_AUTO_TEST_CASE(calls_carry_distinct_filter_nulls_and_order) {
  BOOST_TEST(parse_expression("count(DISTINCT a, b)")->distinct);
  BOOST_TEST(parse_expression("first(x) IGNORE NULLS")->ignore_nulls);
  BOOST_TEST(parse_expression("first(x, true)")->ignore_nulls);
  BOOST_TEST(parse_expression("first(x, true)")->arguments.size() == 1u);
  BOOST_TEST(tree("sum(v) FILTER (WHERE v > 0)") == "sum(v) FILTER (WHERE (v > 0))");
  BOOST_TEST(tree("count(*)") == "count(1)");
  const auto list = parse_expression("listagg(s, ',') WITHIN GROUP (ORDER BY s DESC)");
  BOOST_REQUIRE(list->within_group.size() == 1u);
  BOOST_TEST(to_sort_order(list->within_group[0]).descending);
  const auto all = "collect_list(x) FILTER (WHERE b) RESPECT NULLS";
  BOOST_TEST(parse_expression(all)->respect_nulls);
  BOOST_TEST(tree(all) == all);
}

BOOST_AUTO_TEST_CASE(clauses_of_a_call_have_one_order_and_stand_once) {
  BOOST_TEST(refusal("sum(a) FILTER (WHERE b) FILTER (WHERE c)") != "read");
  BOOST_TEST(refusal("listagg(s) FILTER (WHERE b) WITHIN GROUP (ORDER BY s)") != "read");
  BOOST_TEST(refusal("first(s) IGNORE NULLS FILTER (WHERE b)") != "read");
}

BOOST_AUTO_TEST_CASE(special_call_forms_become_plain_calls) {
  BOOST_TEST(tree("extract(DOW FROM t)") == "extract('DOW', t)");
  BOOST_TEST(tree("position('r' IN s)") == "locate('r', s)");
  BOOST_TEST(tree("overlay(s PLACING 'x' FROM 2 FOR 1)") == "overlay(s, 'x', 2, 1)");
  BOOST_TEST(tree("trim(BOTH 'a' FROM s)") == "trim('a', s)");
  BOOST_TEST(tree("trim(FROM s)") == "trim(s)");
  BOOST_TEST(tree("trim(TRAILING FROM s)") == "rtrim(s)");
  BOOST_TEST(tree("timestampadd(MINUTE, n, t)") == "timestampadd('MINUTE', n, t)");
  BOOST_TEST(tree("left(s, 3)") == "left(s, 3)");
  BOOST_TEST(tree("x::INT + 1") == "(CAST(x AS INT) + 1)");
  BOOST_TEST(tree("(a, b) IN ((1, 2))") == "(struct(a, b) IN (struct(1, 2)))");
}

BOOST_AUTO_TEST_CASE(paths_extend_and_values_have_members) {
  BOOST_TEST(parse_expression("a.b.c")->path.size() == 3u);
  BOOST_TEST(tree("a.b[0].c") == "a.b[0]['c']");
  BOOST_TEST(name_of("max(struct(v, id)).id") == "max(struct(v, id)).id");
  BOOST_TEST(tree("t.*") == "t.*");
}

BOOST_AUTO_TEST_CASE(lambdas_bind_their_parameters) {
  const auto call = parse_expression("aggregate(a, 0, (acc, x) -> acc + x)");
  const auto& lambda = *call->arguments.at(2);
  BOOST_CHECK(lambda.kind == expression_kind::lambda);
  BOOST_TEST(lambda.names.size() == 2u);
  BOOST_TEST(name_of("transform(a, x -> x + 1)") ==
             "transform(a, lambdafunction((namedlambdavariable() + 1), namedlambdavariable()))");
}

BOOST_AUTO_TEST_CASE(aliases_name_one_or_several_columns) {
  BOOST_TEST(parse_expression("v * 2 AS w")->names.at(0) == "w");
  BOOST_TEST(parse_expression("v * 2 w")->names.at(0) == "w");
  BOOST_TEST(parse_expression("posexplode(x) AS (a, b)")->names.size() == 2u);
}

BOOST_AUTO_TEST_CASE(unnamed_columns_get_sparks_names) {
  BOOST_TEST(name_of("v") == "v");
  BOOST_TEST(name_of("w.start") == "start");
  BOOST_TEST(name_of("sum(v)") == "sum(v)");
  BOOST_TEST(name_of("v * 2") == "(v * 2)");
  BOOST_TEST(name_of("count(*)") == "count(1)");
  BOOST_TEST(name_of("count(DISTINCT v)") == "count(DISTINCT v)");
  BOOST_TEST(name_of("CAST(v AS STRING)") == "CAST(v AS STRING)");
  BOOST_TEST(name_of("int(v) + 1") == "(v + 1)");
  BOOST_TEST(name_of("if(v > 1, v, 0)") == "(IF((v > 1), v, 0))");
  BOOST_TEST(name_of("split(s, ',')[0]") == "split(s, ,, -1)[0]");
  BOOST_TEST(name_of("INTERVAL 5 MINUTES + t") == "t + INTERVAL '05' MINUTE");
  BOOST_TEST(name_of("INTERVAL 1 DAY + INTERVAL 5 HOURS") == "(INTERVAL '1' DAY + INTERVAL '05' HOUR)");
  BOOST_TEST(name_of("ceil(v, 1) + ceil(v)") == "(ceil(v, 1) + CEIL(v))");
  BOOST_TEST(name_of("concat(x, '!')") == "concat(x, !)");
  BOOST_TEST(name_of("x || '!'") == "concat(x, !)");
  BOOST_TEST(name_of("a <> b") == "(NOT (a = b))");
  BOOST_TEST(name_of("-a") == "(- a)");
  BOOST_TEST(name_of("v IS NOT NULL") == "(v IS NOT NULL)");
  BOOST_TEST(name_of("window(ts, '10 minutes')") == "window");
  BOOST_TEST(name_of("CASE WHEN v > 0 THEN 1 ELSE 0 END") == "CASE WHEN (v > 0) THEN 1 ELSE 0 END");
  BOOST_TEST(name_of("struct(x AS v)") == "struct(x AS v)");
  BOOST_TEST(name_of("sum(v) FILTER (WHERE b)") == "sum(v) FILTER (WHERE b)");
  BOOST_TEST(name_of("collect_list(v) RESPECT NULLS") == "collect_list(v) RESPECT NULLS");
  BOOST_TEST(name_of("array_agg(v) RESPECT NULLS") == "collect_list(v) RESPECT NULLS");
  BOOST_TEST(name_of("listagg(s, ',') WITHIN GROUP (ORDER BY s)") == "listagg(s, ,) WITHIN GROUP (ORDER BY s ASC NULLS FIRST)");
  BOOST_TEST(name_of("percentile_cont(0.5) WITHIN GROUP (ORDER BY i)") == "percentile_cont(0.5) WITHIN GROUP (ORDER BY i)");
  BOOST_TEST(name_of("percentile_disc(0.5) WITHIN GROUP (ORDER BY i DESC)") ==
             "percentile_disc(0.5) WITHIN GROUP (ORDER BY i DESC)");
  BOOST_TEST(name_of("mode() WITHIN GROUP (ORDER BY i DESC)") == "mode() WITHIN GROUP (ORDER BY i)");
  BOOST_TEST(name_of("round(c)") == "round(c, 0)");
  BOOST_TEST(name_of("position('a' IN s)") == "locate(a, s, 1)");
  BOOST_TEST(name_of("position('a', s)") == "position(a, s, 1)");
  BOOST_TEST(name_of("trim(BOTH FROM s)") == "trim(s)");
  BOOST_TEST(name_of("ltrim('0', s)") == "TRIM(LEADING 0 FROM s)");
  BOOST_TEST(name_of("substr(s FROM 2)") == "substring(s, 2, 2147483647)");
  BOOST_TEST(name_of("s NOT LIKE ANY ('a%', 'b')") == "notlikeany(s)");
  BOOST_TEST(name_of("s ILIKE ALL ('a%')") == "likeall(lower(s))");
  BOOST_TEST(name_of("s LIKE ALL ('a%', p)") == "(s LIKE a% AND s LIKE p)");
  BOOST_TEST(name_of("t + (- INTERVAL 1 DAY)") == "t + (- INTERVAL '1' DAY)");
  BOOST_TEST(name_of("t - CAST('1 02' AS INTERVAL DAY TO HOUR)") == "t - CAST(1 02 AS INTERVAL DAY TO HOUR)");
  BOOST_TEST(name_of("log(c)") == "LOG(E(), c)");
  BOOST_TEST(name_of("c + 0.0000001") == "(c + 1E-7)");
  BOOST_TEST(name_of("0.0000000") == "0E-7");
  BOOST_TEST(name_of("1.50") == "1.50");
  BOOST_TEST(name_of("1.5D") == "1.5");
}

BOOST_AUTO_TEST_CASE(names_that_need_backticks_get_them) {
  BOOST_TEST(to_sql(*expressions::reference({"a b", "from", "plain"})) == "`a b`.`from`.plain");
}

BOOST_AUTO_TEST_CASE(errors_say_where_and_what_was_expected) {
  BOOST_TEST(refusal("a +") == "line 1, column 4: expected an expression, found the end of the text\n  a +\n     ^");
  BOOST_TEST(refusal("sum(v))") == "line 1, column 7: expected the end of the text, found ')'\n  sum(v))\n        ^");
  BOOST_TEST(refusal("a +\n  * )").starts_with("line 2, column 5: "));
  BOOST_TEST(refusal("'abc").find("never closed") != std::string::npos);
  BOOST_TEST(refusal("CAST(a AS INTT)").find("did you mean INT") != std::string::npos);
  BOOST_TEST(refusal("DATE '2024-13-01'").find("is no date") != std::string::npos);
  BOOST_TEST(refusal("a + from").find("`from`") != std::string::npos);
  BOOST_TEST(refusal("ä + )").starts_with("line 1, column 5: "));
  BOOST_TEST(refusal("") != "read");
}

BOOST_AUTO_TEST_CASE(comments_and_line_breaks_are_blank) { BOOST_TEST(tree("a -- first\n + /* second */ b") == "(a + b)"); }

BOOST_AUTO_TEST_CASE(sort_items_have_sparks_default_for_nulls) {
  BOOST_TEST(parse_sort_order("v").nulls_first);
  BOOST_TEST(!parse_sort_order("v DESC").nulls_first);
  BOOST_TEST(!parse_sort_order("v ASC NULLS LAST").nulls_first);
  BOOST_TEST(parse_sort_order("v DESC NULLS FIRST").nulls_first);
}

BOOST_AUTO_TEST_CASE(types_and_schemas_are_read) {
  BOOST_TEST(to_ddl(*parse_type("struct<a:int,b:array<array<string>>>")) == "STRUCT<a: INT, b: ARRAY<ARRAY<STRING>>>");
  BOOST_TEST(to_ddl(*parse_type("decimal")) == "DECIMAL(10,0)");
  BOOST_TEST(to_ddl(*parse_type("varchar(10)")) == "STRING");
  BOOST_TEST(to_ddl(*parse_schema("order BIGINT NOT NULL COMMENT 'the number', `a b` map<string, int>")) ==
             "order BIGINT, `a b` MAP<STRING, INT>");
  BOOST_TEST(parse_schema("")->num_fields() == 0);
  BOOST_CHECK_THROW(parse_type("DECIMAL(39, 0)"), error);
  BOOST_CHECK_THROW(parse_schema("a"), error);
}

BOOST_AUTO_TEST_SUITE_END()
