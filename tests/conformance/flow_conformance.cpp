// flow_conformance: runs conformance cases (corpus/README.md defines them) and compares with what Apache Spark answered.
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <set>

#include <CLI/CLI.hpp>

#include "case_runner.hpp"

namespace {

namespace fs = std::filesystem;
using flow::conformance::outcome;

std::vector<fs::path> files_of(const std::vector<std::string>& arguments, const std::string& list) {
  std::vector<fs::path> files;
  for (const auto& argument : arguments) {
    if (!fs::is_directory(argument)) {
      files.emplace_back(argument);
      continue;
    }
    std::vector<fs::path> found;
    for (const auto& entry : fs::recursive_directory_iterator(argument))
      if (entry.path().extension() == ".json") found.push_back(entry.path());
    std::sort(found.begin(), found.end());
    files.insert(files.end(), found.begin(), found.end());
  }
  std::ifstream in(list);
  for (std::string line; std::getline(in, line);)
    if (!line.empty()) files.push_back(fs::path(list).parent_path() / line);
  return files;
}

void print(const outcome& o) {
  switch (o.what) {
    case outcome::kind::pass:
      std::cout << "pass " << o.name << "\n";
      break;
    case outcome::kind::fail:
      std::cout << "FAIL " << o.name << ": " << o.detail << "\n";
      break;
    case outcome::kind::refused:
      std::cout << "refused " << o.name << ": " << o.detail << "\n";
      break;
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Compares libflow with what Apache Spark answered", "flow_conformance"};
  flow::conformance::run_settings settings;
  std::vector<std::string> arguments;
  std::string list, must_pass;
  app.add_flag("--restart-every-step", settings.restart_every_step,
               "Stop and start queries from their checkpoint after every step");
  app.add_option("--state", settings.state, "State store")->check(CLI::IsMember({"memory", "lmdb"}));
  app.add_option("--parallelism", settings.parallelism, "Instances of each keyed operator")->check(CLI::Range(1, 64));
  app.add_option("--list", list, "File of case paths, relative to its folder, to run too");
  app.add_option("--must-pass", must_pass, "File of names: exit with 1 only if one of these does not pass");
  app.add_option("cases", arguments, "Directories of cases, or single files");
  CLI11_PARSE(app, argc, argv);
  settings.scratch = fs::temp_directory_path() / ("flow-conformance." + std::to_string(getpid()));

  int passed = 0, failed = 0;
  std::set<std::string> good;
  for (const auto& file : files_of(arguments, list)) {
    for (const auto& o : flow::conformance::run_file(file, settings)) {
      print(o);
      ++(o.what == outcome::kind::pass ? passed : failed);
      if (o.what == outcome::kind::pass) good.insert(o.name);
    }
    std::cout << std::flush;
  }
  fs::remove_all(settings.scratch);

  int lost = 0;
  std::ifstream names(must_pass);
  for (std::string name; std::getline(names, name);)
    if (!name.empty() && !good.contains(name)) {
      ++lost;
      std::cout << "LOST " << name << "\n";
    }
  std::cout << passed << " passed, " << failed << " failed\n";
  return (must_pass.empty() ? failed : lost) == 0 ? 0 : 1;
}
