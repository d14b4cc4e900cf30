#include "refusals.hpp"

#include <fstream>

#include <flow/checkpoint.hpp>

#include "child_process.hpp"

namespace recovery {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

using arguments = std::vector<std::string>;

/// Programs over one directory per case.
class refusal_case {
 public:
  refusal_case(const settings& s, const std::string& name) : bin_(s.bin), keep_(s.keep), home_(s.scratch / name) {
    fs::remove_all(home_);
    fs::create_directories(home_ / "in");
  }
  ~refusal_case() {
    std::error_code ignored;
    if (!keep_) fs::remove_all(home_, ignored);
  }
  refusal_case(const refusal_case&) = delete;
  refusal_case& operator=(const refusal_case&) = delete;

  void add_files(generated_input& input, int count) const {
    for (int i = 0; i < count; ++i) input.add_file(home_ / "in");
  }
  fs::path checkpoint() const { return home_ / "checkpoint"; }
  std::string log(const std::string& of) const { return (home_ / of).string(); }

  arguments query(const std::string& name, const std::string& trigger, const arguments& more = {}) const {
    arguments c{bin_ + "/" + name,
                "--input",
                (home_ / "in").string(),
                "--output",
                (home_ / ("of-" + name)).string(),
                "--checkpoint",
                checkpoint().string(),
                "--trigger",
                trigger};
    c.insert(c.end(), more.begin(), more.end());
    return c;
  }
  finished_program run(const arguments& command) const { return run_program(command, log("log")); }
  finished_program verify() const { return run({bin_ + "/flow", "checkpoint", "verify", checkpoint().string()}); }

 private:
  std::string bin_;
  bool keep_;
  fs::path home_;
};

/// The program must end with `code` and say all of `words`.
std::string expect(const finished_program& got, int code, const std::vector<std::string>& words) {
  std::string wrong;
  if (got.status.code != code || got.status.signal != 0) {
    wrong += " ended with code " + std::to_string(got.status.code) + " signal " + std::to_string(got.status.signal) +
             ", expected " + std::to_string(code) + ";";
  }
  for (const auto& word : words) {
    if (got.output.find(word) == got.output.npos) wrong += " does not say \"" + word + "\";";
  }
  return wrong.empty() ? "" : wrong + "\n" + got.output;
}

std::string another_plan(const settings& s) {
  refusal_case c(s, "another-plan");
  const auto input = make_page_views(1);
  c.add_files(*input, 3);
  if (auto wrong = expect(c.run(c.query("page_views", "available-now")), 0, {}); !wrong.empty()) return wrong;
  c.add_files(*input, 1);
  const auto refused = c.run(c.query("page_views", "available-now", {"--window", "20 minutes"}));
  return expect(refused, 1, {"checkpoint_mismatch", c.checkpoint().string(), "10 minutes", "20 minutes", "checkpointLocation"});
}

std::string another_query(const settings& s) {
  refusal_case c(s, "another-query");
  c.add_files(*make_page_views(1), 1);
  if (auto wrong = expect(c.run(c.query("page_views", "available-now")), 0, {}); !wrong.empty()) return wrong;
  return expect(c.run(c.query("word_count", "available-now")), 1, {"checkpoint_mismatch", c.checkpoint().string()});
}

std::string second_process(const settings& s) {
  refusal_case c(s, "second-process");
  c.add_files(*make_text(1), 3);
  child_process first(c.query("word_count", "20ms"), {}, c.log("first"));
  const auto owner = std::to_string(first.pid());
  const auto limit = std::chrono::steady_clock::now() + 20s;
  while (read_whole((c.checkpoint() / "lock").string()) != owner + "\n" || !fs::exists(c.log("of-word_count"))) {
    if (first.wait_for(5ms)) return " the first process ended:\n" + read_whole(c.log("first"));
    if (std::chrono::steady_clock::now() > limit) return " the first process does not get going";
  }
  auto wrong = expect(c.run(c.query("word_count", "available-now")), 1, {"checkpoint_locked", "pid " + owner});
  wrong += expect(c.verify(), 0, {"\"ok\": true"});  // Beside the owner.
  if (first.wait_for(0ms)) wrong += " the first process ended:\n" + read_whole(c.log("first"));
  first.kill();
  first.wait_for(10s);
  return wrong + expect(c.run(c.query("word_count", "available-now")), 0, {});
}

/// Inverts a bit of a byte at `at`, twice to undo it.
void flip(const fs::path& file, std::size_t at) {
  std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
  bytes.seekg(static_cast<std::streamoff>(at));
  const auto was = static_cast<char>(bytes.get());
  bytes.seekp(static_cast<std::streamoff>(at));
  bytes.put(static_cast<char>(was ^ 0x10));
}

std::string flipped_byte(const settings& s) {
  refusal_case c(s, "flipped-byte");
  const auto input = make_text(1);
  c.add_files(*input, 3);
  if (auto wrong = expect(c.run(c.query("word_count", "available-now")), 0, {}); !wrong.empty()) return wrong;
  if (auto wrong = expect(c.verify(), 0, {"\"ok\": true"}); !wrong.empty()) return wrong;
  // A word of the state; some copies may lie in pages that are free again.
  const auto file = c.checkpoint() / "state.lmdb";
  const auto bytes = read_whole(file.string());
  bool found = false;
  for (auto at = bytes.find("w884"); at != bytes.npos && !found; at = bytes.find("w884", at + 1)) {
    flip(file, at);
    found = !flow::verify_checkpoint(c.checkpoint()).at("ok").get<bool>();
    if (!found) flip(file, at);
  }
  if (!found) return " no flipped byte of the state was noticed";
  auto wrong = expect(c.verify(), 1, {"checkpoint_corrupt", "segment", "aggregate", file.string()});
  c.add_files(*input, 1);
  return wrong + expect(c.run(c.query("word_count", "available-now")), 1,
                        {"checkpoint_corrupt", "segment", "aggregate", file.string()});
}

}  // namespace

std::vector<std::string> check_refusals(const settings& s) {
  std::vector<std::string> all;
  const auto check = [&](const std::string& name, std::string (*run)(const settings&)) {
    try {
      if (const auto wrong = run(s); !wrong.empty()) all.push_back(name + ":" + wrong);
    } catch (const std::exception& e) {
      all.push_back(name + ": " + e.what());
    }
  };
  check("another plan", another_plan);
  check("another query", another_query);
  check("second process", second_process);
  check("flipped byte", flipped_byte);
  return all;
}

}  // namespace recovery
