#include <boost/test/unit_test.hpp>

#include <map>
#include <random>

#include <arrow/api.h>

#include "flow/row_codec.hpp"
#include "operators/keyed_table.hpp"

using namespace flow;

namespace {

byte_rows encoded(const array& column) {
  byte_rows out;
  row_codec({column->type()}).encode(std::span(&column, 1), column->length(), out);
  return out;
}

array words(const std::vector<std::string>& texts) {
  arrow::StringBuilder builder;
  for (const auto& text : texts) {
    if (!(text == "null" ? builder.AppendNull() : builder.Append(text)).ok()) throw std::bad_alloc();
  }
  return builder.Finish().ValueOrDie();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(keyed_table_rules)

BOOST_AUTO_TEST_CASE(a_column_read_in_place_gives_the_ids_and_hashes_of_its_encoding) {
  std::mt19937 random(1);
  std::vector<std::string> texts;
  for (int i = 0; i < 5000; ++i)
    texts.push_back(i % 50 == 0
                        ? "null"
                        : std::string(random() % 40, static_cast<char>('a' + random() % 3)) + std::to_string(random() % 30));
  for (const auto& column : {words(texts), words(texts)->Slice(17, 900)}) {
    const auto rows = encoded(column);
    keyed_table direct, by_bytes;
    std::vector<std::uint32_t> ids, others;
    BOOST_TEST(direct.find_or_insert_column(*column, ids));
    by_bytes.find_or_insert(rows, others);
    BOOST_TEST(ids == others, boost::test_tools::per_element());
    for (std::size_t i = 0; i < ids.size(); ++i) {
      BOOST_TEST(direct.hash(ids[i]) == hash_bytes(rows[i]));
      BOOST_TEST(direct.find(rows[i]) == ids[i]);
    }
    byte_rows back;
    for (const auto id : ids) direct.append_key(id, back);
    BOOST_TEST((back.bytes == rows.bytes));
    BOOST_TEST(direct.text_keys(arrow::utf8(), ids)->Equals(column));
  }
}

BOOST_AUTO_TEST_CASE(inserts_and_erases_in_any_order_equal_a_map) {
  std::mt19937 random(2);
  keyed_table table;
  std::map<std::string, std::uint32_t> model;
  std::vector<std::uint32_t> ids;
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> texts;
    for (int i = 0; i < 50; ++i) texts.push_back(std::string(random() % 25, 'z') + std::to_string(random() % 300));
    BOOST_TEST(table.find_or_insert_column(*words(texts), ids));
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const auto [at, fresh] = model.try_emplace(texts[i], ids[i]);
      BOOST_TEST(at->second == ids[i]);
    }
    std::vector<std::uint32_t> gone;
    for (auto at = model.begin(); at != model.end();) {
      if (random() % 4 != 0) {
        ++at;
        continue;
      }
      gone.push_back(at->second);
      at = model.erase(at);
    }
    table.erase(gone);
    BOOST_TEST(table.size() == model.size());
    for (const auto& [text, id] : model) BOOST_TEST(table.find("\x01" + text) == id);
  }
  table.clear();
  BOOST_TEST(table.size() == 0u);
  for (const auto& [text, id] : model) BOOST_TEST(table.find("\x01" + text) == keyed_table::none);
}

BOOST_AUTO_TEST_SUITE_END()
