#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "generated_input.hpp"

namespace recovery {

class child_process;

struct settings {
  std::string bin;                ///< Folder of the programs.
  std::filesystem::path scratch;  ///< Where rounds have their directories.
  bool keep = false;              ///< Leave them.
};

enum class program { word_count, page_views };
enum class mode { micro_batch, continuous };

/// Whether the program passes the failpoint in this mode.
bool passes(program which, mode how, std::string_view failpoint);

/// One query over one growing directory, driven through crashes and restarts in other modes, state stores and parallelism.
/// Everything follows from the seed, but for the moments at which the machine does things.
class crash_round {
 public:
  crash_round(const settings& s, std::uint64_t seed, program which);
  ~crash_round();
  crash_round(const crash_round&) = delete;
  crash_round& operator=(const crash_round&) = delete;

  /// Some crashes, then a run to the end. What is wrong, or "".
  std::string run();
  /// A crash at pass `pass` of a failpoint, which must be reached, then a run to the end.
  std::string run_step(std::string_view failpoint, int pass, mode how);
  /// Micro-batch: what foreach_batch got before a crash it gets again after it, under the same id.
  std::string run_replay();

  /// The process is frozen at a random moment and replaced by another, some times over; each must end when it wakes, having
  /// shown nothing. The program's sink must be exactly-once.
  std::string run_takeovers();
  /// A successor is killed at a step of its takeover: the next start needs no leave to finish it.
  std::string run_takeover_step(std::string_view failpoint);

  /// The commands so far.
  const std::string& history() const { return history_; }
  /// Crashes that came from the failpoint asked for.
  int reached() const { return reached_; }

 private:
  enum class until { killed, end };
  std::vector<std::string> command(until when, mode how);
  mode any_mode() { return random_() % 2 == 0 ? mode::micro_batch : mode::continuous; }
  void add_files(int count);
  std::string crash(const std::string& failpoint, mode how, std::chrono::milliseconds patience);
  std::string finish();
  std::unique_ptr<child_process> start_owner(mode how, bool take_over);
  std::string get_going(child_process& child);
  std::string check_replaced(child_process& former);
  std::string check_output() const;
  std::string check_checkpoint() const;
  std::multiset<std::string> written() const;
  std::filesystem::path checkpoint() const { return home_ / "checkpoint"; }
  std::filesystem::path output() const { return home_ / (which_ == program::page_views ? "out" : "counts.json"); }
  std::string log() const { return (home_ / "log").string(); }
  std::string tail() const;

  const settings& settings_;
  std::mt19937_64 random_;
  program which_;
  std::filesystem::path home_;
  int slide_minutes_ = 10;
  std::unique_ptr<generated_input> input_;
  std::string history_;
  int reached_ = 0;
};

}  // namespace recovery
