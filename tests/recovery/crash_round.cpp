#include "crash_round.hpp"

#include <signal.h>

#include <fstream>

#include <flow/checkpoint.hpp>
#include <flow/failpoint.hpp>
#include <flow/file_manifest.hpp>

#include "child_process.hpp"

namespace recovery {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

/// Windows of ten minutes close half an hour later, and a file covers five: fewer would leave nothing to compare.
constexpr int first_files = 12;
/// A restart must read them all again in the worst case.
constexpr int most_files = 150;

std::string difference(const std::multiset<std::string>& expected, const std::multiset<std::string>& got) {
  std::string text;
  int shown = 0;
  for (const auto& row : expected) {
    if (got.count(row) < expected.count(row) && shown++ < 3) text += "\n  missing " + row;
  }
  for (const auto& row : got) {
    if (expected.count(row) < got.count(row) && shown++ < 6) text += "\n  too many " + row;
  }
  if (text.empty()) return "";
  return std::to_string(expected.size()) + " rows expected, " + std::to_string(got.size()) + " written" + text;
}

std::string name_of(program which) { return which == program::page_views ? "page_views" : "word_count"; }

}  // namespace

bool passes(program which, mode how, std::string_view failpoint) {
  if (failpoint.find(".takeover.") != failpoint.npos) return false;
  if (failpoint.find(".plan.") != failpoint.npos) return how == mode::micro_batch;
  if (failpoint.starts_with("kafka.")) return false;
  // The file sink's own; the sink actor's ("output.") are passed for every sink.
  if (failpoint.starts_with("sink.")) return which == program::page_views;
  // Nearly every word's count changes in every epoch: state that is written as a whole leaves nothing to merge.
  if (failpoint.starts_with("checkpoint.compact")) return which == program::page_views;
  return true;
}

crash_round::crash_round(const settings& s, std::uint64_t seed, program which)
    : settings_(s), random_(seed), which_(which), home_(s.scratch / (name_of(which) + "-" + std::to_string(seed))) {
  fs::remove_all(home_);
  fs::create_directories(home_ / "in");
  // Every other round of the seeds for page_views has windows that overlap and are put together from panes of two minutes.
  slide_minutes_ = seed / 2 % 2 == 1 ? 4 : 10;
  input_ = which == program::page_views ? make_page_views(seed, slide_minutes_) : make_text(seed);
}

crash_round::~crash_round() {
  if (settings_.keep) return;
  std::error_code ignored;
  fs::remove_all(home_, ignored);
}

std::string crash_round::run() {
  add_files(1 + static_cast<int>(random_() % first_files));
  const int crashes = static_cast<int>(1 + random_() % 4);
  for (int i = 0; i < crashes; ++i) {
    const auto how = any_mode();
    std::string failpoint;
    if (random_() % 2 == 0) {
      const auto names = flow::known_failpoints();
      const auto name = names[random_() % names.size()];
      if (passes(which_, how, name)) failpoint = std::string(name) + ":" + std::to_string(1 + random_() % 4);
    }
    const auto patience = std::chrono::milliseconds(failpoint.empty() ? 20 + random_() % 600 : 1500);
    if (auto wrong = crash(failpoint, how, patience); !wrong.empty()) return wrong;
  }
  return finish();
}

std::string crash_round::run_step(std::string_view failpoint, int pass, mode how) {
  add_files(first_files);
  if (auto wrong = crash(std::string(failpoint) + ":" + std::to_string(pass), how, 20s); !wrong.empty()) return wrong;
  if (reached_ == 0) return "the failpoint " + std::string(failpoint) + " was not reached in 20 s" + tail();
  return finish();
}

std::string crash_round::run_replay() {
  const auto crash_after_call = [&](int pass) {
    auto wrong = crash("output.prepare.after:" + std::to_string(pass), mode::micro_batch, 20s);
    return wrong.empty() && reached_ == 0 ? "the failpoint was not reached" + tail() : wrong;
  };
  add_files(first_files);
  if (auto wrong = crash_after_call(static_cast<int>(1 + random_() % 4)); !wrong.empty()) return wrong;
  const auto before = written();
  const auto plans = flow::describe_checkpoint(checkpoint()).at("plans");
  if (plans.size() != 1) return "expected the plan of the epoch under way, found " + plans.dump();
  add_files(2);
  reached_ = 0;
  fs::remove(output());
  if (auto wrong = crash_after_call(1); !wrong.empty()) return wrong;
  if (auto wrong = difference(before, written()); !wrong.empty())
    return "foreach_batch got other rows after the crash: " + wrong;
  const auto again = flow::describe_checkpoint(checkpoint()).at("plans");
  if (again != plans) return "the epoch was run again under another id or plan: " + plans.dump() + " then " + again.dump();
  return finish();
}

std::vector<std::string> crash_round::command(until when, mode how) {
  std::vector<std::string> c{settings_.bin + "/" + name_of(which_),
                             "--input",
                             (home_ / "in").string(),
                             "--output",
                             output().string(),
                             "--checkpoint",
                             checkpoint().string(),
                             "--mode",
                             how == mode::micro_batch ? "micro-batch" : "continuous",
                             "--state",
                             random_() % 2 == 0 ? "memory" : "lmdb",
                             "--parallelism",
                             std::to_string(1 + random_() % 3),
                             "--trigger",
                             when == until::end ? "available-now" : "20ms"};
  if (which_ == program::page_views) {
    c.insert(c.end(), {"--watermark", "30 minutes", "--slide", std::to_string(slide_minutes_) + " minutes"});
  }
  // A run that must reach a step goes through many epochs.
  if (when == until::killed || random_() % 2 == 0)
    c.insert(c.end(), {"--max-files-per-trigger", when == until::end ? "9" : "1"});
  for (const auto& word : c) history_ += word.find(' ') == word.npos ? word + " " : "'" + word + "' ";
  return c;
}

void crash_round::add_files(int count) {
  for (int i = 0; i < count; ++i) input_->add_file(home_ / "in");
}

std::string crash_round::crash(const std::string& failpoint, mode how, std::chrono::milliseconds patience) {
  std::vector<std::pair<std::string, std::string>> environment;
  if (!failpoint.empty()) {
    environment.emplace_back("FLOW_FAILPOINT", failpoint);
    history_ += "FLOW_FAILPOINT=" + failpoint + " ";
  }
  child_process child(command(until::killed, how), environment, log());
  history_ += '\n';
  const auto end = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < end) {
    if (random_() % 2 == 0 && input_->files() < most_files) add_files(1);
    if (const auto ended = child.wait_for(std::chrono::milliseconds(5 + random_() % 40))) {
      if (ended->signal == SIGKILL) {
        ++reached_;
        return "";
      }
      return "ended by itself with code " + std::to_string(ended->code) + " signal " + std::to_string(ended->signal) + tail();
    }
  }
  child.kill();
  child.wait_for(10s);
  return "";
}

std::string crash_round::finish() {
  add_files(1);
  child_process child(command(until::end, any_mode()), {}, log());
  history_ += '\n';
  const auto ended = child.wait_for(60s);
  if (!ended) return "the last run did not end in 60 s" + tail();
  if (ended->code != 0 || ended->signal != 0) return "the last run failed" + tail();
  return check_output();
}

std::string crash_round::check_output() const {
  if (auto wrong = difference(input_->expected(), written()); !wrong.empty()) return wrong;
  return check_checkpoint();
}

std::string crash_round::run_takeovers() {
  add_files(first_files);
  auto owner = start_owner(any_mode(), false);
  std::vector<std::unique_ptr<child_process>> frozen;
  const auto takeovers = 1 + random_() % 3;
  for (std::uint64_t i = 0; i < takeovers; ++i) {
    if (auto wrong = get_going(*owner); !wrong.empty()) return wrong;
    owner->freeze();
    add_files(1);
    auto successor = start_owner(any_mode(), true);
    if (auto wrong = get_going(*successor); !wrong.empty()) return wrong;
    frozen.push_back(std::exchange(owner, std::move(successor)));
    if (random_() % 2 != 0) continue;  // Asleep to the end.
    if (auto wrong = check_replaced(*frozen.back()); !wrong.empty()) return wrong;
    frozen.pop_back();
  }
  owner->freeze();
  frozen.push_back(std::move(owner));
  add_files(1);
  auto last = command(until::end, any_mode());
  last.push_back("--take-over");
  history_ += "--take-over\n";
  child_process child(last, {}, log());
  const auto ended = child.wait_for(60s);
  if (!ended || ended->code != 0 || ended->signal != 0) return "the last run failed" + tail();
  if (auto wrong = check_output(); !wrong.empty()) return wrong;
  for (const auto& former : frozen) {
    if (auto wrong = check_replaced(*former); !wrong.empty()) return wrong;
  }
  const auto wrong = check_output();
  return wrong.empty() ? "" : "after those replaced had woken: " + wrong;
}

std::string crash_round::run_takeover_step(std::string_view failpoint) {
  add_files(first_files);
  const auto owner = start_owner(any_mode(), false);
  if (auto wrong = get_going(*owner); !wrong.empty()) return wrong;
  owner->freeze();
  auto successor = command(until::end, any_mode());
  successor.push_back("--take-over");
  history_ += "FLOW_FAILPOINT=" + std::string(failpoint) + " --take-over\n";
  child_process child(successor, {{"FLOW_FAILPOINT", std::string(failpoint)}}, log());
  const auto ended = child.wait_for(60s);
  if (!ended || ended->signal != SIGKILL) return "the failpoint " + std::string(failpoint) + " was not reached" + tail();
  if (auto wrong = finish(); !wrong.empty()) return wrong;
  if (auto wrong = check_replaced(*owner); !wrong.empty()) return wrong;
  return check_output();
}

std::unique_ptr<child_process> crash_round::start_owner(mode how, bool take_over) {
  auto words = command(until::killed, how);
  if (take_over) words.push_back("--take-over");
  history_ += take_over ? "--take-over\n" : "\n";
  return std::make_unique<child_process>(words, std::vector<std::pair<std::string, std::string>>{}, log());
}

/// Waits until it owns the checkpoint, then lets it work for a random time.
std::string crash_round::get_going(child_process& child) {
  const auto line = std::to_string(child.pid()) + "\n";
  const auto limit = std::chrono::steady_clock::now() + 30s;
  while (read_whole((checkpoint() / "lock").string()) != line) {
    if (child.wait_for(2ms)) return "ended by itself" + tail();
    if (std::chrono::steady_clock::now() > limit) return "did not get going in 30 s" + tail();
  }
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(random_() % 400);
  do {
    if (random_() % 2 == 0 && input_->files() < most_files) add_files(1);
    if (child.wait_for(std::chrono::milliseconds(random_() % 20))) return "ended by itself" + tail();
  } while (std::chrono::steady_clock::now() < end);
  return "";
}

std::string crash_round::check_replaced(child_process& former) {
  const auto before = read_whole(log()).size();
  former.wake();
  const auto ended = former.wait_for(30s);
  if (!ended) return "a replaced process did not end in 30 s after it had woken" + tail();
  const bool says_so = read_whole(log()).find("[checkpoint_taken_over]", before) != std::string::npos;
  if (ended->code == 1 && says_so) return "";
  return "a replaced process ended with code " + std::to_string(ended->code) + " signal " + std::to_string(ended->signal) +
         tail();
}

std::string crash_round::check_checkpoint() const {
  const auto report = flow::verify_checkpoint(checkpoint());
  return report.at("ok").get<bool>() ? "" : "the checkpoint is damaged: " + report.at("problems").dump();
}

std::multiset<std::string> crash_round::written() const {
  std::multiset<std::string> rows;
  const auto read = [&](const fs::path& file) {
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) rows.insert(normal_form(line));
  };
  if (which_ == program::word_count) {
    read(output());
  } else if (const auto files = flow::manifest_files(output())) {
    for (const auto& file : *files) read(output() / file);
  }
  return rows;
}

std::string crash_round::tail() const {
  const auto all = read_whole(log());
  return ":\n" + all.substr(all.size() > 2000 ? all.size() - 2000 : 0);
}

}  // namespace recovery
