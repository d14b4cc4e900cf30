#include "types/type_rules.hpp"

#include <algorithm>

#include <arrow/api.h>

#include "types/ascii.hpp"

namespace flow {

decimal_shape decimal_shape_of(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::INT8:
      return {3, 0};
    case arrow::Type::INT16:
      return {5, 0};
    case arrow::Type::INT32:
      return {10, 0};
    case arrow::Type::INT64:
      return {20, 0};
    case arrow::Type::FLOAT:
      return {14, 7};
    case arrow::Type::DOUBLE:
      return {30, 15};
    case arrow::Type::DECIMAL128: {
      const auto& d = static_cast<const arrow::DecimalType&>(type);
      return {d.precision(), d.scale()};
    }
    default:
      return {max_decimal_precision, 18};
  }
}

decimal_shape adjusted(decimal_shape exact) {
  if (exact.precision <= max_decimal_precision) return exact;
  const int whole = exact.precision - exact.scale;
  const int least = std::min(exact.scale, least_adjusted_scale);
  return {max_decimal_precision, std::max(max_decimal_precision - whole, least)};
}

decimal_shape bounded(decimal_shape exact) {
  return {std::min(exact.precision, max_decimal_precision), std::min(exact.scale, max_decimal_precision)};
}

namespace {

data_type wider_decimal(const arrow::DataType& a, const arrow::DataType& b) {
  const auto x = decimal_shape_of(a), y = decimal_shape_of(b);
  const int scale = std::max(x.scale, y.scale);
  const int whole = std::max(x.precision - x.scale, y.precision - y.scale);
  const auto shape = bounded({whole + scale, scale});
  return types::decimal(shape.precision, shape.scale);
}

data_type wider_number(const data_type& a, const data_type& b) {
  if (is_decimal_type(*a) || is_decimal_type(*b)) {
    return is_floating_type(*a) || is_floating_type(*b) ? types::float64() : wider_decimal(*a, *b);
  }
  const auto rank = [](const arrow::DataType& t) {
    switch (t.id()) {
      case arrow::Type::INT8:
        return 0;
      case arrow::Type::INT16:
        return 1;
      case arrow::Type::INT32:
        return 2;
      case arrow::Type::INT64:
        return 3;
      case arrow::Type::FLOAT:
        return 4;
      default:
        return 5;
    }
  };
  return rank(*a) >= rank(*b) ? a : b;
}

data_type wider_time(const data_type& a, const data_type& b) {
  if (is_timestamp_type(*a) || is_timestamp_type(*b)) return types::timestamp();
  return a->id() == arrow::Type::TIMESTAMP ? a : b;
}

/// How far two types may be from the one they are brought to.
enum class widening {
  lossless,  ///< No value changes: no decimal gets digits that it may not keep.
  numeric,   ///< Any two numbers.
  textual,   ///< Also to the text of either.
};

data_type common_of(const data_type& a, const data_type& b, widening how);

/// Of two arrays, two maps, or two structs whose members are called alike.
data_type common_nested(const data_type& a, const data_type& b, widening how) {
  if (is_list_type(*a)) {
    auto element = common_of(element_type(*a), element_type(*b), how);
    return element ? types::list(element) : nullptr;
  }
  if (is_map_type(*a)) {
    const auto& x = static_cast<const arrow::MapType&>(*a);
    const auto& y = static_cast<const arrow::MapType&>(*b);
    auto key = common_of(x.key_type(), y.key_type(), how);
    auto item = common_of(x.item_type(), y.item_type(), how);
    return key && item ? types::map(key, item) : nullptr;
  }
  if (a->num_fields() != b->num_fields()) return nullptr;
  std::vector<std::pair<std::string, data_type>> members;
  for (int i = 0; i < a->num_fields(); ++i) {
    if (!same_name(a->field(i)->name(), b->field(i)->name())) return nullptr;
    auto member = common_of(a->field(i)->type(), b->field(i)->type(), how);
    if (!member) return nullptr;
    members.emplace_back(a->field(i)->name(), std::move(member));
  }
  return types::structure(members);
}

bool holds_all_of(const arrow::DataType& decimal, const arrow::DataType& whole) {
  const auto x = decimal_shape_of(decimal), y = decimal_shape_of(whole);
  return is_integral_type(whole) && x.precision - x.scale >= y.precision;
}

data_type lossless_number(const data_type& a, const data_type& b) {
  if (!is_decimal_type(*a) && !is_decimal_type(*b)) return wider_number(a, b);
  if (is_decimal_type(*a) && holds_all_of(*a, *b)) return a;
  return is_decimal_type(*b) && holds_all_of(*b, *a) ? b : nullptr;
}

data_type common_of(const data_type& a, const data_type& b, widening how) {
  if (a->Equals(*b)) return a;
  if (is_null_type(*a)) return b;
  if (is_null_type(*b)) return a;
  if (is_numeric_type(*a) && is_numeric_type(*b)) return how == widening::lossless ? lossless_number(a, b) : wider_number(a, b);
  if (is_date_or_time_type(*a) && is_date_or_time_type(*b)) return wider_time(a, b);
  if (is_nested_type(*a) || is_nested_type(*b)) return a->id() == b->id() ? common_nested(a, b, how) : nullptr;
  if (how != widening::textual) return nullptr;
  const auto promoted = [](const arrow::DataType& t) {
    return t.id() != arrow::Type::BINARY && t.id() != arrow::Type::BOOL && t.id() != arrow::Type::INTERVAL_MONTH_DAY_NANO;
  };
  if (is_string_type(*a) && promoted(*b)) return a;
  if (is_string_type(*b) && promoted(*a)) return b;
  return nullptr;
}

}  // namespace

bool has_map(const arrow::DataType& type) {
  return is_map_type(type) ||
         std::any_of(type.fields().begin(), type.fields().end(), [](const auto& f) { return has_map(*f->type()); });
}

bool same_structure(const arrow::DataType& a, const arrow::DataType& b) {
  if (a.id() != b.id() || !is_nested_type(a)) return a.Equals(b);
  if (a.num_fields() != b.num_fields()) return false;
  for (int i = 0; i < a.num_fields(); ++i) {
    if (!same_structure(*a.field(i)->type(), *b.field(i)->type())) return false;
  }
  return true;
}

data_type common_type(const data_type& a, const data_type& b) { return common_of(a, b, widening::textual); }
data_type common_type_without_text(const data_type& a, const data_type& b) { return common_of(a, b, widening::numeric); }

data_type common_type_without_loss(const data_type& a, const data_type& b) { return common_of(a, b, widening::lossless); }

data_type comparison_type(const data_type& a, const data_type& b) {
  if (a->Equals(*b)) return a;
  const auto with_string = [](const data_type& other) -> data_type {
    if (is_decimal_type(*other)) return types::float64();
    return is_nested_type(*other) ? nullptr : other;
  };
  if (is_string_type(*a) && !is_null_type(*b)) return with_string(b);
  if (is_string_type(*b) && !is_null_type(*a)) return with_string(a);
  if (a->id() == arrow::Type::BOOL && is_numeric_type(*b)) return b;
  if (b->id() == arrow::Type::BOOL && is_numeric_type(*a)) return a;
  if (is_nested_type(*a) && a->id() == b->id()) return common_nested(a, b, widening::lossless);
  return common_type(a, b);
}

}  // namespace flow
