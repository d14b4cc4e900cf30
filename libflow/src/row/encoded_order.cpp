#include "row/encoded_order.hpp"

#include <algorithm>
#include <cstring>

#include "flow/key_hash.hpp"
#include "row/value_format.hpp"

namespace flow::row {
namespace {

std::uint32_t read_varint(const char*& p) {
  std::uint32_t v = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = static_cast<std::uint8_t>(*p++);
    v |= static_cast<std::uint32_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return v;
  }
}

int compare_bytes(const char* a, std::size_t a_size, const char* b, std::size_t b_size) {
  const int order = std::memcmp(a, b, std::min(a_size, b_size));
  if (order != 0) return order;
  return a_size < b_size ? -1 : a_size > b_size ? 1 : 0;
}

/// Moves both past a value while they are equal.
int compare_values(const arrow::DataType& type, const char*& a, const char*& b) {
  const bool a_null = *a++ == key_hash::absent, b_null = *b++ == key_hash::absent;
  if (a_null || b_null) return a_null && b_null ? 0 : a_null ? -1 : 1;
  switch (const auto kind = layout_of(type)) {
    case layout::bytes: {
      const auto a_size = read_varint(a), b_size = read_varint(b);
      const int order = compare_bytes(a, a_size, b, b_size);
      a += a_size;
      b += b_size;
      return order;
    }
    case layout::structure:
      for (const auto& field : type.fields()) {
        if (const int order = compare_values(*field->type(), a, b); order != 0) return order;
      }
      return 0;
    case layout::list: {
      const auto a_size = read_varint(a), b_size = read_varint(b);
      for (std::uint32_t i = 0; i < std::min(a_size, b_size); ++i) {
        if (const int order = compare_values(*type.field(0)->type(), a, b); order != 0) return order;
      }
      return a_size < b_size ? -1 : a_size > b_size ? 1 : 0;
    }
    default: {
      const auto size = fixed_size(kind);
      const int order = std::memcmp(a, b, size);
      a += size;
      b += size;
      return order;
    }
  }
}

}  // namespace

int compare_encoded(const arrow::DataType& type, std::string_view a, std::string_view b) {
  const auto *p = a.data(), *q = b.data();
  if (layout_of(type) != layout::bytes) return compare_values(type, p, q);
  const bool a_null = *p == key_hash::absent, b_null = *q == key_hash::absent;
  if (a_null || b_null) return a_null && b_null ? 0 : a_null ? -1 : 1;
  return compare_bytes(p + 1, a.size() - 1, q + 1, b.size() - 1);
}

bool has_order(const arrow::DataType& type) {
  if (type.id() == arrow::Type::MAP || type.id() == arrow::Type::INTERVAL_MONTH_DAY_NANO) return false;
  return std::all_of(type.fields().begin(), type.fields().end(), [](const auto& field) { return has_order(*field->type()); });
}

}  // namespace flow::row
