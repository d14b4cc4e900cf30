#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace recovery {

/// How a process ended.
struct exit_status {
  int code = 0;    ///< Exit code, if it ended by itself.
  int signal = 0;  ///< The signal that ended it, else 0.
};

/// A program started with arguments and extra environment; stdout and stderr go to a log file. Killed and reaped when the
/// object goes.
class child_process {
 public:
  child_process(const std::vector<std::string>& arguments, const std::vector<std::pair<std::string, std::string>>& environment,
                const std::string& log);
  ~child_process();
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;

  /// Its end, if it comes within the time.
  std::optional<exit_status> wait_for(std::chrono::milliseconds time);
  void kill();
  /// Stops it wherever it is, until it is woken.
  void freeze();
  void wake();
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  std::optional<exit_status> ended_;
};

/// Runs a program to its end. @throws std::runtime_error if that takes longer than `time`; the program is then killed.
struct finished_program {
  exit_status status;
  std::string output;  ///< stdout and stderr.
};
finished_program run_program(const std::vector<std::string>& arguments, const std::string& log,
                             std::chrono::milliseconds time = std::chrono::seconds(60));

/// A file's bytes, "" if there is none.
std::string read_whole(const std::string& path);

}  // namespace recovery
