#pragma once

#include <filesystem>
#include <string_view>

/// File operations that survive a power failure once they have returned. @throws error{storage_failed, unwritable_output}.
namespace flow {

/// An open file to append to; closed at the end of life.
class append_file {
 public:
  enum class start { empty, append };
  append_file(const std::filesystem::path& path, start how);
  ~append_file();
  append_file(append_file&& other) noexcept;
  append_file& operator=(append_file&&) = delete;

  void write(std::string_view bytes);
  void sync();

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
};

void sync_directory(const std::filesystem::path& dir);
void rename_file(const std::filesystem::path& from, const std::filesystem::path& to);
/// Makes `dir` and what is missing above it, each durable.
void make_directories(const std::filesystem::path& dir);
/// Writes a whole file beside its place, syncs and renames it: it is there whole or not at all.
void write_file_durably(const std::filesystem::path& path, std::string_view content);

}  // namespace flow
