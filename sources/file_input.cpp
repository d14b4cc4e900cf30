#include "sources/file_input.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "flow/error.hpp"

namespace flow {
namespace {

[[noreturn]] void unreadable(const std::string& path, int code) {
  auto message = "cannot read \"" + path + "\": " + std::strerror(code);
  if (code == ENOENT)
    message += "; it was there when the directory was listed (option ignoreMissingFiles=true skips such files)";
  if (code == EACCES) message += "; give the user of this process the right to read it";
  throw error(errc::unreadable_input, message);
}

class file_bytes final : public byte_input {
 public:
  file_bytes(int file, std::string path) : file_(file), path_(std::move(path)) {
    ::posix_fadvise(file_, 0, 0, POSIX_FADV_SEQUENTIAL);
  }
  ~file_bytes() override { ::close(file_); }
  file_bytes(const file_bytes&) = delete;
  file_bytes& operator=(const file_bytes&) = delete;

  std::size_t read(char* to, std::size_t capacity) override {
    while (true) {
      const auto count = ::pread(file_, to, capacity, offset_);
      if (count >= 0) {
        offset_ += count;
        return static_cast<std::size_t>(count);
      }
      if (errno != EINTR) unreadable(path_, errno);
    }
  }
  void seek(std::int64_t offset) override { offset_ = offset; }
  std::string name() const override { return path_; }

 private:
  int file_;
  std::string path_;
  std::int64_t offset_ = 0;
};

}  // namespace

std::unique_ptr<byte_input> open_if_present(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file >= 0) return std::make_unique<file_bytes>(file, path);
  if (errno != ENOENT) unreadable(path, errno);
  return nullptr;
}

std::unique_ptr<byte_input> open_file(const std::string& path) {
  auto input = open_if_present(path);
  if (input == nullptr) unreadable(path, ENOENT);
  return input;
}

}  // namespace flow
