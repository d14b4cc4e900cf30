#include "sinks/durable_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <system_error>
#include <utility>

#include "flow/error.hpp"

namespace flow {

namespace {

namespace fs = std::filesystem;

std::string with_advice(const std::error_code& failure) {
  const bool denied = failure == std::errc::permission_denied || failure == std::errc::read_only_file_system;
  const bool no_folder = failure == std::errc::not_a_directory || failure == std::errc::file_exists;
  return failure.message() + (denied      ? "; write elsewhere, or give the user of this process the right to write there"
                              : no_folder ? "; a file stands where a directory is needed: write elsewhere, or move it away"
                                          : "");
}

[[noreturn]] void fail(errc code, const std::string& what, const fs::path& path) {
  throw error(code,
              "cannot " + what + " " + path.string() + ": " + with_advice(std::error_code(errno, std::generic_category())));
}

}  // namespace

append_file::append_file(const fs::path& path, start how)
    : path_(path),
      descriptor_(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | (how == start::empty ? O_TRUNC : O_APPEND), 0644)) {
  if (descriptor_ < 0) fail(errc::unwritable_output, "open", path_);
}

append_file::append_file(append_file&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

append_file::~append_file() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void append_file::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(errc::storage_failed, "write", path_);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void append_file::sync() {
  if (::fsync(descriptor_) != 0) fail(errc::storage_failed, "sync", path_);
}

void sync_directory(const fs::path& dir) {
  const int descriptor = ::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) fail(errc::storage_failed, "open", dir);
  const int result = ::fsync(descriptor);
  const int reason = errno;
  ::close(descriptor);
  errno = reason;
  if (result != 0) fail(errc::storage_failed, "sync", dir);
}

void rename_file(const fs::path& from, const fs::path& to) {
  std::error_code failure;
  fs::rename(from, to, failure);
  if (failure)
    throw error(errc::storage_failed, "cannot rename " + from.string() + " to " + to.string() + ": " + failure.message());
}

void make_directories(const fs::path& dir) {
  if (dir.empty() || fs::is_directory(dir)) return;
  const auto above = dir.has_parent_path() ? dir.parent_path() : fs::path(".");
  if (above != dir) make_directories(above);
  std::error_code failure;
  fs::create_directory(dir, failure);
  if (failure) throw error(errc::unwritable_output, "cannot make the directory " + dir.string() + ": " + with_advice(failure));
  sync_directory(above);
}

void write_file_durably(const fs::path& path, std::string_view content, std::uint64_t owner) {
  const auto hidden = hidden_name(path, owner);
  {
    append_file file(hidden, append_file::start::empty);
    file.write(content);
    file.sync();
  }
  rename_file(hidden, path);
  sync_directory(path.parent_path());
}

fs::path hidden_name(const fs::path& path, std::uint64_t owner) {
  auto hidden = path;
  hidden.replace_filename("." + path.filename().string() + "." + std::to_string(owner) + ".tmp");
  return hidden;
}

bool is_left_by(const fs::path& hidden, std::uint64_t owner) {
  const auto name = hidden.filename().string();
  if (!name.starts_with('.') || !name.ends_with(".tmp")) return false;
  const auto digits = fs::path(hidden.stem()).extension().string();
  std::uint64_t written_by = 0;
  if (!digits.empty()) std::from_chars(digits.data() + 1, digits.data() + digits.size(), written_by);
  return written_by <= owner;
}

}  // namespace flow
