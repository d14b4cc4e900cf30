#include <arrow/api.h>

#include "flow/batch.hpp"
#include "flow/format_reader.hpp"
#include "tests/fuzz/mutator.hpp"

using namespace flow;
using namespace flow::testing;
using namespace std::string_literals;

namespace {

const char* ddl =
    "a INT, b STRING, c DOUBLE, d BOOLEAN, e TIMESTAMP, f DECIMAL(10,2), g ARRAY<INT>, h STRUCT<x: INT, y: STRING>, i "
    "MAP<STRING, "
    "BIGINT>, j DATE, k BINARY, _corrupt_record STRING";

const mutator json_lines(
    {"{\"a\":1,\"b\":\"x\\n\\u00e9\\ud83d\\ude00\",\"c\":-2.5e-3,\"d\":true,\"e\":\"2024-02-29T10:00:00Z\",\"f\":12.34}\n",
     "{\"g\":[1,2,null],\"h\":{\"x\":1,\"y\":\"z\"},\"i\":{\"k\":1,\"l\":2},\"j\":\"2024-01-01\",\"k\":\"AAEC\"}\n",
     "{\"a\" : 99999999999 , \"b\":{\"n\":[[]]} , \"c\":\"NaN\", \"d\":0 }\n[{\"a\":1}]\nnull\n",
     "\xEF\xBB\xBF{\"a\":1}\r\n{\"a\":2}\r\n"},
    {"\"",    "\\u", "\\ud800",  "{", "}", "[",  "]",  "null", "true", "-",
     "1e999", "NaN", "Infinity", ",", ":", "\n", "\r", "\0"s,  "\\",   "//"});

const mutator csv_lines({"a,b,c,d,e,f\n1,x,2.5,true,2024-02-29 10:00:00,12.34\n", "1,\"a\"\"b\",,false,,\n,,,,,\n",
                         "\"multi\nline\",2,3\r\n4;5|6\t7\n", "1,'q',\\N,#comment\n#c\n",
                         "\xEF\xBB\xBF"
                         "1,2\n"},
                        {"\"", "\"\"", ",", "\n", "\r", "\\", "\\\"", "#", "'", "NaN", "-Inf", "1e400", "9999999999", "\0"s});

/// Reads all of it, in pieces of a few rows, then again from wherever a reader had got to.
void read_all(const file_format& format, const std::string& bytes) {
  std::vector<int> columns;
  for (int i = 0; i < format.schema()->num_fields(); ++i) columns.push_back(i);
  const auto reader = format.open(memory_input(bytes), {}, columns);
  batch rows;
  std::int64_t half = -1;
  while (reader->read({3, 64}, rows)) {
    if (half < 0) half = reader->position();
    batch_to_json(*rows);
  }
  if (!format.divisible()) return;
  for (const auto begin : {half, static_cast<std::int64_t>(bytes.size() / 2)}) {
    if (begin < 0) continue;
    const auto later = format.open(memory_input(bytes), {begin, begin + 40}, columns);
    while (later->read({}, rows)) {
    }
  }
}

options with(const std::vector<std::pair<std::string, std::string>>& values) {
  options out;
  for (const auto& [key, value] : values) out.set(key, value);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(formats)

BOOST_AUTO_TEST_CASE(json_rows_in_every_mode) {
  for (const auto* mode : {"PERMISSIVE", "DROPMALFORMED", "FAILFAST"}) {
    const auto format = json_format(with({{"mode", mode}}), parse_schema(ddl));
    fuzz(json_lines, [&](const std::string& text) { read_all(*format, text); });
  }
}

BOOST_AUTO_TEST_CASE(json_texts_over_several_lines_and_with_lenient_options) {
  const auto whole = json_format(with({{"multiLine", "true"}, {"allowComments", "true"}}), parse_schema(ddl));
  fuzz(json_lines, [&](const std::string& text) { read_all(*whole, text); });
  const auto lenient =
      json_format(with({{"allowSingleQuotes", "true"}, {"allowUnquotedFieldNames", "true"}, {"primitivesAsString", "true"}}),
                  parse_schema(ddl));
  fuzz(json_lines, [&](const std::string& text) { read_all(*lenient, text); });
}

BOOST_AUTO_TEST_CASE(json_schemas_inferred) {
  const auto format = json_format({}, nullptr);
  fuzz(json_lines, [&](const std::string& text) { format->infer({[&] { return memory_input(text); }}); });
}

BOOST_AUTO_TEST_CASE(csv_rows_in_every_mode) {
  const auto* columns = "a INT, b STRING, c DOUBLE, d BOOLEAN, e TIMESTAMP, f DECIMAL(10,2), _corrupt_record STRING";
  for (const auto* mode : {"PERMISSIVE", "DROPMALFORMED", "FAILFAST"}) {
    for (const auto* multi_line : {"false", "true"}) {
      const auto format =
          csv_format(with({{"mode", mode}, {"multiLine", multi_line}, {"comment", "#"}}), parse_schema(columns));
      fuzz(csv_lines, [&](const std::string& text) { read_all(*format, text); });
    }
  }
}

BOOST_AUTO_TEST_CASE(csv_schemas_inferred) {
  const auto format = csv_format(with({{"header", "true"}, {"inferSchema", "true"}}), nullptr);
  fuzz(csv_lines, [&](const std::string& text) { format->infer({[&] { return memory_input(text); }}); });
}

BOOST_AUTO_TEST_SUITE_END()
