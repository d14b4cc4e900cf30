#include "sinks/partition_path.hpp"

#include <unordered_map>

#include <arrow/api.h>
#include <arrow/util/utf8.h>

#include "flow/bound_expression.hpp"

namespace flow {

namespace {

constexpr std::string_view null_folder = "__HIVE_DEFAULT_PARTITION__";

bool needs_escape(char c) {
  constexpr std::string_view special = "\"#%'*/:=?\\{[]^\x7F";
  return static_cast<unsigned char>(c) < 0x20 || special.find(c) != std::string_view::npos;
}

// A column as the texts that name its folders: "k=" and the values.
struct partition_column {
  std::string prefix;
  std::shared_ptr<arrow::StringArray> values;
};

partition_column as_texts(const arrow::RecordBatch& rows, int column) {
  const auto& field = *rows.schema()->field(column);
  const auto cast = bind_cast(bind_column(column, field.type(), field.name()), types::string());
  partition_column texts;
  append_escaped_path(texts.prefix, field.name());
  texts.prefix += '=';
  texts.values = std::static_pointer_cast<arrow::StringArray>(evaluate_array(*cast, rows, {}));
  return texts;
}

}  // namespace

void append_escaped_path(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  // Names of folders go into the checkpoint and the manifest, which are texts.
  arrow::util::InitializeUTF8();
  const bool valid = arrow::util::ValidateUTF8(text);
  for (const char c : text) {
    if (!needs_escape(c) && (valid || (c & 0x80) == 0)) {
      out += c;
      continue;
    }
    out += '%';
    out += digits[static_cast<unsigned char>(c) >> 4];
    out += digits[static_cast<unsigned char>(c) & 15];
  }
}

std::vector<partition_rows> split_by_folder(const arrow::RecordBatch& rows, const std::vector<int>& columns) {
  std::vector<partition_column> texts;
  for (const int column : columns) texts.push_back(as_texts(rows, column));
  std::vector<partition_rows> parts;
  std::unordered_map<std::string, std::size_t> index;
  std::string folder;
  for (std::int64_t row = 0; row < rows.num_rows(); ++row) {
    folder.clear();
    for (const auto& [prefix, values] : texts) {
      if (!folder.empty()) folder += '/';
      folder += prefix;
      const auto value = values->IsNull(row) ? std::string_view() : values->GetView(row);
      if (value.empty()) {
        folder += null_folder;
      } else {
        append_escaped_path(folder, value);
      }
    }
    const auto [place, added] = index.try_emplace(folder, parts.size());
    if (added) parts.push_back({folder, {}});
    parts[place->second].rows.push_back(static_cast<std::int32_t>(row));
  }
  return parts;
}

}  // namespace flow
