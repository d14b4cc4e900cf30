#include <arrow/api.h>

#include "checkpoint/record_codec.hpp"
#include "flow/batch.hpp"
#include "flow/row_codec.hpp"
#include "state/merge_cursor.hpp"
#include "state/segment.hpp"
#include "tests/fuzz/mutator.hpp"

using namespace flow;
using namespace flow::testing;

namespace {

const std::vector<std::string> words = {std::string(1, '\0'), std::string(4, '\xff'), std::string(8, '\0'),
                                        std::string("\1\0\0\0", 4)};

std::string segment_bytes() {
  state_delta delta;
  for (int i = 0; i < 200; ++i) {
    const auto key = "key" + std::to_string(i);
    if (i % 5 == 0) {
      delta.erase(hash_bytes(key), key);
    } else {
      delta.put(hash_bytes(key), key, std::string(static_cast<std::size_t>(i), 'v'));
    }
  }
  delta.sort();
  segment_builder builder;
  const ordered_delta source{&delta, nullptr};
  for (std::size_t i = 0; i < source.size(); ++i) builder.add(source.entry(i));
  return builder.build({1, 1, group_range::of(0, 1)});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(records)

BOOST_AUTO_TEST_CASE(sealed_records) {
  const nlohmann::json content{{"epoch", 3}, {"sources", {1, 2}}, {"watermarks", nullptr}, {"sinks", {}}, {"info", "x"}};
  fuzz(mutator({seal("key", content)}, words), [](const std::string& stored) { unseal("key", stored, "the record"); });
}

BOOST_AUTO_TEST_CASE(segments) {
  fuzz(mutator({segment_bytes()}, words), [](const std::string& bytes) {
    const segment_view view(bytes, "the segment");
    view.first_key();
    view.verify("the segment");
    for (std::uint32_t i = 0; i < view.size(); ++i) view.lower_bound(view.key(i));
  });
}

BOOST_AUTO_TEST_CASE(encoded_rows) {
  const auto schema =
      parse_schema("a INT, b STRING, c STRUCT<x: DOUBLE, y: ARRAY<STRING>>, d MAP<STRING, BIGINT>, e DECIMAL(30, 2)");
  const auto rows = batch_from_json(
      schema, {{1, "text", {1.5, {"p", nullptr}}, nlohmann::json::array({nlohmann::json::array({"k", 1})}), "12.34"},
               {nullptr, nullptr, nullptr, nullptr, nullptr}});
  std::vector<data_type> types;
  for (const auto& field : schema->fields()) types.push_back(field->type());
  const row_codec codec(types);
  byte_rows encoded;
  codec.encode(rows->columns(), rows->num_rows(), encoded);
  fuzz(
      mutator({std::string(encoded[0]), std::string(encoded[1])}, words),
      [&](const std::string& bytes) {
        const std::string_view one[] = {bytes};
        for (const auto& column : codec.decode(one)) {  // Texts and decimals may be nonsense, offsets may not.
          const auto status = column->Validate();
          if (!status.ok()) throw std::runtime_error(status.ToString());
        }
      },
      20000);
}

BOOST_AUTO_TEST_SUITE_END()
