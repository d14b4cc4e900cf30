#pragma once

#include <string>

#include <CLI/CLI.hpp>
#include <flow/flow.hpp>

namespace apps {

/// For CLI's check(): an empty path is mostly a variable that was not set.
std::string check_not_empty(const std::string& text);

/// The options that every streaming program here takes, and what they do to a query.
struct run_options {
  std::string checkpoint;
  std::string mode = "micro-batch";
  std::string trigger;  ///< "once", "available-now", an interval, or "" for the mode's default.
  std::string state = "memory";
  int parallelism = 0;
  bool take_over = false;

  /// Adds --checkpoint, --mode, --trigger, --state, --parallelism and --take-over.
  void add_to(CLI::App& app);
  /// Applies them to the writer and runs its query: to the end of what is there for `once` and `available-now`, else until it
  /// fails or the process ends. @throws flow::error.
  void run(flow::stream_writer writer) const;
};

/// Parses the command line, runs `body`, and turns errors into one line on stderr and exit code 1.
int run_app(CLI::App& app, int argc, char** argv, const std::function<void()>& body);

}  // namespace apps
