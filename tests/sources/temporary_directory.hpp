#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

/// A directory of one test, removed at its end.
class temporary_directory {
 public:
  temporary_directory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "flow-sources-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~temporary_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  temporary_directory(const temporary_directory&) = delete;
  temporary_directory& operator=(const temporary_directory&) = delete;

  const std::string& path() const { return path_; }
  /// Writes below the directory; `seconds` is the file's modification time.
  void write(const std::string& name, const std::string& text, std::int64_t seconds = 1'700'000'000) const {
    const auto file = std::filesystem::path(path_) / name;
    std::filesystem::create_directories(file.parent_path());
    const auto hidden = file.parent_path() / ("." + file.filename().string());
    std::ofstream(hidden, std::ios::binary) << text;
    const timespec times[2] = {{seconds, 0}, {seconds, 0}};
    ::utimensat(AT_FDCWD, hidden.c_str(), times, 0);
    std::filesystem::rename(hidden, file);
  }

 private:
  std::string path_;
};
