#include <random>

#include <boost/test/unit_test.hpp>

#include <simdjson.h>

#include "format/json_scanner.hpp"

namespace {

using namespace flow;

constexpr json_syntax strict{.single_quotes = false, .non_numeric = false};

/// Whether the scanner takes all of the text as one value.
bool scans(const std::string& text) {
  const std::string padded = text + std::string(64, '\0');
  json_scanner scanner(std::string_view(padded).substr(0, text.size()), strict);
  json_token token;
  if (!scanner.skip_blanks() || !scanner.value(token)) return false;
  return scanner.skip_blanks() && scanner.at_end();
}

bool parses(simdjson::dom::parser& parser, const std::string& text) {
  simdjson::dom::element element;
  const auto code = parser.parse(text).get(element);
  return code == simdjson::SUCCESS || code == simdjson::NUMBER_OUT_OF_RANGE;
}

/// Whether a number in the text may be beyond what 64 bits hold: good JSON, which simdjson calls a number error like any other.
bool has_huge_number(const std::string& text) {
  std::size_t digits = 0;
  bool exponent = false;
  for (const char c : text) {
    if (c >= '0' && c <= '9') {
      if (++digits >= (exponent ? 3u : 19u)) return true;
    } else if ((c != '+' && c != '-') || !exponent || digits > 0) {
      exponent = c == 'e' || c == 'E';
      digits = 0;
    }
  }
  return false;
}

const std::vector<std::string> seeds = {
    R"({"user_id":"u1","page_id":"p","ad_id":"a-b","event_time":1700000000000,"ok":true,"none":null})",
    R"([1, -2.5e-3, 0, "x\n\u00e9\ud83d\ude00", {"k": [[], {}]}, false])",
    R"({"a" : {"b" : [ 1 , 2 ] } , "c" : "\\\"" , "d":-0.0})",
};

}  // namespace

BOOST_AUTO_TEST_CASE(mutated_texts_are_refused_exactly_where_simdjson_refuses_them) {
  std::mt19937 random(7);
  simdjson::dom::parser parser;
  const std::string alphabet = "{}[]\":,\\ 0123456789.eE+-tfnul\x01";
  int accepted = 0;
  for (int round = 0; round < 200'000; ++round) {
    auto text = seeds[random() % seeds.size()];
    for (auto edits = random() % 3; edits > 0; --edits) {
      const auto at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = alphabet[random() % alphabet.size()];
          break;
        case 1:
          text.insert(at, 1, alphabet[random() % alphabet.size()]);
          break;
        default:
          text.erase(at, 1);
      }
    }
    const bool wanted = parses(parser, text);
    if (scans(text) != wanted) {
      // simdjson refuses lone surrogates; Java's parser, and so Spark, keeps the row.
      if (!wanted && (text.find("\\u") != std::string::npos || has_huge_number(text))) continue;
      BOOST_FAIL((wanted ? "wrongly refused: " : "wrongly accepted: ") << text);
    }
    accepted += wanted ? 1 : 0;
  }
  BOOST_TEST(accepted > 20'000);
}

BOOST_AUTO_TEST_CASE(escapes_become_their_characters_and_lone_surrogates_question_marks) {
  std::string out;
  unescape_json(R"(a\n\t\"\\\/\u00e9\ud83d\ude00\ud83dx)", out);
  BOOST_TEST(out == "a\n\t\"\\/\xC3\xA9\xF0\x9F\x98\x80?x");
}
