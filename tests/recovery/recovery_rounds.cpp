// recovery_rounds: starts word_count and page_views over a growing input, kills them with SIGKILL at random moments or at named
// steps, restarts them in another mode, state store and parallelism, and compares what they wrote with the input's own answer.
#include <unistd.h>

#include <CLI/CLI.hpp>

#include <chrono>
#include <iostream>

#include <flow/failpoint.hpp>

#include "crash_round.hpp"
#include "refusals.hpp"
#include "tally.hpp"

namespace recovery {

/// Each failpoint in each program and mode that passes it.
void run_steps(const settings& s, std::uint64_t seed, const std::string& only, tally& all) {
  for (const auto name : flow::known_failpoints()) {
    if (!only.empty() && name != only) continue;
    int rounds = 0, killed = 0;
    for (const auto which : {program::word_count, program::page_views}) {
      for (const auto how : {mode::micro_batch, mode::continuous}) {
        if (!passes(which, how, name)) continue;
        // Merges of manifests and of state take many epochs; others are tried at their first, second... pass.
        const int pass = name.find("compact") != name.npos ? 1 : 1 + rounds;
        crash_round r(s, seed + static_cast<std::uint64_t>(rounds), which);
        const auto again = " --every-step --step " + std::string(name) + " --seed " + std::to_string(seed);
        killed += all.check(r, again, [&] { return r.run_step(name, pass, how); });
        ++rounds;
      }
    }
    std::cout << "step " << name << ": killed at it in " << killed << " of " << rounds << " rounds\n" << std::flush;
  }
  if (!only.empty() && only != "replay") return;
  for (std::uint64_t i = 0; i < 2; ++i) {
    crash_round r(s, seed + i, program::word_count);
    all.check(r, " --every-step --step replay --seed " + std::to_string(seed), [&] { return r.run_replay(); });
  }
}

void run_rounds(const settings& s, std::uint64_t seed, int rounds, tally& all) {
  int reached = 0;
  for (int i = 0; i < rounds; ++i) {
    const auto n = seed + static_cast<std::uint64_t>(i);
    crash_round r(s, n, n % 2 == 0 ? program::page_views : program::word_count);
    reached += all.check(r, " --rounds 1 --seed " + std::to_string(n), [&] { return r.run(); });
  }
  if (rounds > 0) std::cout << rounds << " rounds, killed at a step " << reached << " times\n";
}

void run_takeovers(const settings& s, std::uint64_t seed, int rounds, tally& all) {
  if (rounds > 1) {
    for (const auto name : flow::known_failpoints()) {
      if (name.find(".takeover.") == name.npos) continue;
      crash_round r(s, seed, program::page_views);
      all.check(r, " --takeovers 2 --seed " + std::to_string(seed), [&] { return r.run_takeover_step(name); });
    }
  }
  for (int i = 0; i < rounds; ++i) {
    const auto n = seed + static_cast<std::uint64_t>(i);
    crash_round r(s, n, program::page_views);
    all.check(r, " --takeovers 1 --seed " + std::to_string(n), [&] { return r.run_takeovers(); });
  }
}

}  // namespace recovery

int main(int argc, char** argv) {
  CLI::App app{"Kills programs and checks that they recover"};
  recovery::settings s;
  std::uint64_t seed = 1;
  int rounds = 0;
  int takeovers = 0;
  bool every_step = false, refusals = false;
  std::string step, scratch = (std::filesystem::temp_directory_path() / ("flow-recovery." + std::to_string(getpid()))).string();
  app.add_option("--bin", s.bin, "Folder of word_count, page_views and flow")->required();
  app.add_option("--seed", seed, "Of the first round; round i has seed + i");
  app.add_option("--rounds", rounds, "Rounds to run");
  app.add_flag("--every-step", every_step, "A crash at every failpoint, in each program and mode that passes it");
  app.add_option("--step", step, "With --every-step: only this failpoint, or \"replay\"");
  app.add_option("--takeovers", takeovers, "Rounds in which frozen processes are replaced, after a crash at each step of that");
  app.add_flag("--refusals", refusals, "What must be refused: other plans, second owners, damaged state");
  app.add_flag("--keep", s.keep, "Leave the rounds' directories");
  app.add_option("--scratch", scratch, "Where to work");
  CLI11_PARSE(app, argc, argv);
  s.scratch = scratch;

  const auto began = std::chrono::steady_clock::now();
  const std::string self = argv[0];
  recovery::tally all(self + " --bin " + s.bin);
  if (refusals) {
    const auto wrong = recovery::check_refusals(s);
    for (const auto& each : wrong) all.note(each, "", " --refusals");
    if (wrong.empty()) all.note("", "", "");
  }
  if (every_step) recovery::run_steps(s, seed, step, all);
  recovery::run_takeovers(s, seed, takeovers, all);
  recovery::run_rounds(s, seed, rounds, all);
  std::error_code ignored;
  if (!s.keep) std::filesystem::remove_all(s.scratch, ignored);
  const auto took = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - began);
  std::cout << all.passed() << " passed, " << all.failed() << " failed in " << took.count() << " s\n";
  return all.failed() == 0 ? 0 : 1;
}
