// What the options of a file source that are not the format's say.
#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>

#include <arrow/api.h>

#include "flow/error.hpp"
#include "flow/row_codec.hpp"
#include "sources/file_source.hpp"

namespace flow {
namespace {

/// Whether files that are archived below `archive` may be found again by `path`: each directory on the way to it matches the
/// pattern's.
bool archive_is_read(const std::string& path, const std::string& archive) {
  const auto parts = [](const std::string& text) {
    auto whole = std::filesystem::absolute(text).lexically_normal();
    if (!whole.has_filename()) whole = whole.parent_path();
    return std::vector<std::filesystem::path>(whole.begin(), whole.end());
  };
  const auto pattern = parts(path), target = parts(archive);
  return pattern.size() <= target.size() &&
         std::equal(pattern.begin(), pattern.end(), target.begin(), [](const auto& glob, const auto& name) {
           return glob == name || matches_glob(glob.string(), name.string());
         });
}

std::optional<timestamp> read_time(const options& settings, std::string_view key) {
  const auto text = settings.find(key);
  if (!text) return std::nullopt;
  const auto value = partition_value(*text, arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"));
  if (value == nullptr || !value->is_valid) {
    throw error(errc::invalid_option,
                "option \"" + std::string(key) + "\" = \"" + *text + "\": a time such as 2024-02-29T10:00:00 is expected");
  }
  return timestamp{static_cast<const arrow::TimestampScalar&>(*value).value};
}

/// "1048576", "512k", "64m", "1g".
std::int64_t read_bytes(const options& settings, std::string_view key, std::int64_t fallback) {
  const auto text = settings.find(key);
  if (!text) return fallback;
  char* end = nullptr;
  const auto number = std::strtoll(text->c_str(), &end, 10);
  std::string unit(end);
  std::transform(unit.begin(), unit.end(), unit.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (unit.size() == 2 && unit[1] == 'b') unit.pop_back();
  const auto known = std::string_view(" kmgt").find(unit.empty() || unit == "b" ? ' ' : unit[0]);
  const bool malformed = number <= 0 || end == text->c_str() || unit.size() > 1 || known == std::string_view::npos;
  if (malformed || number > std::numeric_limits<std::int64_t>::max() >> (10 * known)) {
    throw error(errc::invalid_option,
                "option \"" + std::string(key) + "\" = \"" + *text + "\": bytes such as 1048576 or 64m are expected");
  }
  return number << (10 * known);
}

}  // namespace

file_options read_file_options(const options& settings, bool streaming) {
  file_options out;
  out.listing.path = settings.required("path", "the file, directory or glob that is read");
  if (out.listing.path.starts_with("file://"))
    out.listing.path = out.listing.path.substr(7);
  else if (out.listing.path.starts_with("file:/"))
    out.listing.path = out.listing.path.substr(5);
  out.listing.recursive = settings.boolean("recursiveFileLookup", false);
  out.listing.name_glob = settings.text("pathGlobFilter", "");
  out.listing.base_path = settings.text("basePath", "");
  out.listing.modified_before = read_time(settings, "modifiedBefore");
  out.listing.modified_after = read_time(settings, "modifiedAfter");
  if (streaming && (out.listing.modified_before || out.listing.modified_after)) {
    throw error(errc::invalid_option,
                "options \"modifiedBefore\" and \"modifiedAfter\" select files of a batch read; a stream takes files as they "
                "appear (see maxFileAge)");
  }
  const auto most = std::numeric_limits<std::int64_t>::max();
  out.max_files = settings.integer("maxFilesPerTrigger", most, 1, most);
  out.max_bytes = read_bytes(settings, "maxBytesPerTrigger", most);
  if (out.max_files != most && out.max_bytes != most) {
    throw error(errc::invalid_option,
                "options \"maxFilesPerTrigger\" and \"maxBytesPerTrigger\" cannot both be set; drop one of them");
  }
  out.latest_first = settings.boolean("latestFirst", false);
  out.max_age = settings.span("maxFileAge", minutes(7 * 24 * 60));
  out.file_name_only = settings.boolean("fileNameOnly", false);
  out.ignore_missing = settings.boolean("ignoreMissingFiles", false);
  out.ignore_corrupt = settings.boolean("ignoreCorruptFiles", false);
  const auto clean = settings.choice("cleanSource", "off", {"off", "archive", "delete"});
  out.clean = clean == "off" ? clean_mode::off : clean == "archive" ? clean_mode::archive : clean_mode::remove;
  out.archive_dir = settings.text("sourceArchiveDir", "");
  if (out.clean == clean_mode::archive && out.archive_dir.empty()) {
    throw error(errc::invalid_option,
                "option \"cleanSource\" = \"archive\" needs option \"sourceArchiveDir\": where read files are moved to");
  }
  if (out.clean == clean_mode::archive && archive_is_read(out.listing.path, out.archive_dir)) {
    throw error(errc::invalid_option, "option \"sourceArchiveDir\" = \"" + out.archive_dir +
                                          "\" lies within the path that is read, \"" + out.listing.path +
                                          "\": archived files could be read again; archive elsewhere");
  }
  if (streaming) check_name(out.listing.path);
  return out;
}

}  // namespace flow
