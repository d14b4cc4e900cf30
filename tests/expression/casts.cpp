// Conversions whose result must be exact.
#include <cmath>
#include <cstdlib>

#include <arrow/api.h>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "flow/batch.hpp"
#include "flow/bound_expression.hpp"
#include "flow/expression.hpp"

namespace {

using nlohmann::json;

/// The digits with `scale` of them behind a point.
std::string with_point(std::string digits, std::size_t scale) {
  const bool negative = digits[0] == '-';
  if (negative) digits.erase(0, 1);
  if (digits.size() <= scale) digits.insert(0, scale + 1 - digits.size(), '0');
  if (scale > 0) digits.insert(digits.size() - scale, ".");
  return (negative ? "-" : "") + digits;
}

/// Digits around what a DOUBLE and a FLOAT hold exactly, and far beyond.
const std::vector<std::string> all_digits{"0",
                                          "1",
                                          "-1",
                                          "3",
                                          "10",
                                          "-12345",
                                          "16777215",
                                          "16777216",
                                          "16777217",
                                          "-16777219",
                                          "123456789",
                                          "4503599627370497",
                                          "9007199254740991",
                                          "9007199254740992",
                                          "9007199254740993",
                                          "-9007199254740995",
                                          "9223372036854775807",
                                          "-9223372036854775808",
                                          "9223372036854775809",
                                          "18446744073709551617",
                                          "-36893488147419103233",
                                          "12345678901234567890123456789012345678",
                                          "-99999999999999999999999999999999999999"};

template <class Array, class Parse>
void check_nearest(const flow::data_type& to, Parse parse) {
  for (const int scale : {0, 1, 2, 7, 10, 11, 15, 22, 23, 30, 38}) {
    const auto schema = flow::schema_builder{}.add("c", flow::types::decimal(38, scale)).build();
    std::vector<std::string> texts;
    json rows = json::array();
    for (const auto& digits : all_digits) {
      texts.push_back(with_point(digits, static_cast<std::size_t>(scale)));
      rows.push_back(json::array({texts.back()}));
    }
    const auto batch = flow::batch_from_json(schema, rows);
    const auto cast = flow::bind(*flow::parse_expression("CAST(c AS " + flow::to_ddl(*to) + ")"), *schema);
    const auto values = flow::evaluate_array(*cast, *batch, {});
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const auto got = static_cast<const Array&>(*values).Value(static_cast<std::int64_t>(i));
      BOOST_TEST((got == parse(texts[i].c_str())), texts[i] << " became " << got);
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(casts)

BOOST_AUTO_TEST_CASE(decimals_become_the_doubles_next_to_them) {
  check_nearest<arrow::DoubleArray>(flow::types::float64(), [](const char* text) { return std::strtod(text, nullptr); });
}

BOOST_AUTO_TEST_CASE(decimals_become_the_floats_next_to_them) {
  check_nearest<arrow::FloatArray>(flow::types::float32(), [](const char* text) { return std::strtof(text, nullptr); });
}

BOOST_AUTO_TEST_SUITE_END()
