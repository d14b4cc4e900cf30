#include "flow/table_text.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <arrow/api.h>

#include "function/value_text.hpp"

namespace flow {

namespace {

void append_cell(std::string& out, const arrow::Array& values, std::int64_t row);

void append_binary(std::string& out, std::string_view bytes) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  out += '[';
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0) out += ' ';
    const auto byte = static_cast<unsigned char>(bytes[i]);
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  out += ']';
}

void append_list(std::string& out, const arrow::ListArray& lists, std::int64_t row) {
  out += '[';
  for (auto i = lists.value_offset(row); i < lists.value_offset(row + 1); ++i) {
    if (i > lists.value_offset(row)) out += ", ";
    append_cell(out, *lists.values(), i);
  }
  out += ']';
}

void append_map(std::string& out, const arrow::MapArray& maps, std::int64_t row) {
  out += '{';
  for (auto i = maps.value_offset(row); i < maps.value_offset(row + 1); ++i) {
    if (i > maps.value_offset(row)) out += ", ";
    append_cell(out, *maps.keys(), i);
    out += " -> ";
    append_cell(out, *maps.items(), i);
  }
  out += '}';
}

void append_struct(std::string& out, const arrow::StructArray& structs, std::int64_t row) {
  out += '{';
  for (int i = 0; i < structs.num_fields(); ++i) {
    if (i > 0) out += ", ";
    append_cell(out, *structs.field(i), row);
  }
  out += '}';
}

void append_cell(std::string& out, const arrow::Array& values, std::int64_t row) {
  if (values.IsNull(row)) {
    out += "NULL";
    return;
  }
  switch (values.type_id()) {
    case arrow::Type::BINARY:
      return append_binary(out, static_cast<const arrow::BinaryArray&>(values).GetView(row));
    case arrow::Type::DECIMAL128:
      return append_decimal(out, arrow::Decimal128(static_cast<const arrow::Decimal128Array&>(values).GetValue(row)),
                            static_cast<const arrow::DecimalType&>(*values.type()).scale());
    case arrow::Type::LIST:
      return append_list(out, static_cast<const arrow::ListArray&>(values), row);
    case arrow::Type::MAP:
      return append_map(out, static_cast<const arrow::MapArray&>(values), row);
    case arrow::Type::STRUCT:
      return append_struct(out, static_cast<const arrow::StructArray&>(values), row);
    default:
      return append_value(out, values, row);
  }
}

// Line breaks and their like would tear the table apart.
std::string escaped(std::string_view text) {
  struct escape {
    char from;
    std::string_view to;
  };
  static constexpr std::array escapes{escape{'\n', "\\n"}, escape{'\r', "\\r"}, escape{'\t', "\\t"}, escape{'\f', "\\f"},
                                      escape{'\b', "\\b"}, escape{'\v', "\\v"}, escape{'\a', "\\a"}};
  std::string out;
  for (const char c : text) {
    const auto found = std::find_if(escapes.begin(), escapes.end(), [&](const escape& e) { return e.from == c; });
    if (found == escapes.end()) {
      out += c;
    } else {
      out += found->to;
    }
  }
  return out;
}

// The code point at text[i]; moves i behind it.
std::uint32_t next_code_point(std::string_view text, std::size_t& i) {
  const auto first = static_cast<unsigned char>(text[i++]);
  const int more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC0 ? 1 : 0;
  std::uint32_t code = more == 3 ? first & 0x07u : more == 2 ? first & 0x0Fu : more == 1 ? first & 0x1Fu : first;
  for (int k = 0; k < more && i < text.size(); ++k) code = (code << 6) | (static_cast<unsigned char>(text[i++]) & 0x3Fu);
  return code;
}

bool is_wide(std::uint32_t c) {
  struct range {
    std::uint32_t first, last;
  };
  static constexpr std::array wide{range{0x1100, 0x115F}, range{0x2E80, 0xA4CF}, range{0xAC00, 0xD7A3}, range{0xF900, 0xFAFF},
                                   range{0xFE30, 0xFE4F}, range{0xFF00, 0xFF60}, range{0xFFE0, 0xFFE6}};
  return std::any_of(wide.begin(), wide.end(), [&](const range& r) { return r.first <= c && c <= r.last; });
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t i = 0; i < text.size();) width += is_wide(next_code_point(text, i)) ? 2 : 1;
  return width;
}

std::string truncated(std::string text, int width) {
  const auto most = static_cast<std::size_t>(width);
  const std::size_t kept = width < 4 ? most : most - 3;
  std::size_t characters = 0, cut = 0;
  for (std::size_t i = 0; i < text.size(); ++characters) {
    if (characters == kept) cut = i;
    next_code_point(text, i);
  }
  if (characters <= most) return text;
  text.resize(cut);
  return width < 4 ? text : text + "...";
}

using table_row = std::vector<std::string>;

void append_line(std::string& out, const table_row& cells, const std::vector<std::size_t>& widths, bool right) {
  out += '|';
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const auto padding = widths[i] - display_width(cells[i]);
    if (right) out.append(padding, ' ');
    out += cells[i];
    if (!right) out.append(padding, ' ');
    out += '|';
  }
  if (cells.empty()) out += '|';
  out += '\n';
}

}  // namespace

std::string table_text(const arrow::Schema& schema, const std::vector<batch>& rows, int max_rows, int truncate_width) {
  std::vector<table_row> table(1);
  for (const auto& field : schema.fields()) table[0].push_back(escaped(field->name()));
  std::int64_t total = 0;
  for (const auto& part : rows) {
    const auto shown = std::min(part->num_rows(), std::max<std::int64_t>(max_rows - total, 0));
    for (std::int64_t row = 0; row < shown; ++row) {
      auto& cells = table.emplace_back();
      for (const auto& values : part->columns()) {
        std::string cell;
        append_cell(cell, *values, row);
        cell = escaped(cell);
        cells.push_back(truncate_width > 0 ? truncated(std::move(cell), truncate_width) : std::move(cell));
      }
    }
    total += part->num_rows();
  }

  constexpr std::size_t least_width = 3;
  std::vector<std::size_t> widths(static_cast<std::size_t>(schema.num_fields()), least_width);
  for (const auto& cells : table) {
    for (std::size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], display_width(cells[i]));
  }
  std::string rule = "+";
  for (const auto width : widths) rule += std::string(width, '-') + "+";
  if (widths.empty()) rule += '+';
  rule += '\n';

  const bool right = truncate_width > 0;
  std::string out = rule;
  append_line(out, table[0], widths, right);
  out += rule;
  for (std::size_t i = 1; i < table.size(); ++i) append_line(out, table[i], widths, right);
  out += rule;
  if (total > max_rows) out += "only showing top " + std::to_string(max_rows) + (max_rows == 1 ? " row\n" : " rows\n");
  return out;
}

}  // namespace flow
