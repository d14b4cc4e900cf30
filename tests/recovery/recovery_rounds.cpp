// recovery_rounds: starts word_count and page_views over a growing input, kills them with SIGKILL at random moments or at named
// steps, restarts them in another mode, state store and parallelism, and compares what they wrote with the input's own answer.
#include <CLI/CLI.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>

#include <flow/failpoint.hpp>
#include <flow/file_manifest.hpp>

#include "child_process.hpp"
#include "generated_input.hpp"

namespace recovery {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

struct settings {
  std::string bin;
  fs::path scratch;
  bool keep = false;
};

/// One query over one directory, driven through crashes.
class round {
 public:
  round(const settings& s, std::uint64_t seed)
      : settings_(s), random_(seed), windows_(random_() % 2 == 0), home_(s.scratch / ("round-" + std::to_string(seed))) {
    fs::remove_all(home_);
    fs::create_directories(home_ / "in");
    input_ = windows_ ? make_page_views(seed) : make_text(seed);
    input_->add_file(home_ / "in");
  }
  ~round() {
    if (!settings_.keep) fs::remove_all(home_);
  }
  round(const round&) = delete;
  round& operator=(const round&) = delete;

  /// Some crashes, then a run to the end. Returns what is wrong, or "".
  std::string run() {
    const int crashes = static_cast<int>(1 + random_() % 4);
    for (int i = 0; i < crashes; ++i) {
      std::string failpoint;
      if (random_() % 2 == 0) {
        const auto names = flow::known_failpoints();
        failpoint = std::string(names[random_() % names.size()]) + ":" + std::to_string(1 + random_() % 4);
      }
      if (auto wrong = crash(failpoint); !wrong.empty()) return wrong;
    }
    return finish();
  }

  /// A crash at one named step, then a run to the end.
  std::string run_step(const std::string& failpoint) {
    for (int i = 0; i < 3; ++i) input_->add_file(home_ / "in");
    if (auto wrong = crash(failpoint); !wrong.empty()) return wrong;
    return finish();
  }

  std::string history() const { return history_; }

 private:
  std::vector<std::string> command(bool to_the_end) {
    const char* modes[] = {"micro-batch", "continuous"};
    const char* stores[] = {"memory", "lmdb"};
    const std::string mode = modes[random_() % 2], store = stores[random_() % 2];
    const auto parallelism = std::to_string(1 + random_() % 3);
    std::vector<std::string> c{settings_.bin + (windows_ ? "/page_views" : "/word_count"),
                               "--input",       (home_ / "in").string(),
                               "--output",      output().string(),
                               "--checkpoint",  (home_ / "checkpoint").string(),
                               "--mode",        mode,
                               "--state",       store,
                               "--parallelism", parallelism,
                               "--trigger",     to_the_end ? "available-now" : "20ms"};
    if (windows_) c.insert(c.end(), {"--watermark", "30 minutes"});
    if (random_() % 2 == 0) c.insert(c.end(), {"--max-files-per-trigger", "1"});
    for (const auto& word : c) history_ += word + " ";
    return c;
  }

  std::string crash(const std::string& failpoint) {
    std::vector<std::pair<std::string, std::string>> environment;
    if (!failpoint.empty()) environment.emplace_back("FLOW_FAILPOINT", failpoint);
    if (!failpoint.empty()) history_ += "FLOW_FAILPOINT=" + failpoint + " ";
    child_process child(command(false), environment, log());
    history_ += "\n";
    const auto patience = std::chrono::milliseconds(failpoint.empty() ? 30 + random_() % 400 : 700);
    const auto until = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < until) {
      if (random_() % 2 == 0) input_->add_file(home_ / "in");
      if (const auto ended = child.wait_for(std::chrono::milliseconds(10 + random_() % 60))) {
        if (ended->signal == SIGKILL) return "";
        return "ended by itself with code " + std::to_string(ended->code) + " signal " + std::to_string(ended->signal) + tail();
      }
    }
    child.kill();
    child.wait_for(10s);
    return "";
  }

  std::string finish() {
    input_->add_file(home_ / "in");
    child_process child(command(true), {}, log());
    history_ += "\n";
    const auto ended = child.wait_for(60s);
    if (!ended) return "the last run did not end in 60 s" + tail();
    if (ended->code != 0 || ended->signal != 0) return "the last run failed" + tail();
    return difference(input_->expected(), written());
  }

  std::multiset<std::string> written() const {
    std::multiset<std::string> rows;
    const auto read = [&](const fs::path& file) {
      std::ifstream in(file);
      for (std::string line; std::getline(in, line);) rows.insert(normal_form(line));
    };
    if (!windows_) {
      read(output());
    } else if (const auto files = flow::manifest_files(output())) {
      for (const auto& file : *files) read(fs::path(file).is_absolute() ? fs::path(file) : output() / file);
    }
    return rows;
  }

  static std::string difference(const std::multiset<std::string>& expected, const std::multiset<std::string>& got) {
    std::string text;
    int shown = 0;
    for (const auto& row : expected)
      if (got.count(row) < expected.count(row) && shown++ < 3) text += "\n  missing " + row;
    for (const auto& row : got)
      if (expected.count(row) < got.count(row) && shown++ < 6) text += "\n  too many " + row;
    if (text.empty()) return "";
    return std::to_string(expected.size()) + " rows expected, " + std::to_string(got.size()) + " written" + text;
  }

  fs::path output() const { return home_ / (windows_ ? "out" : "counts.json"); }
  std::string log() const { return (home_ / "log").string(); }
  std::string tail() const {
    std::ifstream in(log());
    std::string all((std::istreambuf_iterator<char>(in)), {});
    return ":\n" + all.substr(all.size() > 2000 ? all.size() - 2000 : 0);
  }

  const settings& settings_;
  std::mt19937_64 random_;
  bool windows_;
  fs::path home_;
  std::unique_ptr<generated_input> input_;
  std::string history_;
};

}  // namespace recovery

int main(int argc, char** argv) {
  CLI::App app{"Kills programs and checks that they recover"};
  recovery::settings s;
  std::uint64_t seed = 1;
  int rounds = 0;
  bool every_step = false;
  std::string scratch = (recovery::fs::temp_directory_path() / ("flow-recovery." + std::to_string(getpid()))).string();
  app.add_option("--bin", s.bin, "Folder of word_count and page_views")->required();
  app.add_option("--seed", seed, "Of the first round; round i has seed + i");
  app.add_option("--rounds", rounds, "Rounds to run");
  app.add_flag("--every-step", every_step, "One round of each program for every failpoint instead");
  app.add_flag("--keep", s.keep, "Leave the rounds' directories");
  app.add_option("--scratch", scratch, "Where to work");
  CLI11_PARSE(app, argc, argv);
  s.scratch = scratch;

  int passed = 0, failed = 0;
  const auto check = [&](recovery::round& r, const std::string& wrong, const std::string& again) {
    if (wrong.empty()) {
      ++passed;
      return;
    }
    ++failed;
    std::cout << "FAIL: " << wrong << "\n" << r.history() << "again: " << argv[0] << " --bin " << s.bin << again << " --keep\n" << std::flush;
  };
  if (every_step) {
    std::uint64_t n = seed;
    for (const auto name : flow::known_failpoints())
      for (int repeat = 0; repeat < 4; ++repeat, ++n) {
        recovery::round r(s, n);
        check(r, r.run_step(std::string(name) + ":" + std::to_string(1 + repeat / 2)), " --every-step --seed " + std::to_string(seed));
      }
  }
  for (int i = 0; i < rounds; ++i) {
    const auto n = seed + static_cast<std::uint64_t>(i);
    recovery::round r(s, n);
    check(r, r.run(), " --rounds 1 --seed " + std::to_string(n));
  }
  if (!s.keep) recovery::fs::remove_all(s.scratch);
  std::cout << passed << " passed, " << failed << " failed\n";
  return failed == 0 ? 0 : 1;
}
