#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flow/time.hpp"

namespace flow {

/// One `k=v` directory on the way to a file: name and text, unescaped.
using partition_text = std::pair<std::string, std::string>;

struct listed_file {
  std::string path;
  std::int64_t size = 0;
  timestamp modified{};
  std::vector<partition_text> partitions;  ///< Outermost first.
};

/// Which files a source reads.
struct listing_rules {
  std::string path;        ///< A file, a directory, or a glob of them.
  bool recursive = false;  ///< recursiveFileLookup: all levels, no partitions.
  std::string name_glob;   ///< pathGlobFilter; "" for all.
  std::string base_path;   ///< basePath; "" for the path itself.
  std::optional<timestamp> modified_before;
  std::optional<timestamp> modified_after;
};

/// A directory that was looked into, with its own modification time: unchanged directories need no second look.
struct visited_directory {
  std::string path;
  std::int64_t modified = 0;
};

/// Whether `name` matches a Hadoop glob: * ? [a-z] {x,y}.
bool matches_glob(std::string_view glob, const std::string& name);
bool is_glob(std::string_view path);

/// For streams: names go into the checkpoint, which is text. @throws error{unreadable_input}.
void check_name(const std::string& path);

/// The files of now, by modification time and then path. Names that begin with _ or . are no data. Files that vanish while the
/// list is made are left out. @throws error{unreadable_input} for a path (not a glob) that cannot be read,
/// error{invalid_argument} when directories disagree on the partition columns.
std::vector<listed_file> list_files(const listing_rules& rules, std::vector<visited_directory>* visited = nullptr);

}  // namespace flow
