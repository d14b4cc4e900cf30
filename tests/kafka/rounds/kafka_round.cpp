#include "kafka_round.hpp"

#include <signal.h>

#include <optional>
#include <stdexcept>
#include <tuple>

#include <flow/failpoint.hpp>

namespace recovery {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using flow::test::kafka_probe;

namespace {

constexpr int first_records = 300;
constexpr int most_records = 4000;
/// Short, so that a frozen process is past it soon.
constexpr auto transaction_timeout = 5s;
/// For what must happen: long, since machines are slow at times.
constexpr auto patience = 90s;

std::string name_of(job what) { return what == job::count ? "count" : "pass-through"; }

}  // namespace

bool passes(job what, run_mode how, std::string_view failpoint) {
  if (failpoint.find(".plan.") != failpoint.npos) return how == run_mode::micro_batch;
  if (failpoint.starts_with("sink.")) return false;  // The file sink's own.
  if (failpoint.find(".takeover.") != failpoint.npos) return false;
  // A query without state has nothing to merge.
  if (failpoint.starts_with("operator.") || failpoint.find(".compact.") != failpoint.npos) return what == job::count;
  if (failpoint == "checkpoint.commit.segments") return what == job::count;
  return true;
}

kafka_round::kafka_round(const round_settings& s, flow::test::kafka_broker& broker, std::uint64_t seed, job what)
    : settings_(s),
      broker_(broker),
      random_(seed),
      job_(what),
      at_least_once_(seed % 8 == 7),
      home_(s.scratch / (name_of(what) + "-" + std::to_string(seed))) {
  fs::remove_all(home_);
  fs::create_directories(home_);
  from_ = flow::test::unique_name("in");
  to_ = flow::test::unique_name("out");
  const int partitions_in = between(1, 3);
  partitions_out_ = between(1, 4);
  input_ = std::make_unique<word_log>(seed, partitions_in);
  probe_ = std::make_unique<kafka_probe>(broker.servers());
  probe_->create_topic(from_, partitions_in);
  probe_->create_topic(to_, partitions_out_);
}

kafka_round::~kafka_round() {
  if (settings_.keep) return;
  std::error_code ignored;
  fs::remove_all(home_, ignored);
}

std::string kafka_round::run() {
  add_records(between(1, first_records));
  for (int crashes = between(1, 4); crashes > 0; --crashes) {
    const auto how = any_mode();
    std::string failpoint;
    if (random_() % 2 == 0) {
      const auto names = flow::known_failpoints();
      const auto name = names[random_() % names.size()];
      if (passes(job_, how, name)) failpoint = std::string(name) + ":" + std::to_string(between(1, 4));
    }
    const bool with_broker = failpoint.empty() && random_() % 4 == 0;
    const auto lives = std::chrono::milliseconds(failpoint.empty() ? between(100, 2500) : 4000);
    if (auto wrong = crash(failpoint, how, lives, with_broker); !wrong.empty()) return wrong;
  }
  return finish();
}

std::string kafka_round::run_step(std::string_view failpoint, int pass, run_mode how) {
  at_least_once_ = false;
  add_records(first_records);
  if (auto wrong = crash(std::string(failpoint) + ":" + std::to_string(pass), how, patience, false); !wrong.empty())
    return wrong;
  if (reached_ == 0) return "the failpoint " + std::string(failpoint) + " was not reached" + tail();
  return finish();
}

std::string kafka_round::run_takeover() {
  at_least_once_ = false;
  add_records(first_records);
  child_process first(command(until::killed, any_mode()), {}, log());
  history_ += " # frozen and woken up\n";
  if (!grows_beyond(0)) return "nothing was written" + tail();
  std::ignore = first.wait_for(std::chrono::milliseconds(between(0, 400)));
  add_records(between(1, 50));
  ::kill(first.pid(), SIGSTOP);
  if (random_() % 2 == 0) std::ignore = first.wait_for(transaction_timeout + 1s);
  const auto frozen_at = visible();
  add_records(between(1, 50));
  child_process second(command(until::killed, any_mode(), true), {}, log("second"));
  history_ += '\n';
  if (!grows_beyond(frozen_at)) return "the second instance wrote nothing" + tail("second");
  ::kill(first.pid(), SIGCONT);
  const auto ended = first.wait_for(patience);
  if (!ended) return "the first instance went on after it was replaced" + tail();
  if (ended->code == 0) return "the first instance ended without an error" + tail();
  const auto woken_at = visible();
  add_records(between(1, 50));
  if (!grows_beyond(woken_at)) return "the second instance wrote nothing after the first had ended" + tail("second");
  second.kill();
  std::ignore = second.wait_for(10s);
  return finish();
}

std::string kafka_round::run_outage() {
  add_records(first_records);
  child_process child(command(until::killed, any_mode()), {}, log());
  history_ += " # the broker is away for 20 s\n";
  if (!grows_beyond(0)) return "nothing was written" + tail();
  broker_.kill();
  const auto ended = child.wait_for(20s);
  broker_.start();
  if (ended) return "ended by itself with code " + std::to_string(ended->code) + " while the broker was away" + tail();
  const auto back_at = visible();
  add_records(between(1, 50));
  if (!grows_beyond(back_at)) return "nothing was written after the broker came back" + tail();
  child.kill();
  std::ignore = child.wait_for(10s);
  return finish();
}

std::vector<std::string> kafka_round::command(until when, run_mode how, bool take_over) {
  std::vector<std::string> c{
      settings_.bin + "/kafka_word_count",
      "--brokers",
      broker_.servers(),
      "--from",
      from_,
      "--to",
      to_,
      "--checkpoint",
      (home_ / "checkpoint").string(),
      "--mode",
      how == run_mode::micro_batch ? "micro-batch" : "continuous",
      "--state",
      random_() % 2 == 0 ? "memory" : "lmdb",
      "--parallelism",
      std::to_string(between(1, 3)),
      "--guarantee",
      at_least_once_ ? "at-least-once" : "exactly-once",
      "--kafka",
      "transaction.timeout.ms=" + std::to_string(std::chrono::milliseconds(transaction_timeout).count())};
  if (when == until::end) {
    c.insert(c.end(), {"--trigger", "available-now"});
  } else {
    c.insert(c.end(), {"--interval", std::to_string(between(10, 100))});
  }
  if (job_ == job::pass_through) c.emplace_back("--pass-through");
  if (take_over) c.emplace_back("--take-over");
  for (const auto& word : c) history_ += word + " ";
  return c;
}

void kafka_round::add_records(int count) {
  if (input_->records() < most_records) probe_->produce(from_, input_->next(count));
}

std::string kafka_round::crash(const std::string& failpoint, run_mode how, std::chrono::milliseconds lives, bool with_broker) {
  std::vector<std::pair<std::string, std::string>> environment;
  if (!failpoint.empty()) {
    environment.emplace_back("FLOW_FAILPOINT", failpoint);
    history_ += "FLOW_FAILPOINT=" + failpoint + " ";
  }
  const auto logged = read_whole(log()).size();
  std::optional<child_process> running(std::in_place, command(until::killed, how), environment, log());
  history_ += with_broker ? " # the broker is killed and comes back\n" : "\n";
  if (with_broker) {
    std::ignore = running->wait_for(std::chrono::milliseconds(between(0, 3000)));
    broker_.kill();
    broker_.start();
    const auto back_at = visible();
    add_records(between(1, 50));
    if (!grows_beyond(back_at, *running)) {
      // Only one that had not begun yet, and so had nothing to begin again, may end because the broker is not there; its user
      // starts it again.
      const bool began = read_whole(log()).find("starts again from its checkpoint", logged) != std::string::npos;
      if (began || !running->wait_for(0ms)) return "nothing was written after the broker came back" + tail();
      running.emplace(command(until::killed, how), environment, log());
      history_ += " # again\n";
      if (!grows_beyond(back_at)) return "nothing was written after the start was repeated" + tail();
    }
  }
  auto& child = *running;
  const auto end = std::chrono::steady_clock::now() + lives;
  while (std::chrono::steady_clock::now() < end) {
    if (random_() % 2 == 0) add_records(between(1, 20));
    if (const auto ended = child.wait_for(std::chrono::milliseconds(between(5, 45)))) {
      if (ended->signal == SIGKILL) {
        ++reached_;
        return "";
      }
      return "ended by itself with code " + std::to_string(ended->code) + " signal " + std::to_string(ended->signal) + tail();
    }
  }
  child.kill();
  std::ignore = child.wait_for(10s);
  return "";
}

std::string kafka_round::finish() {
  add_records(1);
  child_process child(command(until::end, any_mode()), {}, log());
  history_ += '\n';
  const auto ended = child.wait_for(patience);
  if (!ended) return "the last run did not end" + tail();
  if (ended->code != 0 || ended->signal != 0) return "the last run failed" + tail();
  if (!settles()) return "a transaction is open long after the last run has ended";
  const auto output = probe_->read(to_);
  return job_ == job::count ? input_->check_counts(output, at_least_once_) : input_->check_copies(output, at_least_once_);
}

/// How far a read_committed reader can read, over all partitions.
std::int64_t kafka_round::visible() {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (true) {
    try {
      std::int64_t all = 0;
      for (int i = 0; i < partitions_out_; ++i) all += probe_->watermarks(to_, i).second;
      return all;
    } catch (const std::runtime_error&) {  // A broker that has just come back does not lead its partitions at once.
      if (std::chrono::steady_clock::now() > end) throw;
    }
  }
}

/// Brokers write a transaction's end to its partitions after they have said that it is decided: waits until they have.
bool kafka_round::settles() {
  kafka_probe uncommitted(broker_.servers(), {{"isolation.level", "read_uncommitted"}});
  const auto end = std::chrono::steady_clock::now() + patience;
  for (int i = 0; i < partitions_out_; ++i) {
    while (probe_->watermarks(to_, i).second != uncommitted.watermarks(to_, i).second) {
      if (std::chrono::steady_clock::now() > end) return false;
    }
  }
  return true;
}

bool kafka_round::grows_beyond(std::int64_t before) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (visible() <= before) {
    if (std::chrono::steady_clock::now() > end) return false;
  }
  return true;
}

bool kafka_round::grows_beyond(std::int64_t before, child_process& writer) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (visible() <= before) {
    if (writer.wait_for(10ms)) return visible() > before;
    if (std::chrono::steady_clock::now() > end) return false;
  }
  return true;
}

std::string kafka_round::tail(const std::string& name) const {
  const auto all = read_whole(log(name));
  return ":\n" + all.substr(all.size() > 2000 ? all.size() - 2000 : 0);
}

}  // namespace recovery
