#include "sources/file_listing.hpp"

#include <dirent.h>
#include <fnmatch.h>
#include <glob.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include <arrow/util/utf8.h>

#include "flow/error.hpp"
#include "flow/file_manifest.hpp"

namespace flow {
namespace {

std::int64_t micros(const timespec& t) { return t.tv_sec * 1'000'000 + t.tv_nsec / 1000; }

[[noreturn]] void unreadable_directory(const std::string& path, int code) {
  const char* advice = code == ENOENT   ? "; check the path, or create the directory before the query starts"
                       : code == EACCES ? "; give the user of this process the right to read it"
                                        : "";
  throw error(errc::unreadable_input, "cannot read \"" + path + "\": " + std::strerror(code) + advice);
}

std::string unescape_path(std::string_view text) {
  std::string out;
  const auto digit = [](char c) {
    return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0) {
      const auto code = static_cast<unsigned>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      // A character's number, as Spark reads it, not a byte.
      if (code >= 0x80) out += static_cast<char>(0xC0 | code >> 6);
      out += static_cast<char>(code < 0x80 ? code : 0x80 | (code & 0x3F));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::optional<partition_text> partition_of(std::string_view directory) {
  const auto equals = directory.find('=');
  if (equals == std::string_view::npos || equals == 0) return std::nullopt;
  return partition_text(unescape_path(directory.substr(0, equals)), unescape_path(directory.substr(equals + 1)));
}

bool hidden(std::string_view name) {
  if (name.starts_with('.') || name.ends_with("._COPYING_")) return true;
  return name.starts_with('_') && name.find('=') == std::string_view::npos;
}

std::vector<std::string> expand_braces(std::string_view glob) {
  const auto open = glob.find('{');
  const auto close = open == std::string_view::npos ? open : glob.find('}', open);
  if (close == std::string_view::npos) return {std::string(glob)};
  std::vector<std::string> out;
  auto rest = glob.substr(open + 1, close - open - 1);
  while (true) {
    const auto comma = rest.find(',');
    const auto one =
        std::string(glob.substr(0, open)) + std::string(rest.substr(0, comma)) + std::string(glob.substr(close + 1));
    for (auto& expanded : expand_braces(one)) out.push_back(std::move(expanded));
    if (comma == std::string_view::npos) return out;
    rest.remove_prefix(comma + 1);
  }
}

std::string without_trailing_slash(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

std::vector<std::string> roots_of(const std::string& path) {
  if (!is_glob(path)) return {without_trailing_slash(path)};
  glob_t found{};
  std::vector<std::string> roots;
  if (::glob(path.c_str(), GLOB_BRACE, nullptr, &found) == 0) {
    for (std::size_t i = 0; i < found.gl_pathc; ++i) roots.push_back(without_trailing_slash(found.gl_pathv[i]));
  }
  ::globfree(&found);
  std::sort(roots.begin(), roots.end());
  roots.erase(std::unique(roots.begin(), roots.end()), roots.end());
  return roots;
}

struct close_directory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

class lister {
 public:
  lister(const listing_rules& rules, std::vector<visited_directory>* visited) : rules_(rules), visited_(visited) {}

  std::vector<listed_file> run() {
    const bool globbed = is_glob(rules_.path);
    for (const auto& root : roots_of(rules_.path)) {
      struct stat info {};
      if (::stat(root.c_str(), &info) != 0) {
        if (globbed) continue;
        unreadable_directory(root, errno);
      }
      auto partitions = above(root, S_ISDIR(info.st_mode));
      if (S_ISDIR(info.st_mode)) {
        if (!list_manifest(root, partitions)) walk(root, info, partitions, !globbed);
      } else {
        const auto slash = root.rfind('/');
        add(root, slash == std::string::npos ? root : root.substr(slash + 1), info, partitions);
      }
    }
    check_partitions();
    std::sort(files_.begin(), files_.end(), [](const listed_file& a, const listed_file& b) {
      return a.modified != b.modified ? a.modified < b.modified : a.path < b.path;
    });
    return std::move(files_);
  }

 private:
  /// Partitions between basePath and the root itself.
  std::vector<partition_text> above(const std::string& root, bool directory) const {
    std::vector<partition_text> out;
    if (rules_.base_path.empty() || rules_.recursive) return out;
    const auto base = without_trailing_slash(rules_.base_path);
    if (root != base && !root.starts_with(base + "/")) {
      throw error(errc::invalid_option, "option \"basePath\" = \"" + base + "\" does not lie above \"" + root + "\"");
    }
    auto rest = std::string_view(root).substr(base.size());
    if (!directory) rest = rest.substr(0, rest.rfind('/') == std::string_view::npos ? 0 : rest.rfind('/'));
    while (!rest.empty()) {
      rest.remove_prefix(1);
      const auto slash = std::min(rest.find('/'), rest.size());
      if (auto partition = partition_of(rest.substr(0, slash))) out.push_back(std::move(*partition));
      rest.remove_prefix(slash);
    }
    return out;
  }

  /// A directory that a file sink writes: only what its manifest says is committed. False if there is none.
  bool list_manifest(const std::string& root, const std::vector<partition_text>& above_root) {
    const auto folder = root + "/" + manifest_folder;
    struct stat info {};
    if (::stat(folder.c_str(), &info) != 0) return false;
    const auto committed = manifest_files(root);
    if (!committed) return false;
    if (visited_ != nullptr) visited_->push_back({folder, micros(info.st_mtim)});
    for (const auto& below : *committed) {
      const auto path = root + "/" + below;
      if (::stat(path.c_str(), &info) != 0) continue;
      auto partitions = above_root;
      auto rest = std::string_view(below);
      for (auto slash = rest.find('/'); slash != std::string_view::npos; slash = rest.find('/')) {
        if (auto partition = partition_of(rest.substr(0, slash)); partition && !rules_.recursive)
          partitions.push_back(std::move(*partition));
        rest.remove_prefix(slash + 1);
      }
      add(path, std::string(rest), info, partitions);
    }
    return true;
  }

  void walk(const std::string& path, const struct stat& self, std::vector<partition_text>& partitions, bool required) {
    const std::unique_ptr<DIR, close_directory> directory(::opendir(path.c_str()));
    if (directory == nullptr) {
      if (required || errno == EACCES) unreadable_directory(path, errno);
      return;
    }
    if (visited_ != nullptr) visited_->push_back({path, micros(self.st_mtim)});
    within_.push_back(self);
    while (const auto* entry = ::readdir(directory.get())) {
      const std::string name = entry->d_name;
      if (name == "." || name == ".." || hidden(name)) continue;
      const auto below = path + "/" + name;
      struct stat info {};
      if (::stat(below.c_str(), &info) != 0) continue;
      if (S_ISDIR(info.st_mode)) {
        enter(below, name, info, partitions);
      } else if (S_ISREG(info.st_mode)) {
        add(below, name, info, partitions);
      }
    }
    within_.pop_back();
  }

  void enter(const std::string& path, const std::string& name, const struct stat& info,
             std::vector<partition_text>& partitions) {
    if (rules_.recursive) return leads_back(info) ? void() : walk(path, info, partitions, false);
    auto partition = partition_of(name);
    if (!partition) return;
    partitions.push_back(std::move(*partition));
    walk(path, info, partitions, false);
    partitions.pop_back();
  }

  /// A link to a directory above itself.
  bool leads_back(const struct stat& info) const {
    return std::any_of(within_.begin(), within_.end(),
                       [&](const auto& above) { return above.st_dev == info.st_dev && above.st_ino == info.st_ino; });
  }

  void add(const std::string& path, const std::string& name, const struct stat& info,
           const std::vector<partition_text>& partitions) {
    if (!rules_.name_glob.empty() && !matches_glob(rules_.name_glob, name)) return;
    const timestamp modified{micros(info.st_mtim)};
    if (rules_.modified_before && modified >= *rules_.modified_before) return;
    if (rules_.modified_after && modified <= *rules_.modified_after) return;
    files_.push_back({path, info.st_size, modified, partitions});
  }

  /// Files beside partition directories are no part of a partitioned table; the directories must agree on the columns.
  void check_partitions() {
    const auto deepest = std::max_element(files_.begin(), files_.end(), [](const listed_file& a, const listed_file& b) {
      return a.partitions.size() < b.partitions.size();
    });
    if (deepest == files_.end() || deepest->partitions.empty()) return;
    // NOLINTNEXTLINE(performance-unnecessary-copy-initialization): what it was copied from moves where others are erased.
    const auto example = *deepest;
    std::erase_if(files_, [](const listed_file& file) { return file.partitions.empty(); });
    const auto same_name = [](const partition_text& a, const partition_text& b) { return a.first == b.first; };
    for (const auto& file : files_) {
      if (std::equal(file.partitions.begin(), file.partitions.end(), example.partitions.begin(), example.partitions.end(),
                     same_name)) {
        continue;
      }
      throw error(errc::invalid_argument, "the directories of \"" + file.path + "\" and \"" + example.path +
                                              "\" name different partition columns; read them apart, or set basePath or "
                                              "recursiveFileLookup");
    }
  }

  const listing_rules& rules_;
  std::vector<visited_directory>* visited_;
  std::vector<struct stat> within_;  ///< The directories from the root to the one that is walked.
  std::vector<listed_file> files_;
};

}  // namespace

bool is_glob(std::string_view path) { return path.find_first_of("*?[{") != std::string_view::npos; }

bool matches_glob(std::string_view glob, const std::string& name) {
  const auto patterns = expand_braces(glob);
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0; });
}

void check_name(const std::string& path) {
  arrow::util::InitializeUTF8();
  if (arrow::util::ValidateUTF8(path)) return;
  std::string shown;
  for (const char c : path) {
    std::array<char, 8> code{};
    std::snprintf(code.data(), code.size(), "\\x%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
    shown += (c & 0x80) == 0 ? std::string(1, c) : code.data();
  }
  throw error(errc::unreadable_input, "the name \"" + shown +
                                          "\" is no UTF-8, so no checkpoint can hold it: rename the file, or " +
                                          "leave it out by option pathGlobFilter");
}

std::vector<listed_file> list_files(const listing_rules& rules, std::vector<visited_directory>* visited) {
  return lister(rules, visited).run();
}

}  // namespace flow
