#include "child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <stdexcept>

namespace recovery {

child_process::child_process(const std::vector<std::string>& arguments,
                             const std::vector<std::pair<std::string, std::string>>& environment, const std::string& log) {
  std::vector<char*> argv;
  for (const auto& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("fork failed");
  if (pid_ == 0) {
    const int out = ::open(log.c_str(), O_CREAT | O_APPEND | O_WRONLY, 0644);
    ::dup2(out, 1);
    ::dup2(out, 2);
    for (const auto& [key, value] : environment) ::setenv(key.c_str(), value.c_str(), 1);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
}

child_process::~child_process() {
  if (!ended_) {
    kill();
    wait_for(std::chrono::seconds(10));
  }
}

std::optional<exit_status> child_process::wait_for(std::chrono::milliseconds time) {
  if (ended_) return ended_;
  const int fd = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  pollfd until{fd, POLLIN, 0};
  const int ready = ::poll(&until, 1, static_cast<int>(time.count()));
  ::close(fd);
  if (ready <= 0) return std::nullopt;
  int status = 0;
  ::waitpid(pid_, &status, 0);
  ended_ = exit_status{WIFEXITED(status) ? WEXITSTATUS(status) : 0, WIFSIGNALED(status) ? WTERMSIG(status) : 0};
  return ended_;
}

void child_process::kill() { ::kill(pid_, SIGKILL); }

void child_process::freeze() {
  ::kill(pid_, SIGSTOP);
  siginfo_t stopped{};
  ::waitid(P_PID, static_cast<id_t>(pid_), &stopped, WSTOPPED | WEXITED | WNOWAIT);
}

void child_process::wake() { ::kill(pid_, SIGCONT); }

std::string read_whole(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

finished_program run_program(const std::vector<std::string>& arguments, const std::string& log,
                             std::chrono::milliseconds time) {
  std::remove(log.c_str());
  child_process child(arguments, {}, log);
  const auto status = child.wait_for(time);
  if (!status) throw std::runtime_error(arguments.front() + " did not end in time; it wrote: " + read_whole(log));
  return {*status, read_whole(log)};
}

}  // namespace recovery
