#include "format/text_value.hpp"

#include <limits>

#include <boost/test/unit_test.hpp>

using namespace flow;

BOOST_AUTO_TEST_CASE(integers_are_read_to_their_bounds_and_not_beyond) {
  BOOST_TEST(*read_integer<std::int64_t>("-9223372036854775808") == std::numeric_limits<std::int64_t>::min());
  BOOST_TEST(*read_integer<std::int64_t>("9223372036854775807") == std::numeric_limits<std::int64_t>::max());
  BOOST_TEST(!read_integer<std::int64_t>("9223372036854775808"));
  BOOST_TEST(!read_integer<std::int64_t>("18446744073709551617"));
  BOOST_TEST(*read_integer<std::int8_t>("-128") == -128);
  BOOST_TEST(!read_integer<std::int8_t>("128"));
  BOOST_TEST(*read_integer<std::int32_t>("+00000000000000000000007") == 7);
  for (const auto* text : {"", "-", "+", "+-1", " 1", "1 ", "1.0", "0x1"}) BOOST_TEST(!read_integer<std::int32_t>(text), text);
}

BOOST_AUTO_TEST_CASE(decimals_round_half_up_and_know_their_precision) {
  BOOST_TEST(read_decimal("1.005", 6, 2)->ToString(2) == "1.01");
  BOOST_TEST(read_decimal("-0.005", 6, 2)->ToString(2) == "-0.01");
  BOOST_TEST(!read_decimal("12345.67", 6, 2));
  BOOST_TEST(read_decimal("1e3", 6, 2)->ToString(2) == "1000.00");
  BOOST_TEST(!read_decimal("abc", 6, 2));
}
