#include "checkpoint/state_generation.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <string>
#include <vector>

#include "checkpoint/lmdb_environment.hpp"
#include "flow/error.hpp"
#include "flow/failpoint.hpp"

namespace flow {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view prefix = "state-";

/// 1 for `state.lmdb` itself.
std::uint64_t generation_of(const fs::path& file) {
  const auto name = file.filename().string();
  std::uint64_t number = 1;
  if (name.starts_with(prefix)) std::from_chars(name.data() + prefix.size(), name.data() + name.size(), number);
  return number;
}

void rename_or_throw(const fs::path& from, const fs::path& to) {
  std::error_code failed;
  fs::rename(from, to, failed);
  if (failed) {
    throw error(errc::storage_failed, "cannot rename " + from.string() + " to " + to.string() + ": " + failed.message());
  }
}

void remove_quietly(const fs::path& file) {
  std::error_code ignored;
  fs::remove(file, ignored);
}

void copy_unlocked(const fs::path& from, const fs::path& to) {
  lmdb_options options;
  options.read_only = options.no_lock = options.only_to_copy = true;
  options.map_bytes = 0;
  lmdb_environment(from, options).copy_to(to);
}

}  // namespace

fs::path current_state_file(const fs::path& dir) {
  std::error_code not_a_link;
  const auto target = fs::read_symlink(dir / state_file, not_a_link);
  return dir / (not_a_link ? fs::path(state_file) : target.filename());
}

void renew_state_file(const fs::path& dir) {
  const auto before = current_state_file(dir);
  const auto name = std::string(prefix) + std::to_string(generation_of(before) + 1) + ".lmdb";
  for (const auto* suffix : {"", "-lock", ".partial"}) remove_quietly(dir / (name + suffix));
  failpoint("checkpoint.takeover.begun");
  std::error_code none;
  if (const auto size = fs::file_size(before, none); !none && size > 0) {
    copy_unlocked(before, dir / (name + ".partial"));
    rename_or_throw(dir / (name + ".partial"), dir / name);
    sync_directory_of_state(dir);
  }
  failpoint("checkpoint.takeover.copied");
  const auto link = dir / "state.next";
  remove_quietly(link);
  std::error_code failed;
  fs::create_symlink(name, link, failed);
  if (failed) throw error(errc::storage_failed, "cannot make the link " + link.string() + ": " + failed.message());
  rename_or_throw(link, dir / state_file);
  sync_directory_of_state(dir);
  failpoint("checkpoint.takeover.switched");
}

void remove_former_state_files(const fs::path& dir) {
  const auto current = current_state_file(dir).filename().string();
  if (current == state_file) return;
  std::vector<fs::path> former;
  for (const auto& entry : fs::directory_iterator(dir)) {
    const auto name = entry.path().filename().string();
    const bool stale = name == std::string(state_file) + "-lock" || name == "state.next" || name.starts_with(prefix);
    if (stale && name != current && name != current + "-lock") former.push_back(entry.path());
  }
  for (const auto& file : former) remove_quietly(file);
}

void sync_directory_of_state(const fs::path& dir) {
  const int descriptor = ::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = descriptor >= 0 && fsync(descriptor) == 0;
  const int cause = errno;
  if (descriptor >= 0) ::close(descriptor);
  if (!synced) throw error(errc::storage_failed, "cannot flush the directory " + dir.string() + ": " + std::strerror(cause));
}

}  // namespace flow
