#include <random>

#include <boost/test/unit_test.hpp>

#include "format/line_scanner.hpp"

namespace {

using namespace flow;

std::vector<std::string> lines_of(const std::string& text, byte_range range, bool exact) {
  line_scanner scanner(memory_input(text), range, "", exact);
  std::vector<std::string> out;
  std::string_view line;
  while (scanner.next(line)) out.emplace_back(line);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(adjacent_ranges_give_every_line_once_wherever_they_are_cut) {
  std::mt19937 random(3);
  for (int round = 0; round < 500; ++round) {
    std::string text;
    for (auto i = random() % 60; i > 0; --i) text += std::string_view("ab\n\r")[random() % 4];
    const auto whole = lines_of(text, {}, true);
    for (std::int64_t cut = 0; cut <= static_cast<std::int64_t>(text.size()); ++cut) {
      auto parts = lines_of(text, {0, cut}, true);
      for (auto& line : lines_of(text, {cut, static_cast<std::int64_t>(text.size()) + 1}, cut == 0)) parts.push_back(line);
      BOOST_REQUIRE_MESSAGE(parts == whole, "cut at " << cut << " of " << text.size() << " bytes, round " << round);
    }
  }
}

BOOST_AUTO_TEST_CASE(reading_goes_on_exactly_at_a_position) {
  const std::string text = "one\r\ntwo\r\rfour\nfive";
  line_scanner scanner(memory_input(text), {}, "", true);
  std::string_view line;
  const auto whole = lines_of(text, {}, true);
  for (std::size_t count = 1; scanner.next(line); ++count) {
    const auto rest = lines_of(text, {scanner.position(), 1000}, true);
    BOOST_TEST(rest == std::vector<std::string>(whole.begin() + static_cast<std::ptrdiff_t>(count), whole.end()),
               boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(lines_longer_than_a_block_stay_whole) {
  const std::string longest(3 << 20, 'x');
  BOOST_TEST(lines_of("a\n" + longest + "\nb", {}, true).at(1).size() == longest.size());
}
