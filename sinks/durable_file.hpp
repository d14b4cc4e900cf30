#pragma once

#include <cstdint>
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
void write_file_durably(const std::filesystem::path& path, std::string_view content, std::uint64_t owner = 0);

/// The name a file has until it is whole: hidden, and with the fencing epoch of who writes it. Processes of one query may
/// overlap for a moment, when one replaces another that was frozen: neither may touch what the other is writing.
std::filesystem::path hidden_name(const std::filesystem::path& path, std::uint64_t owner);
/// Whether a process of fencing epoch `owner` finds in this name what it, or one before it, has left.
bool is_left_by(const std::filesystem::path& hidden, std::uint64_t owner);

}  // namespace flow
