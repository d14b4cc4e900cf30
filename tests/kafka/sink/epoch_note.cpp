#include "sinks/kafka/epoch_note.hpp"

#include <boost/test/unit_test.hpp>

#include "sink_under_test.hpp"

using namespace flow;
using namespace flow::test;

namespace {

std::string refused(epoch newest, epoch_note note, std::optional<epoch> shown) {
  return failure_of([&] { last_visible(newest, note, shown, "g"); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(epoch_notes)

BOOST_AUTO_TEST_CASE(a_note_is_read_back) {
  const auto note = epoch_note::find(epoch_note{{7}, {5}, {"t", "u"}}.to_json());
  BOOST_REQUIRE(note.has_value());
  BOOST_TEST(note->marker.value == 7u);
  BOOST_TEST(note->before.value == 5u);
  BOOST_TEST(note->topics == (std::vector<std::string>{"t", "u"}), boost::test_tools::per_element());
  BOOST_TEST(!epoch_note::find(nullptr).has_value());
}

BOOST_AUTO_TEST_CASE(the_marker_of_the_newest_epoch_says_that_it_is_visible) {
  BOOST_TEST((last_visible({7}, {{7}, {6}, {"t"}}, epoch{7}, "g") == epoch{7}));
}

BOOST_AUTO_TEST_CASE(the_marker_before_it_says_that_the_newest_epoch_must_run_again) {
  BOOST_TEST((last_visible({7}, {{7}, {6}, {"t"}}, epoch{6}, "g") == epoch{6}));
  BOOST_TEST((last_visible({1}, {{1}, {0}, {"t"}}, epoch{0}, "g") == epoch{0}));
}

BOOST_AUTO_TEST_CASE(epochs_without_rows_in_between_are_kept) {
  BOOST_TEST((last_visible({7}, {{7}, {4}, {"t"}}, epoch{4}, "g") == epoch{6}));
  BOOST_TEST((last_visible({7}, {{4}, {4}, {"t"}}, epoch{4}, "g") == epoch{7}));
}

BOOST_AUTO_TEST_CASE(a_marker_that_is_gone_is_an_error) {
  const auto told = refused({7}, {{7}, {6}, {"t"}}, std::nullopt);
  BOOST_TEST(contains(told, "checkpoint_mismatch"), told);
  BOOST_TEST(contains(told, "no marker"), told);
  BOOST_TEST(contains(told, "offsets.retention.minutes"), told);
}

BOOST_AUTO_TEST_CASE(a_checkpoint_older_than_the_output_is_an_error) {
  const auto told = refused({7}, {{7}, {6}, {"t"}}, epoch{9});
  BOOST_TEST(contains(told, "checkpoint_mismatch"), told);
  BOOST_TEST(contains(told, "older than the output"), told);
}

BOOST_AUTO_TEST_CASE(output_older_than_the_checkpoint_is_an_error) {
  const auto told = refused({7}, {{7}, {6}, {"t"}}, epoch{3});
  BOOST_TEST(contains(told, "checkpoint_mismatch"), told);
  BOOST_TEST(contains(told, "lost on the brokers"), told);
}

BOOST_AUTO_TEST_SUITE_END()
