#include "batch/column_buffer.hpp"
#include "flow/row_codec.hpp"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include <arrow/api.h>
#include <arrow/util/bit_util.h>
#include <arrow/util/decimal.h>

#include "flow/error.hpp"
#include "flow/key_hash.hpp"
#include "batch/arrow_status.hpp"
#include "row/value_format.hpp"

namespace flow {
namespace {

using key_hash::absent;
using key_hash::present;
using row::layout;

std::uint32_t varint_size(std::uint32_t v) { return v < 0x80 ? 1 : v < 0x4000 ? 2 : v < 0x200000 ? 3 : v < 0x10000000 ? 4 : 5; }

std::uint8_t* put_varint(std::uint8_t* p, std::uint32_t v) {
  for (; v >= 0x80; v >>= 7) *p++ = static_cast<std::uint8_t>(v | 0x80);
  *p++ = static_cast<std::uint8_t>(v);
  return p;
}

/// Where a row's bytes are read; every read is checked since the bytes may come from a damaged checkpoint.
struct cursor {
  const std::uint8_t* at;
  const std::uint8_t* end;

  [[noreturn]] static void corrupt() {
    throw error(errc::checkpoint_corrupt,
                "an encoded row does not fit its column types: the checkpoint was written for other types or is damaged");
  }
  const std::uint8_t* take(std::size_t size) {
    if (static_cast<std::size_t>(end - at) < size) corrupt();
    const auto* p = at;
    at += size;
    return p;
  }
  bool has_value() {
    const auto marker = *take(1);
    if (marker != present && marker != absent) corrupt();
    return marker == present;
  }
  std::uint32_t varint() {
    std::uint32_t v = 0;
    for (int shift = 0; shift < 35; shift += 7) {
      const auto byte = *take(1);
      v |= static_cast<std::uint32_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return v;
    }
    corrupt();
  }
};

// One value at a time: what nested columns use.

std::size_t value_size(const arrow::Array& values, std::int64_t i);

std::size_t elements_size(const arrow::Array& values, std::int64_t from, std::int64_t to) {
  std::size_t size = 0;
  for (auto i = from; i < to; ++i) size += value_size(values, i);
  return size;
}

/// Lists and maps share their offsets; a map's entries are encoded as key, value, key, value...
template <class F>
auto with_list(const arrow::Array& values, std::int64_t i, F visit) {
  const auto& list = static_cast<const arrow::ListArray&>(values);
  return visit(*list.values(), static_cast<std::int64_t>(list.value_offset(i)),
               static_cast<std::int64_t>(list.value_offset(i + 1)));
}

std::size_t value_size(const arrow::Array& values, std::int64_t i) {
  if (values.IsNull(i)) return 1;
  switch (const auto kind = row::layout_of(*values.type())) {
    case layout::bytes: {
      const auto size = static_cast<const arrow::BinaryArray&>(values).value_length(i);
      return 1 + varint_size(static_cast<std::uint32_t>(size)) + static_cast<std::size_t>(size);
    }
    case layout::structure: {
      const auto& members = static_cast<const arrow::StructArray&>(values);
      std::size_t size = 1;
      for (int m = 0; m < members.num_fields(); ++m) size += value_size(*members.field(m), i);
      return size;
    }
    case layout::list:
      return with_list(values, i, [](const arrow::Array& elements, std::int64_t from, std::int64_t to) {
        return 1 + varint_size(static_cast<std::uint32_t>(to - from)) + elements_size(elements, from, to);
      });
    default:
      return 1 + row::fixed_size(kind);
  }
}

std::uint8_t* put_value(std::uint8_t* p, const arrow::Array& values, std::int64_t i) {
  if (values.IsNull(i)) {
    *p++ = absent;
    return p;
  }
  *p++ = present;
  switch (const auto kind = row::layout_of(*values.type())) {
    case layout::boolean:
      *p = static_cast<const arrow::BooleanArray&>(values).Value(i) ? 1 : 0;
      return p + 1;
    case layout::bytes: {
      const auto view = static_cast<const arrow::BinaryArray&>(values).GetView(i);
      p = put_varint(p, static_cast<std::uint32_t>(view.size()));
      if (!view.empty()) std::memcpy(p, view.data(), view.size());
      return p + view.size();
    }
    case layout::structure: {
      const auto& members = static_cast<const arrow::StructArray&>(values);
      for (int m = 0; m < members.num_fields(); ++m) p = put_value(p, *members.field(m), i);
      return p;
    }
    case layout::list:
      return with_list(values, i, [p](const arrow::Array& elements, std::int64_t from, std::int64_t to) mutable {
        p = put_varint(p, static_cast<std::uint32_t>(to - from));
        for (auto e = from; e < to; ++e) p = put_value(p, elements, e);
        return p;
      });
    default:
      return row::with_fixed(kind, [&]<class Format>(Format) {
        Format::store(p, values.data()->GetValues<typename Format::value>(1)[i]);
        return p + Format::size;
      });
  }
}

bool decode_value(cursor& from, const arrow::DataType& type, arrow::ArrayBuilder& out) {
  if (!from.has_value()) {
    check(out.AppendNull());
    return false;
  }
  switch (row::layout_of(type)) {
    case layout::null:
      cursor::corrupt();
    case layout::boolean:
      check(static_cast<arrow::BooleanBuilder&>(out).Append(*from.take(1) != 0));
      break;
    case layout::bytes: {
      const auto size = from.varint();
      const auto* bytes = from.take(size);
      check(static_cast<arrow::BinaryBuilder&>(out).Append(bytes, static_cast<std::int32_t>(size)));
      break;
    }
    case layout::structure: {
      auto& members = static_cast<arrow::StructBuilder&>(out);
      check(members.Append());
      for (int m = 0; m < type.num_fields(); ++m) decode_value(from, *type.field(m)->type(), *members.field_builder(m));
      break;
    }
    case layout::list: {
      const auto count = from.varint();
      if (type.id() == arrow::Type::MAP) {
        auto& map = static_cast<arrow::MapBuilder&>(out);
        const auto& map_type = static_cast<const arrow::MapType&>(type);
        check(map.Append());
        for (std::uint32_t e = 0; e < count; ++e) {
          if (!from.has_value()) cursor::corrupt();
          if (!decode_value(from, *map_type.key_type(), *map.key_builder())) cursor::corrupt();  // Arrow ends the process.
          decode_value(from, *map_type.item_type(), *map.item_builder());
        }
      } else {
        auto& list = static_cast<arrow::ListBuilder&>(out);
        check(list.Append());
        for (std::uint32_t e = 0; e < count; ++e) decode_value(from, *type.field(0)->type(), *list.value_builder());
      }
      break;
    }
    case layout::int8:
      check(static_cast<arrow::Int8Builder&>(out).Append(row::int8_format::load(from.take(1))));
      break;
    case layout::int16:
      check(static_cast<arrow::Int16Builder&>(out).Append(row::int16_format::load(from.take(2))));
      break;
    case layout::int32: {
      const auto v = row::int32_format::load(from.take(4));
      if (type.id() == arrow::Type::DATE32)
        check(static_cast<arrow::Date32Builder&>(out).Append(v));
      else
        check(static_cast<arrow::Int32Builder&>(out).Append(v));
      break;
    }
    case layout::int64: {
      const auto v = row::int64_format::load(from.take(8));
      if (type.id() == arrow::Type::TIMESTAMP)
        check(static_cast<arrow::TimestampBuilder&>(out).Append(v));
      else
        check(static_cast<arrow::Int64Builder&>(out).Append(v));
      break;
    }
    case layout::float32:
      check(static_cast<arrow::FloatBuilder&>(out).Append(row::float_format::load(from.take(4))));
      break;
    case layout::float64:
      check(static_cast<arrow::DoubleBuilder&>(out).Append(row::double_format::load(from.take(8))));
      break;
    case layout::decimal: {
      const auto v = row::decimal_format::load(from.take(16));
      check(static_cast<arrow::Decimal128Builder&>(out).Append(arrow::Decimal128(static_cast<std::int64_t>(v.high), v.low)));
      break;
    }
    case layout::interval: {
      const auto v = row::interval_format::load(from.take(row::interval_format::size));
      check(static_cast<arrow::MonthDayNanoIntervalBuilder&>(out).Append({v.months, v.days, v.nanoseconds}));
      break;
    }
  }
  return true;
}

// A column at a time: the fast ways for flat columns and for structs of them without null structs.

bool by_columns(const arrow::Array& column) { return column.type_id() == arrow::Type::STRUCT && column.null_count() == 0; }

template <class F>
void for_each_valid(const arrow::Array& column, F visit) {
  const auto rows = column.length();
  if (column.null_count() == 0) {
    for (std::int64_t i = 0; i < rows; ++i) visit(i, true);
  } else {
    for (std::int64_t i = 0; i < rows; ++i) visit(i, column.IsValid(i));
  }
}

/// `open`: the last column of the row, whose length is what is left of the row.
void add_sizes(const arrow::Array& column, bool open, std::vector<std::uint32_t>& sizes) {
  const auto rows = column.length();
  const auto kind = row::layout_of(*column.type());
  if (kind == layout::bytes) {
    const auto& strings = static_cast<const arrow::BinaryArray&>(column);
    for_each_valid(column, [&](std::int64_t i, bool valid) {
      const auto size = valid ? static_cast<std::uint32_t>(strings.value_length(i)) : 0;
      sizes[static_cast<std::size_t>(i)] += 1 + size + (open || !valid ? 0 : varint_size(size));
    });
  } else if (kind == layout::structure && by_columns(column)) {
    for (auto& size : sizes) ++size;
    const auto& members = static_cast<const arrow::StructArray&>(column);
    for (int m = 0; m < members.num_fields(); ++m) add_sizes(*members.field(m), false, sizes);
  } else if (kind == layout::structure || kind == layout::list) {
    for (std::int64_t i = 0; i < rows; ++i)
      sizes[static_cast<std::size_t>(i)] += static_cast<std::uint32_t>(value_size(column, i));
  } else {
    const auto width = static_cast<std::uint32_t>(row::fixed_size(kind));
    for_each_valid(column, [&](std::int64_t i, bool valid) { sizes[static_cast<std::size_t>(i)] += valid ? 1 + width : 1; });
  }
}

void put_column(const arrow::Array& column, bool open, std::vector<std::uint8_t*>& at) {
  const auto rows = column.length();
  const auto kind = row::layout_of(*column.type());
  if (kind == layout::bytes) {
    const auto& strings = static_cast<const arrow::BinaryArray&>(column);
    for_each_valid(column, [&](std::int64_t i, bool valid) {
      auto*& p = at[static_cast<std::size_t>(i)];
      *p++ = valid ? present : absent;
      if (!valid) return;
      const auto view = strings.GetView(i);
      if (!open) p = put_varint(p, static_cast<std::uint32_t>(view.size()));
      if (!view.empty()) std::memcpy(p, view.data(), view.size());
      p += view.size();
    });
  } else if (kind == layout::structure && by_columns(column)) {
    for (auto*& p : at) *p++ = present;
    const auto& members = static_cast<const arrow::StructArray&>(column);
    for (int m = 0; m < members.num_fields(); ++m) put_column(*members.field(m), false, at);
  } else if (kind == layout::structure || kind == layout::list || kind == layout::boolean || kind == layout::null) {
    for (std::int64_t i = 0; i < rows; ++i)
      at[static_cast<std::size_t>(i)] = put_value(at[static_cast<std::size_t>(i)], column, i);
  } else {
    row::with_fixed(kind, [&]<class Format>(Format) {
      const auto* values = column.data()->GetValues<typename Format::value>(1);
      for_each_valid(column, [&](std::int64_t i, bool valid) {
        auto*& p = at[static_cast<std::size_t>(i)];
        *p++ = valid ? present : absent;
        if (!valid) return;
        Format::store(p, values[i]);
        p += Format::size;
      });
      return 0;
    });
  }
}

array decode_by_value(const data_type& type, std::vector<cursor>& rows) {
  auto builder = check(arrow::MakeBuilder(type));
  check(builder->Reserve(static_cast<std::int64_t>(rows.size())));
  for (auto& r : rows) decode_value(r, *type, *builder);
  return check(builder->Finish());
}

template <class Format>
array decode_fixed(const data_type& type, std::vector<cursor>& rows) {
  const auto count = static_cast<std::int64_t>(rows.size());
  std::shared_ptr<arrow::Buffer> values = allocate(count * static_cast<std::int64_t>(sizeof(typename Format::value)));
  std::shared_ptr<arrow::Buffer> validity;
  auto* out = reinterpret_cast<typename Format::value*>(values->mutable_data());
  std::int64_t nulls = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    auto& r = rows[static_cast<std::size_t>(i)];
    if (r.has_value()) {
      out[i] = Format::load(r.take(Format::size));
      continue;
    }
    if (!validity) {
      validity = allocate(arrow::bit_util::BytesForBits(count));
      std::memset(validity->mutable_data(), 0xff, static_cast<std::size_t>(validity->size()));
    }
    out[i] = {};
    arrow::bit_util::ClearBit(validity->mutable_data(), i);
    ++nulls;
  }
  return arrow::MakeArray(arrow::ArrayData::Make(type, count, {validity, values}, nulls));
}

array decode_bytes(const data_type& type, std::vector<cursor>& rows, bool open) {
  arrow::BinaryBuilder builder(type, arrow::default_memory_pool());
  check(builder.Reserve(static_cast<std::int64_t>(rows.size())));
  for (auto& r : rows) {
    if (!r.has_value()) {
      builder.UnsafeAppendNull();
      continue;
    }
    const auto size = open ? static_cast<std::uint32_t>(r.end - r.at) : r.varint();
    const auto* bytes = r.take(size);
    check(builder.Append(bytes, static_cast<std::int32_t>(size)));
  }
  std::shared_ptr<arrow::Array> out;
  check(builder.Finish(&out));
  if (out->type_id() != type->id()) out = check(out->View(type));
  return out;
}

array decode_column(const data_type& type, std::vector<cursor>& rows, bool open) {
  const auto kind = row::layout_of(*type);
  switch (kind) {
    case layout::bytes:
      return decode_bytes(type, rows, open);
    case layout::structure: {
      for (const auto& r : rows) {
        if (r.at == r.end) cursor::corrupt();
        if (*r.at != present) return decode_by_value(type, rows);
      }
      for (auto& r : rows) ++r.at;
      arrow::ArrayVector members;
      for (const auto& field : type->fields()) members.push_back(decode_column(field->type(), rows, false));
      return std::make_shared<arrow::StructArray>(type, static_cast<std::int64_t>(rows.size()), std::move(members));
    }
    case layout::list:
    case layout::boolean:
      return decode_by_value(type, rows);
    case layout::null:
      for (auto& r : rows) {
        if (r.has_value()) cursor::corrupt();
      }
      return std::make_shared<arrow::NullArray>(static_cast<std::int64_t>(rows.size()));
    default:
      return row::with_fixed(kind, [&]<class Format>(Format) { return decode_fixed<Format>(type, rows); });
  }
}

bool is_open(const std::vector<data_type>& types, std::size_t column) {
  return column + 1 == types.size() && row::layout_of(*types[column]) == layout::bytes;
}

}  // namespace

row_codec::row_codec(std::vector<data_type> types) : types_(std::move(types)) {
  for (const auto& type : types_) row::check_supported(*type);
}

void row_codec::encode(std::span<const array> columns, std::int64_t rows, byte_rows& out) const {
  const auto count = static_cast<std::size_t>(rows);
  std::vector<std::uint32_t> sizes(count);
  for (std::size_t c = 0; c < columns.size(); ++c) add_sizes(*columns[c], is_open(types_, c), sizes);
  std::uint64_t total = out.bytes.size();
  out.offsets.reserve(out.offsets.size() + count);
  for (const auto size : sizes) out.offsets.push_back(static_cast<std::uint32_t>(total += size));
  if (total > std::numeric_limits<std::uint32_t>::max())
    throw error(errc::evaluation_failed, "rows of more than 4 GiB in one batch cannot be encoded: use smaller batches");
  std::vector<std::uint8_t*> at(count);
  const auto first = out.bytes.size();
  out.bytes.resize(total);
  auto* p = out.bytes.data() + first;
  for (std::size_t i = 0; i < count; ++i) {
    at[i] = p;
    p += sizes[i];
  }
  for (std::size_t c = 0; c < columns.size(); ++c) put_column(*columns[c], is_open(types_, c), at);
}

std::vector<array> row_codec::decode(std::span<const std::string_view> rows) const {
  std::vector<cursor> at;
  at.reserve(rows.size());
  for (const auto row : rows) {
    const auto* p = reinterpret_cast<const std::uint8_t*>(row.data());
    at.push_back({p, p + row.size()});
  }
  std::vector<array> columns;
  columns.reserve(types_.size());
  for (std::size_t c = 0; c < types_.size(); ++c) columns.push_back(decode_column(types_[c], at, is_open(types_, c)));
  for (const auto& r : at) {
    if (r.at != r.end) cursor::corrupt();
  }
  return columns;
}

std::uint64_t hash_bytes(std::string_view bytes) noexcept {
  if (bytes.empty()) return key_hash::of(nullptr, 0, 0);
  const auto* p = reinterpret_cast<const std::uint8_t*>(bytes.data());
  return key_hash::of(p + 1, static_cast<std::uint32_t>(bytes.size() - 1), *p);
}

}  // namespace flow
