#include "checkpoint/checkpoint_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "flow/error.hpp"

namespace flow {
namespace {

namespace fs = std::filesystem;

constexpr const char* unsettled = "taking over\n";

[[noreturn]] void fail(const std::string& what, const fs::path& file, int cause) {
  throw error(errc::storage_failed, "cannot " + what + " " + file.string() + ": " + std::strerror(cause));
}

std::string own_line() { return std::to_string(getpid()) + "\n"; }

std::optional<long> written_pid(const std::string& content) {
  const long pid = std::strtol(content.c_str(), nullptr, 10);
  return pid > 0 ? std::optional(pid) : std::nullopt;
}

/// The file that the path names, locked. The path may come to name another one meanwhile.
locked_file lock_path(const fs::path& path) {
  for (;;) {
    locked_file file(path);
    if (!file.locked() || file.in_place(path)) return file;
  }
}

[[noreturn]] void refuse(const fs::path& dir, const std::string& owner_file) {
  const auto pid = written_pid(owner_file);
  const auto who = !pid               ? "another process"
                   : *pid == getpid() ? "this process (pid " + std::to_string(*pid) + ")"
                                      : "the process with pid " + std::to_string(*pid);
  throw error(
      errc::checkpoint_locked,
      "the checkpoint " + dir.string() + " is in use by " + who +
          ": stop that query first, or give this one a checkpointLocation of its own. If that process hangs, start this "
          "query with the option takeOver=true (--take-over): what the other one has not committed is then "
          "done again here, and it ends when it wakes");
}

}  // namespace

locked_file::locked_file(const fs::path& file) {
  descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor_ < 0) fail("open", file, errno);
  locked_ = flock(descriptor_, LOCK_EX | LOCK_NB) == 0;
  if (locked_ || errno == EWOULDBLOCK) return;
  const int cause = errno;
  ::close(descriptor_);
  fail("lock", file, cause);
}

locked_file::locked_file(locked_file&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), locked_(other.locked_) {}

locked_file& locked_file::operator=(locked_file&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(locked_, other.locked_);
  return *this;
}

locked_file::~locked_file() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool locked_file::in_place(const fs::path& path) const {
  struct stat mine {
  }, named{};
  return ::fstat(descriptor_, &mine) == 0 && ::stat(path.c_str(), &named) == 0 && mine.st_dev == named.st_dev &&
         mine.st_ino == named.st_ino;
}

std::string locked_file::content() const {
  std::array<char, 64> text{};
  const auto size = pread(descriptor_, text.data(), text.size(), 0);
  return {text.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
}

void locked_file::write(const std::string& text) const {
  const auto size = static_cast<ssize_t>(text.size());
  if (pwrite(descriptor_, text.data(), text.size(), 0) != size || ftruncate(descriptor_, size) != 0) {
    throw error(errc::storage_failed, std::string("cannot write the checkpoint's lock: ") + std::strerror(errno));
  }
}

checkpoint_lock::checkpoint_lock(const fs::path& dir, bool take_over) : path_(dir / "lock"), file_(lock_path(path_)) {
  if (!file_.locked() && !take_over) refuse(dir, file_.content());
  if (!file_.locked()) {
    guard(dir);
    file_ = lock_path(path_);  // It may have been freed or taken over before the guard was ours.
  }
  if (!file_.locked()) {
    replace(dir);
    return;
  }
  const bool left_unsettled = file_.content().ends_with(unsettled);
  if (left_unsettled && !guard_) guard(dir);
  if (!left_unsettled) guard_.reset();
  file_.write(own_line() + (left_unsettled ? unsettled : ""));
}

void checkpoint_lock::guard(const fs::path& dir) {
  guard_.emplace(dir / "lock.takeover");
  if (guard_->locked()) return;
  const auto pid = written_pid(guard_->content());
  throw error(errc::checkpoint_locked, "the checkpoint " + dir.string() + " is being taken over by " +
                                           (pid ? "the process with pid " + std::to_string(*pid) : "another process") +
                                           " just now: wait for it, or end it");
}

void checkpoint_lock::replace(const fs::path& dir) {
  guard_->write(own_line());
  const auto next = dir / "lock.next";
  std::error_code failed;
  fs::remove(next, failed);
  file_ = locked_file(next);
  file_.write(own_line() + unsettled);
  // The moment of decision: the owner before is refused from here on.
  fs::rename(next, path_, failed);
  if (failed) fail("put in place", next, failed.value());
}

void checkpoint_lock::settle() {
  file_.write(own_line());
  guard_.reset();
}

std::optional<long> checkpoint_lock::last_owner(const fs::path& dir) {
  const int descriptor = ::open((dir / "lock").c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return std::nullopt;
  std::array<char, 32> text{};
  const bool any = pread(descriptor, text.data(), text.size() - 1, 0) > 0;
  ::close(descriptor);
  return any ? written_pid(text.data()) : std::nullopt;
}

}  // namespace flow
