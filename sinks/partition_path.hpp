#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "flow/batch.hpp"

namespace flow {

/// Appends a part of a partition's folder as Hive and Spark escape it: "a/b" is "a%2Fb".
void append_escaped_path(std::string& out, std::string_view text);

/// Rows of a batch that go to one folder.
struct partition_rows {
  std::string folder;  ///< "day=2024-01-01/k=__HIVE_DEFAULT_PARTITION__".
  std::vector<std::int32_t> rows;
};

/// The folder of every row by the values of `columns`, in order of first occurrence.
std::vector<partition_rows> split_by_folder(const arrow::RecordBatch& rows, const std::vector<int>& columns);

}  // namespace flow
