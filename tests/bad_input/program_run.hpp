#pragma once

#include <string>
#include <vector>

namespace flow::test {

/// What a program answered.
struct program_run {
  int code = -1;  ///< Exit code; -1 if it was killed, since it had not ended after 30 s.
  std::string out;
  std::string err;
};

enum class rights {
  all,         ///< As the test has them.
  file_modes,  ///< Root reads and writes what the files' modes say, as other users do.
};

/// Runs a program of this build to its end. `device`: what it has as its standard output instead of a file that is read back.
program_run run_program(const std::string& name, const std::vector<std::string>& arguments, rights as = rights::all,
                        const std::string& device = "");

}  // namespace flow::test
