#include "tests/bad_input/program_run.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "tests/sources/temporary_directory.hpp"

namespace flow::test {

namespace {

void redirect(const std::string& file, int descriptor) {
  ::dup2(::open(file.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0644), descriptor);
}

std::string content(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

bool ends_in_time(pid_t pid) {
  const int fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  pollfd until{fd, POLLIN, 0};
  const bool ended = ::poll(&until, 1, 30'000) > 0;
  ::close(fd);
  return ended;
}

}  // namespace

program_run run_program(const std::string& name, const std::vector<std::string>& arguments, rights as,
                        const std::string& device) {
  const temporary_directory logs;
  const auto program = std::string(FLOW_BIN_DIR) + "/" + name;
  std::vector<char*> argv{const_cast<char*>(program.c_str())};
  for (const auto& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);
  const auto out = device.empty() ? logs.path() + "/out" : device, err = logs.path() + "/err";

  const pid_t pid = ::fork();
  if (pid < 0) throw std::runtime_error("fork failed");
  if (pid == 0) {
    redirect("/dev/null", 0);
    redirect(out, 1);
    redirect(err, 2);
    if (as == rights::file_modes && ::geteuid() == 0) {
      ::prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0);
      ::prctl(PR_CAPBSET_DROP, CAP_DAC_READ_SEARCH, 0, 0, 0);
    }
    ::execv(program.c_str(), argv.data());
    ::_exit(127);
  }
  program_run run;
  const bool ended = ends_in_time(pid);
  if (!ended) ::kill(pid, SIGKILL);
  int status = 0;
  ::waitpid(pid, &status, 0);
  if (ended && WIFEXITED(status)) run.code = WEXITSTATUS(status);
  if (device.empty()) run.out = content(out);
  run.err = content(err);
  return run;
}

}  // namespace flow::test
