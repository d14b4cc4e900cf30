// kafka_rounds: starts kafka_word_count between two topics of a real broker, kills it with SIGKILL at random moments or at
// named steps, kills the broker, freezes it while another instance takes over, and compares what a read_committed reader finds
// with the input's own answer.
#include <unistd.h>

#include <CLI/CLI.hpp>

#include <chrono>
#include <iostream>

#include <flow/failpoint.hpp>

#include "kafka_round.hpp"
#include "tally.hpp"

namespace recovery {

namespace {

struct plan {
  std::uint64_t seed = 1;
  int rounds = 0, takeovers = 0, outages = 0;
  bool every_step = false, each_mode = false;
  std::string step;
};

/// Each failpoint with a job and mode that passes it: one of them, or with --each-mode all.
void run_steps(const round_settings& s, flow::test::kafka_broker& broker, const plan& p, tally& all) {
  std::uint64_t turn = p.seed;
  for (const auto name : flow::known_failpoints()) {
    if (!p.step.empty() && name != p.step) continue;
    int rounds = 0, killed = 0;
    for (std::uint64_t i = 0; i < 4 && (p.each_mode || rounds == 0); ++i) {
      const auto which = p.each_mode ? i : turn + i;
      const auto what = which % 2 == 0 ? job::count : job::pass_through;
      const auto how = which / 2 % 2 == 0 ? run_mode::continuous : run_mode::micro_batch;
      if (!passes(what, how, name)) continue;
      kafka_round r(s, broker, p.seed + i, what);
      const auto again = " --every-step --step " + std::string(name) + " --seed " + std::to_string(p.seed) +
                         (p.each_mode ? " --each-mode" : "");
      const int pass = name.find("compact") != name.npos ? 1 : 1 + static_cast<int>(which % 3);
      killed += all.check(r, again, [&] { return r.run_step(name, pass, how); });
      ++rounds;
    }
    if (rounds > 0) ++turn;
    if (rounds > 0)
      std::cout << "step " << name << ": killed at it in " << killed << " of " << rounds << " rounds\n" << std::flush;
  }
}

void run_rounds(const round_settings& s, flow::test::kafka_broker& broker, const plan& p, tally& all) {
  int reached = 0;
  for (int i = 0; i < p.rounds; ++i) {
    const auto n = p.seed + static_cast<std::uint64_t>(i);
    kafka_round r(s, broker, n, n % 2 == 0 ? job::count : job::pass_through);
    reached += all.check(r, " --rounds 1 --seed " + std::to_string(n), [&] { return r.run(); });
  }
  if (p.rounds > 0) std::cout << p.rounds << " rounds, killed at a step " << reached << " times\n" << std::flush;
  for (int i = 0; i < p.takeovers; ++i) {
    const auto n = p.seed + static_cast<std::uint64_t>(i);
    kafka_round r(s, broker, n, n % 2 == 0 ? job::count : job::pass_through);
    all.check(r, " --takeovers 1 --seed " + std::to_string(n), [&] { return r.run_takeover(); });
  }
  if (p.takeovers > 0) std::cout << p.takeovers << " take-overs of a frozen process\n" << std::flush;
  for (int i = 0; i < p.outages; ++i) {
    const auto n = p.seed + static_cast<std::uint64_t>(i);
    kafka_round r(s, broker, n, n % 2 == 0 ? job::count : job::pass_through);
    all.check(r, " --outages 1 --seed " + std::to_string(n), [&] { return r.run_outage(); });
  }
  if (p.outages > 0) std::cout << p.outages << " outages of the broker\n";
}

}  // namespace

}  // namespace recovery

int main(int argc, char** argv) {
  CLI::App app{"Kills kafka_word_count and its broker and checks that nothing is lost or doubled"};
  recovery::round_settings s;
  recovery::plan p;
  std::string scratch = (std::filesystem::temp_directory_path() / ("flow-kafka-rounds." + std::to_string(getpid()))).string();
  app.add_option("--bin", s.bin, "Folder of kafka_word_count")->required();
  app.add_option("--seed", p.seed, "Of the first round; round i has seed + i");
  app.add_option("--rounds", p.rounds, "Rounds of crashes to run");
  app.add_option("--takeovers", p.takeovers, "Rounds of freezing and taking over to run");
  app.add_option("--outages", p.outages, "Rounds with the broker away for 20 s to run");
  app.add_flag("--every-step", p.every_step, "A crash at every failpoint");
  app.add_flag("--each-mode", p.each_mode, "With --every-step: in each job and mode that passes it");
  app.add_option("--step", p.step, "With --every-step: only this failpoint");
  app.add_flag("--keep", s.keep, "Leave the rounds' directories");
  app.add_option("--scratch", scratch, "Where to work");
  CLI11_PARSE(app, argc, argv);
  s.scratch = scratch;

  const auto began = std::chrono::steady_clock::now();
  const std::string self = argv[0];
  recovery::tally all(self + " --bin " + s.bin);
  flow::test::kafka_broker broker({"transaction.abort.timed.out.transaction.cleanup.interval.ms=200"});
  if (p.every_step) recovery::run_steps(s, broker, p, all);
  recovery::run_rounds(s, broker, p, all);
  std::error_code ignored;
  if (!s.keep) std::filesystem::remove_all(s.scratch, ignored);
  const auto took = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - began);
  std::cout << all.passed() << " passed, " << all.failed() << " failed in " << took.count() << " s\n";
  return all.failed() == 0 ? 0 : 1;
}
