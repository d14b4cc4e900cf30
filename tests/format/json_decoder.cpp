#include <random>

#include <arrow/api.h>
#include <boost/test/unit_test.hpp>

#include "format/json_decoder.hpp"
#include "format/line_scanner.hpp"

namespace {

using namespace flow;

struct decoding {
  json_settings settings = json_settings::read(options());
  schema_ptr schema =
      parse_schema("id BIGINT, name STRING, kind STRING, score DOUBLE, tags ARRAY<STRING>, at STRUCT<x: INT, y: STRING>");

  json_decoder make() const { return json_decoder(settings, schema, {0, 1, 2, 3, 4, 5}, json_root::rows); }
  static std::string padded(const std::string& text) { return text + std::string(line_padding, '\n'); }
  static json_decoder::outcome decode(json_decoder& decoder, const std::string& text) {
    const auto copy = padded(text);
    return decoder.decode(std::string_view(copy).substr(0, text.size()));
  }
  static std::string rows_of(json_decoder& decoder) {
    std::string out;
    for (const auto& column : decoder.finish()) out += column->ToString() + "\n";
    return out;
  }
};

/// Rows of a few layouts, values of changing lengths and kinds, and damage now and then.
class row_maker {
 public:
  explicit row_maker(unsigned seed) : random_(seed) {}

  std::string next() {
    if (pick(20) == 0) layout_ = pick(4);
    std::string row = "{";
    const auto blank = layout_ == 1 ? " " : "";
    const std::vector<std::string> names = layout_ == 2 ? std::vector<std::string>{"kind", "other", "id", "name"}
                                                        : std::vector<std::string>{"id", "name", "kind", "score", "tags", "at"};
    for (const auto& name : names) {
      if (layout_ == 3 && pick(3) == 0) continue;
      row += (row.size() > 1 ? std::string(",") + blank : "") + "\"" + name + "\":" + blank + value(name);
    }
    row += '}';
    if (pick(25) == 0) row.resize(pick(static_cast<unsigned>(row.size()) + 1));
    if (pick(40) == 0 && !row.empty()) row[pick(static_cast<unsigned>(row.size()))] = "\"\\,}x1\x01"[pick(7)];
    if (pick(60) == 0) row += row;
    return row;
  }

 private:
  unsigned pick(unsigned below) { return static_cast<unsigned>(random_() % below); }

  std::string text() {
    static const std::vector<std::string> texts{"view",
                                                "click",
                                                "5150f301-4c16-0f2e-cbdf-e9b69aab0e69",
                                                "",
                                                "a\\\"b",
                                                "\\u00e9",
                                                std::string(62, 'x'),
                                                std::string(63, 'y'),
                                                std::string(80, 'z'),
                                                "sponsored-search"};
    return "\"" + texts[pick(static_cast<unsigned>(texts.size()))] + "\"";
  }
  std::string value(const std::string& name) {
    if (pick(30) == 0) return std::vector<std::string>{"null", "true", "{}", "[1]", "\"t\"", "-1", "007", "1e400"}[pick(8)];
    if (name == "id") return pick(3) == 0 ? std::to_string(random_()) : std::to_string(1'700'000'000'000 + pick(1000));
    if (name == "score") return std::to_string(pick(1000)) + (pick(2) == 0 ? ".25" : "");
    if (name == "tags") return "[" + text() + "," + text() + "]";
    if (name == "at") return "{\"x\":" + std::to_string(pick(9)) + ",\"y\":" + text() + "}";
    return pick(4) == 0 ? text() : "\"5150f301-4c16-0f2e-cbdf-e9b69aab0e69\"";
  }

  std::mt19937 random_;
  unsigned layout_ = 0;
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(row_reads_the_same_after_any_rows_as_alone, decoding) {
  row_maker rows(7);
  auto experienced = make();
  for (int i = 0; i < 20000; ++i) {
    const auto row = rows.next();
    auto fresh = make();
    const auto alone = decode(fresh, row), after_others = decode(experienced, row);
    BOOST_REQUIRE_MESSAGE(alone == after_others, "row " << i << ": " << row);
    BOOST_REQUIRE_MESSAGE(rows_of(fresh) == rows_of(experienced), "row " << i << ": " << row);
  }
}

BOOST_FIXTURE_TEST_CASE(keys_and_values_that_would_go_on_behind_the_end_do_not, decoding) {
  auto decoder = make();
  const std::string row = R"({"id":1,"name":"abcdefgh"})";
  for (int i = 0; i < 10; ++i) BOOST_REQUIRE(decode(decoder, row) == json_decoder::outcome::added);
  decoder.finish();
  const auto text = padded(row);
  for (std::size_t size = 1; size < row.size(); ++size) {
    BOOST_TEST((decoder.decode(std::string_view(text).substr(0, size)) == json_decoder::outcome::malformed), "size " << size);
  }
  BOOST_TEST(decoder.rows() == 0);
}

BOOST_FIXTURE_TEST_CASE(unwanted_rows_are_left_out_without_a_look_at_what_follows, decoding) {
  auto decoder = make();
  decoder.want_only(2, {"view", "\"é\""});
  using enum json_decoder::outcome;
  BOOST_TEST((decode(decoder, R"({"id":1,"kind":"view","name":"a"})") == added));
  BOOST_TEST((decode(decoder, R"({"id":2,"kind":"click","name":"a"})") == unwanted));
  BOOST_TEST((decode(decoder, R"({"id":3,"kind":"\"\u00e9\""})") == added));
  BOOST_TEST((decode(decoder, R"({"id":4,"kind":null})") == unwanted));
  BOOST_TEST((decode(decoder, R"({"id":5,"kind":"click","na)") == unwanted));
  BOOST_TEST((decode(decoder, R"({"id":6,"kind":"view","na)") == malformed));
  BOOST_TEST((decode(decoder, R"([{"id":7,"kind":"click"}])") == added));
  BOOST_TEST(decoder.finish()[0]->ToString().find("[\n  1,\n  3,\n  7\n]") != std::string::npos);
}
