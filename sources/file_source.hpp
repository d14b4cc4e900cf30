#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flow/connector_registry.hpp"
#include "flow/format_reader.hpp"
#include "flow/source.hpp"
#include "sources/file_listing.hpp"

namespace flow {

enum class clean_mode { off, archive, remove };

/// The options of a file source that are not the format's.
struct file_options {
  listing_rules listing;
  std::int64_t max_files = std::numeric_limits<std::int64_t>::max();
  std::int64_t max_bytes = std::numeric_limits<std::int64_t>::max();
  bool latest_first = false;
  duration max_age{};
  bool file_name_only = false;
  bool ignore_missing = false;
  bool ignore_corrupt = false;
  clean_mode clean = clean_mode::off;
  std::string archive_dir;
};

/// @throws error{invalid_option}.
file_options read_file_options(const options& settings, bool streaming);

/// How the columns of a table over files come about.
struct file_table {
  file_format_ptr format;
  schema_ptr schema;       ///< Of the table: columns of the files, then partition columns.
  schema_ptr file_schema;  ///< Inferred columns of the files; null when the user gave the schema.
  file_options settings;

  /// Columns held by a file that lies under these partition directories.
  schema_ptr columns_in_file(const std::vector<partition_text>& partitions) const;
};

/// Makes the provider of "text", "json" or "csv". @throws error{unreadable_input, invalid_option, unknown_option,
/// invalid_argument}.
source_provider_ptr make_file_provider(std::string_view format, const source_request& request);

/// Files as a source: one split per file, or per 32 MiB of a large one.
std::unique_ptr<source> make_file_source(std::shared_ptr<const file_table> table, bool streaming);

}  // namespace flow
