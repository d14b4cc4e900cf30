#include "checkpoint/checkpoint_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "flow/error.hpp"

namespace flow {
namespace {

std::optional<long> written_pid(int descriptor) {
  std::array<char, 32> text{};
  if (pread(descriptor, text.data(), text.size() - 1, 0) <= 0) return std::nullopt;
  const long pid = std::strtol(text.data(), nullptr, 10);
  return pid > 0 ? std::optional(pid) : std::nullopt;
}

}  // namespace

checkpoint_lock::checkpoint_lock(const std::filesystem::path& dir) {
  const auto file = dir / "lock";
  descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor_ < 0) {
    throw error(errc::storage_failed, "cannot open " + file.string() + ": " + std::strerror(errno));
  }
  if (flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    const int cause = errno;
    const auto pid = written_pid(descriptor_);
    ::close(descriptor_);
    if (cause != EWOULDBLOCK) throw error(errc::storage_failed, "cannot lock " + file.string() + ": " + std::strerror(cause));
    const auto who = !pid               ? "another process"
                     : *pid == getpid() ? "this process (pid " + std::to_string(*pid) + ")"
                                        : "the process with pid " + std::to_string(*pid);
    throw error(errc::checkpoint_locked, "the checkpoint " + dir.string() + " is in use by " + who +
                                             ": stop that query first, or give this one a checkpointLocation of its own");
  }
  const auto text = std::to_string(getpid()) + "\n";
  if (ftruncate(descriptor_, 0) != 0 || pwrite(descriptor_, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    const int cause = errno;
    ::close(descriptor_);
    throw error(errc::storage_failed, "cannot write " + file.string() + ": " + std::strerror(cause));
  }
}

checkpoint_lock::~checkpoint_lock() { ::close(descriptor_); }

std::optional<long> checkpoint_lock::last_owner(const std::filesystem::path& dir) {
  const int descriptor = ::open((dir / "lock").c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return std::nullopt;
  const auto pid = written_pid(descriptor);
  ::close(descriptor);
  return pid;
}

}  // namespace flow
