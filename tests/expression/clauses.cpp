// Clauses of aggregates around functions of single rows.
#include <boost/test/unit_test.hpp>

#include "flow/bound_expression.hpp"
#include "flow/error.hpp"
#include "flow/expression.hpp"
#include "flow/types.hpp"

namespace {

std::string refusal(const char* text) {
  try {
    flow::bind(*flow::parse_expression(text), *flow::parse_schema("s STRING, b BOOLEAN"));
  } catch (const flow::error& e) {
    return e.what();
  }
  return "bound";
}

}  // namespace

BOOST_AUTO_TEST_CASE(clauses_of_aggregates_are_refused_by_name_around_other_functions) {
  BOOST_TEST(refusal("upper(DISTINCT s)") == "upper() is no aggregate function: it takes no DISTINCT");
  BOOST_TEST(refusal("upper(s) FILTER (WHERE b)") == "upper() is no aggregate function: it takes no FILTER");
  BOOST_TEST(refusal("upper(s) IGNORE NULLS") == "upper() is no aggregate function: it takes no IGNORE NULLS");
  BOOST_TEST(refusal("upper(s) WITHIN GROUP (ORDER BY s)") == "upper() is no aggregate function: it takes no WITHIN GROUP");
  BOOST_TEST(refusal("struct(DISTINCT s)") == "struct() is no aggregate function: it takes no DISTINCT");
  BOOST_TEST(refusal("upper(s) RESPECT NULLS") == "bound");
}
