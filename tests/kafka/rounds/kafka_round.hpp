#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "child_process.hpp"
#include "kafka_broker.hpp"
#include "word_log.hpp"

namespace recovery {

struct round_settings {
  std::string bin;                ///< Folder of kafka_word_count.
  std::filesystem::path scratch;  ///< Where rounds have their checkpoints and logs.
  bool keep = false;              ///< Leave them.
};

enum class job { pass_through, count };
enum class run_mode { micro_batch, continuous };

/// Whether kafka_word_count passes the failpoint with this job and mode.
bool passes(job what, run_mode how, std::string_view failpoint);

/// One query between two topics of its own, driven through crashes and restarts in other modes, state stores and parallelism.
/// Everything follows from the seed, but for the moments at which the machine does things.
class kafka_round {
 public:
  kafka_round(const round_settings& s, flow::test::kafka_broker& broker, std::uint64_t seed, job what);
  ~kafka_round();
  kafka_round(const kafka_round&) = delete;
  kafka_round& operator=(const kafka_round&) = delete;

  /// Some crashes, of the process or of the broker, then a run to the end. What is wrong, or "".
  std::string run();
  /// A crash at pass `pass` of a failpoint, which must be reached, then a run to the end.
  std::string run_step(std::string_view failpoint, int pass, run_mode how);
  /// The process is frozen, another one takes over, and the first wakes up: it must end without a row of its own. Then a run
  /// to the end.
  std::string run_takeover();
  /// The broker is away for twenty seconds, several transaction timeouts, under a process that must live on and catch up. Then
  /// a run to the end.
  std::string run_outage();

  /// The commands so far.
  const std::string& history() const { return history_; }
  /// Crashes that came from the failpoint asked for.
  int reached() const { return reached_; }

 private:
  enum class until { killed, end };
  std::vector<std::string> command(until when, run_mode how, bool take_over = false);
  run_mode any_mode() { return random_() % 2 == 0 ? run_mode::micro_batch : run_mode::continuous; }
  int between(int least, int most) {
    return least + static_cast<int>(random_() % static_cast<std::uint64_t>(most - least + 1));
  }
  void add_records(int count);
  std::string crash(const std::string& failpoint, run_mode how, std::chrono::milliseconds lives, bool with_broker);
  std::string finish();
  std::int64_t visible();
  bool settles();
  bool grows_beyond(std::int64_t before);
  /// Also false when the writer has ended.
  bool grows_beyond(std::int64_t before, child_process& writer);
  std::string log(const std::string& name = "log") const { return (home_ / name).string(); }
  std::string tail(const std::string& name = "log") const;

  const round_settings& settings_;
  flow::test::kafka_broker& broker_;
  std::mt19937_64 random_;
  job job_;
  bool at_least_once_;
  int partitions_out_;
  std::filesystem::path home_;
  std::string from_, to_;
  std::unique_ptr<flow::test::kafka_probe> probe_;
  std::unique_ptr<word_log> input_;
  std::string history_;
  int reached_ = 0;
};

}  // namespace recovery
