#include "row_comparison.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <arrow/api.h>

namespace flow::conformance {

namespace {

using nlohmann::json;

double number_of(const json& value) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
    return text == "Infinity" ? std::numeric_limits<double>::infinity() : -std::numeric_limits<double>::infinity();
  }
  return value.get<double>();
}

bool same_number(double a, double b, double tolerance) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return a == b || std::abs(a - b) <= tolerance * std::max(std::abs(a), std::abs(b));
}

/// Text by which equal values stand together: doubles cut to few digits, maps sorted.
std::string sort_text(const arrow::DataType& type, const json& value) {
  if (value.is_null()) return "null";
  switch (type.id()) {
    case arrow::Type::DOUBLE:
    case arrow::Type::FLOAT: {
      char text[40];
      std::snprintf(text, sizeof text, "%.4e", number_of(value) + 0.0);
      return text;
    }
    case arrow::Type::STRUCT: {
      std::string text = "(";
      for (int i = 0; i < type.num_fields(); ++i)
        text += sort_text(*type.field(i)->type(), value.at(static_cast<std::size_t>(i))) + ",";
      return text + ")";
    }
    case arrow::Type::LIST: {
      std::string text = "[";
      for (const auto& element : value)
        text += sort_text(*static_cast<const arrow::ListType&>(type).value_type(), element) + ",";
      return text + "]";
    }
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(type);
      std::vector<std::string> pairs;
      for (const auto& pair : value)
        pairs.push_back(sort_text(*map.key_type(), pair.at(0)) + ":" + sort_text(*map.item_type(), pair.at(1)));
      std::sort(pairs.begin(), pairs.end());
      std::string text = "{";
      for (const auto& pair : pairs) text += pair + ",";
      return text + "}";
    }
    default:
      return value.dump();
  }
}

std::string row_text(const arrow::Schema& schema, const json& row) {
  std::string text;
  for (int i = 0; i < schema.num_fields(); ++i)
    text += sort_text(*schema.field(i)->type(), row.at(static_cast<std::size_t>(i))) + "|";
  return text;
}

std::vector<json> sorted_rows(const arrow::Schema& schema, const json& rows, bool ordered) {
  std::vector<json> list(rows.begin(), rows.end());
  if (ordered) return list;
  std::vector<std::pair<std::string, json>> keyed;
  for (auto& row : list) keyed.emplace_back(row_text(schema, row), std::move(row));
  std::stable_sort(keyed.begin(), keyed.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  list.clear();
  for (auto& [text, row] : keyed) list.push_back(std::move(row));
  return list;
}

bool same_row(const arrow::Schema& schema, const json& expected, const json& got) {
  for (int i = 0; i < schema.num_fields(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    if (!same_value(*schema.field(i)->type(), expected.at(at), got.at(at))) return false;
  }
  return true;
}

}  // namespace

bool same_value(const arrow::DataType& type, const json& expected, const json& got) {
  if (expected.is_null() || got.is_null()) return expected.is_null() && got.is_null();
  switch (type.id()) {
    case arrow::Type::DOUBLE:
      return same_number(number_of(expected), number_of(got), 1e-9);
    case arrow::Type::FLOAT:
      return same_number(number_of(expected), number_of(got), 1e-6);
    case arrow::Type::STRUCT:
      for (int i = 0; i < type.num_fields(); ++i) {
        const auto at = static_cast<std::size_t>(i);
        if (!same_value(*type.field(i)->type(), expected.at(at), got.at(at))) return false;
      }
      return true;
    case arrow::Type::LIST: {
      if (expected.size() != got.size()) return false;
      const auto& element = *static_cast<const arrow::ListType&>(type).value_type();
      return std::equal(expected.begin(), expected.end(), got.begin(),
                        [&](const json& a, const json& b) { return same_value(element, a, b); });
    }
    case arrow::Type::MAP: {
      if (expected.size() != got.size()) return false;
      const auto& map = static_cast<const arrow::MapType&>(type);
      return std::all_of(expected.begin(), expected.end(), [&](const json& pair) {
        return std::any_of(got.begin(), got.end(), [&](const json& other) {
          return same_value(*map.key_type(), pair.at(0), other.at(0)) && same_value(*map.item_type(), pair.at(1), other.at(1));
        });
      });
    }
    default:
      return expected == got;
  }
}

std::string first_difference(const arrow::Schema& schema, const json& expected, const json& got, bool ordered) {
  const auto a = sorted_rows(schema, expected, ordered), b = sorted_rows(schema, got, ordered);
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    if (!same_row(schema, a[i], b[i])) return "row " + std::to_string(i) + ": expected " + a[i].dump() + ", got " + b[i].dump();
  if (a.size() > b.size())
    return std::to_string(a.size()) + " rows expected, got " + std::to_string(b.size()) + "; missing " + a[b.size()].dump();
  if (b.size() > a.size())
    return std::to_string(a.size()) + " rows expected, got " + std::to_string(b.size()) + "; too many " + b[a.size()].dump();
  return "";
}

}  // namespace flow::conformance
