#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include <arrow/api.h>

#include "flow/error.hpp"
#include "flow/key_hash.hpp"
#include "flow/row_codec.hpp"
#include "batch/arrow_status.hpp"

using namespace flow;

namespace {

std::vector<std::string_view> views(const byte_rows& rows) {
  std::vector<std::string_view> out;
  for (std::size_t i = 0; i < rows.size(); ++i) out.push_back(rows[i]);
  return out;
}

/// Random values of a type, a fifth of them null.
void append_random(arrow::ArrayBuilder& out, const arrow::DataType& type, std::mt19937& random, int depth = 0) {
  const auto ok = [](const arrow::Status& s) { check(s); };
  if (type.id() == arrow::Type::NA || random() % 5 == 0) return ok(out.AppendNull());
  const auto small = static_cast<std::int64_t>(random() % 7) - 3;
  switch (type.id()) {
    case arrow::Type::BOOL:
      return ok(static_cast<arrow::BooleanBuilder&>(out).Append(small > 0));
    case arrow::Type::INT8:
      return ok(static_cast<arrow::Int8Builder&>(out).Append(static_cast<std::int8_t>(small * 40)));
    case arrow::Type::INT16:
      return ok(static_cast<arrow::Int16Builder&>(out).Append(static_cast<std::int16_t>(small * 9000)));
    case arrow::Type::INT32:
      return ok(static_cast<arrow::Int32Builder&>(out).Append(static_cast<std::int32_t>(small * 700000000)));
    case arrow::Type::DATE32:
      return ok(static_cast<arrow::Date32Builder&>(out).Append(static_cast<std::int32_t>(small)));
    case arrow::Type::INT64:
      return ok(static_cast<arrow::Int64Builder&>(out).Append(small * 3000000000000000000));
    case arrow::Type::TIMESTAMP:
      return ok(static_cast<arrow::TimestampBuilder&>(out).Append(small * 1000000000));
    case arrow::Type::FLOAT:
      return ok(static_cast<arrow::FloatBuilder&>(out).Append(static_cast<float>(small) / 3));
    case arrow::Type::DOUBLE:
      return ok(static_cast<arrow::DoubleBuilder&>(out).Append(static_cast<double>(small) / 3));
    case arrow::Type::DECIMAL128:
      return ok(static_cast<arrow::Decimal128Builder&>(out).Append(arrow::Decimal128(small * 12345)));
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return ok(static_cast<arrow::BinaryBuilder&>(out).Append(std::string(random() % 40, static_cast<char>('a' + small + 3))));
    case arrow::Type::STRUCT: {
      auto& s = static_cast<arrow::StructBuilder&>(out);
      ok(s.Append());
      for (int m = 0; m < type.num_fields(); ++m) append_random(*s.field_builder(m), *type.field(m)->type(), random, depth + 1);
      return;
    }
    case arrow::Type::LIST: {
      auto& l = static_cast<arrow::ListBuilder&>(out);
      ok(l.Append());
      for (auto n = random() % 4; n > 0; --n) append_random(*l.value_builder(), *type.field(0)->type(), random, depth + 1);
      return;
    }
    case arrow::Type::MAP: {
      auto& m = static_cast<arrow::MapBuilder&>(out);
      ok(m.Append());
      for (auto n = random() % 4; n > 0; --n) {
        ok(static_cast<arrow::BinaryBuilder&>(*m.key_builder()).Append(std::string(n, 'k')));
        append_random(*m.item_builder(), *static_cast<const arrow::MapType&>(type).item_type(), random, depth + 1);
      }
      return;
    }
    default:
      BOOST_FAIL("no values for " + type.ToString());
  }
}

array random_array(const data_type& type, int rows, std::mt19937& random) {
  auto builder = check(arrow::MakeBuilder(type));
  for (int i = 0; i < rows; ++i) append_random(*builder, *type, random);
  return check(builder->Finish());
}

std::vector<data_type> every_type() {
  const auto window = arrow::struct_({arrow::field("start", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
                                      arrow::field("end", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"))});
  return {arrow::null(),
          arrow::boolean(),
          arrow::int8(),
          arrow::int16(),
          arrow::int32(),
          arrow::int64(),
          arrow::float32(),
          arrow::float64(),
          arrow::date32(),
          arrow::decimal128(20, 3),
          arrow::utf8(),
          arrow::binary(),
          arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"),
          arrow::timestamp(arrow::TimeUnit::MICRO),
          window,
          arrow::list(arrow::utf8()),
          arrow::list(window),
          arrow::map(arrow::utf8(), arrow::list(arrow::int32())),
          arrow::struct_(
              {arrow::field("a", arrow::utf8()), arrow::field("b", arrow::struct_({arrow::field("c", arrow::int8())}))})};
}

byte_rows encode(const std::vector<data_type>& types, const std::vector<array>& columns) {
  byte_rows out;
  row_codec(types).encode(columns, columns[0]->length(), out);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(row_codec_rules)

BOOST_AUTO_TEST_CASE(every_type_comes_back_alone_and_beside_another_at_either_end) {
  std::mt19937 random(1);
  for (const auto& type : every_type()) {
    for (const auto& other : {arrow::utf8(), arrow::int32()}) {
      for (const auto& types : std::vector<std::vector<data_type>>{{type}, {type, other}, {other, type}}) {
        std::vector<array> columns;
        for (const auto& t : types) columns.push_back(random_array(t, 50, random));
        const auto rows = encode(types, columns);
        const auto back = row_codec(types).decode(views(rows));
        for (std::size_t c = 0; c < types.size(); ++c) {
          BOOST_TEST(back[c]->ValidateFull().ok());
          BOOST_TEST(back[c]->Equals(columns[c]), type->ToString());
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_slice_is_encoded_as_its_own_rows) {
  std::mt19937 random(2);
  for (const auto& type : every_type()) {
    const auto whole = random_array(type, 40, random);
    const auto all = encode({type}, {whole});
    const auto part = encode({type}, {whole->Slice(13, 9)});
    for (std::size_t i = 0; i < 9; ++i) BOOST_TEST((part[i] == all[13 + i]), type->ToString());
  }
}

BOOST_AUTO_TEST_CASE(different_rows_have_different_bytes) {
  std::mt19937 random(3);
  for (const auto& type : every_type()) {
    const std::vector<array> columns{random_array(type, 60, random), random_array(arrow::utf8(), 60, random)};
    const auto rows = encode({type, arrow::utf8()}, columns);
    for (std::int64_t i = 0; i < 60; ++i)
      for (std::int64_t j = 0; j < 60; ++j) {
        const bool same =
            columns[0]->RangeEquals(*columns[0], i, i + 1, j) && columns[1]->RangeEquals(*columns[1], i, i + 1, j);
        BOOST_TEST((rows[static_cast<std::size_t>(i)] == rows[static_cast<std::size_t>(j)]) == same, type->ToString());
      }
  }
}

BOOST_AUTO_TEST_CASE(minus_zero_equals_zero_and_every_nan_is_one) {
  arrow::DoubleBuilder builder;
  const auto nan = std::numeric_limits<double>::quiet_NaN();
  check(builder.AppendValues({0.0, -0.0, nan, -nan, std::bit_cast<double>(0x7ff8000000000123ull)}));
  const auto rows = encode({arrow::float64()}, {check(builder.Finish())});
  BOOST_TEST((rows[0] == rows[1]));
  BOOST_TEST((rows[2] == rows[3]));
  BOOST_TEST((rows[2] == rows[4]));
}

BOOST_AUTO_TEST_CASE(times_sort_as_bytes_and_null_behind_all) {
  arrow::TimestampBuilder builder(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), arrow::default_memory_pool());
  const auto least = std::numeric_limits<std::int64_t>::min();
  check(builder.AppendValues({least, -5, -1, 0, 1, 1000, std::numeric_limits<std::int64_t>::max()}));
  check(builder.AppendNull());
  const auto rows = encode({arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")}, {check(builder.Finish())});
  for (std::size_t i = 1; i < rows.size(); ++i) BOOST_TEST((rows[i - 1] < rows[i]));
}

BOOST_AUTO_TEST_CASE(rows_without_columns_are_empty) {
  byte_rows out;
  row_codec({}).encode({}, 3, out);
  BOOST_TEST(out.size() == 3u);
  BOOST_TEST(out[2].empty());
  BOOST_TEST(row_codec({}).decode(views(out)).empty());
}

BOOST_AUTO_TEST_CASE(damaged_bytes_are_named_not_read) {
  std::mt19937 random(4);
  for (const auto& type : every_type()) {
    const auto rows =
        encode({type, arrow::int32()}, {random_array(type, 30, random), random_array(arrow::int32(), 30, random)});
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::string_view cut = rows[i].substr(0, rows[i].size() - 1);
      BOOST_CHECK_EXCEPTION(row_codec({type, arrow::int32()}).decode(std::span(&cut, 1)), error,
                            [](const error& e) { return e.code() == errc::checkpoint_corrupt; });
    }
  }
}

BOOST_AUTO_TEST_CASE(the_hash_of_bytes_never_changes) {
  // Key groups in checkpoints depend on these.
  BOOST_TEST(hash_bytes("") == hash_bytes(std::string_view("x").substr(0, 0)));
  for (std::uint32_t size = 0; size < 40; ++size) {
    const std::string text(size, 'q');
    const auto* p = reinterpret_cast<const std::uint8_t*>(text.data());
    BOOST_TEST(hash_bytes("\x01" + text) == key_hash::of(p, size, key_hash::present));
  }
}

BOOST_AUTO_TEST_CASE(the_hash_spreads_short_keys_over_key_groups_and_low_bits) {
  std::vector<int> high(1024), low(1024);
  for (int i = 0; i < 102400; ++i) {
    const auto h = hash_bytes("\x01" + std::to_string(i));
    ++high[h >> 54];
    ++low[h & 1023];
  }
  for (int g = 0; g < 1024; ++g) {
    BOOST_TEST(high[static_cast<std::size_t>(g)] > 50);
    BOOST_TEST(high[static_cast<std::size_t>(g)] < 160);
    BOOST_TEST(low[static_cast<std::size_t>(g)] > 50);
    BOOST_TEST(low[static_cast<std::size_t>(g)] < 160);
  }
}

BOOST_AUTO_TEST_SUITE_END()
