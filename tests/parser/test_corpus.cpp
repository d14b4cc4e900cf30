#include <boost/test/unit_test.hpp>

#include "flow/error.hpp"
#include "flow/logical_plan.hpp"
#include "tests/parser/corpus.hpp"

using namespace flow;

namespace {

const test::corpus_texts& corpus() {
  static const auto texts = test::read_corpus();
  return texts;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(parser_corpus)

BOOST_AUTO_TEST_CASE(every_expression_is_read_or_refused_as_spark_does) {
  BOOST_TEST(corpus().expressions.size() > 1000u);
  for (const auto& text : corpus().expressions) {
    BOOST_TEST_CONTEXT(text) {
      if (corpus().refused.contains(text)) {
        BOOST_CHECK_THROW(parse_expression(text), error);
      } else {
        BOOST_CHECK_NO_THROW(parse_expression(text));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(every_expression_survives_the_way_to_sql_and_back) {
  for (const auto& text : corpus().expressions) {
    if (corpus().refused.contains(text)) continue;
    BOOST_TEST_CONTEXT(text) {
      const auto first = parse_expression(text);
      const auto sql = to_sql(*first);
      BOOST_TEST_CONTEXT(sql) { BOOST_CHECK(same_expression(*first, *parse_expression(sql))); }
    }
  }
}

BOOST_AUTO_TEST_CASE(every_sort_order_is_read) {
  for (const auto& text : corpus().orders) {
    BOOST_TEST_CONTEXT(text) { BOOST_CHECK_NO_THROW(parse_sort_order(text)); }
  }
}

BOOST_AUTO_TEST_CASE(every_query_is_read_or_refused_as_unsupported_by_name) {
  for (const auto& text : corpus().queries) {
    BOOST_TEST_CONTEXT(text) {
      try {
        parse_query(text);
      } catch (const error& e) {
        BOOST_TEST_CONTEXT(e.what()) { BOOST_CHECK(e.code() == errc::unsupported_plan); }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(every_schema_and_type_is_the_same_after_the_way_through_ddl) {
  BOOST_TEST(corpus().schemas.size() > 100u);
  for (const auto& text : corpus().schemas) {
    BOOST_TEST_CONTEXT(text) {
      const auto schema = parse_schema(text);
      BOOST_CHECK(schema->Equals(*parse_schema(to_ddl(*schema))));
      BOOST_TEST(to_ddl(*schema) == text);
    }
  }
  for (const auto& text : corpus().types) {
    BOOST_TEST_CONTEXT(text) { BOOST_TEST(to_ddl(*parse_type(text)) == text); }
  }
}

BOOST_AUTO_TEST_SUITE_END()
