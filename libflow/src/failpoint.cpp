#include "flow/failpoint.hpp"

#include <array>

#ifdef FLOW_FAILPOINTS
#include <csignal>
#include <cstdlib>

#include <atomic>
#include <charconv>
#include <string>
#endif

namespace flow {

namespace {

constexpr std::array<std::string_view, 33> names{
    "sink.write.after",
    "sink.prepare.before",
    "sink.prepare.synced",
    "sink.prepare.after",
    "sink.commit.before",
    "sink.commit.renamed",
    "sink.commit.synced",
    "sink.manifest.written",
    "sink.commit.after",
    "sink.compact.written",
    "checkpoint.plan.after",
    "checkpoint.commit.before",
    "checkpoint.commit.segments",
    "checkpoint.commit.after",
    "checkpoint.compact.before",
    "checkpoint.compact.after",
    "query.plan.after",
    "source.barrier",
    "operator.barrier",
    "output.write.after",
    "output.prepare.before",
    "output.prepare.after",
    "output.barrier",
    "output.commit.before",
    "output.commit.after",
    "checkpoint.takeover.begun",
    "checkpoint.takeover.copied",
    "checkpoint.takeover.switched",
    "kafka.begin.after",
    "kafka.mark.after",
    "kafka.flush.after",
    "kafka.commit.sent",
    "kafka.commit.answered",
};

}  // namespace

std::span<const std::string_view> known_failpoints() { return names; }

#ifdef FLOW_FAILPOINTS

namespace {

// "name" or "name:k", read once: the environment of a process under test does not change.
struct armed_failpoint {
  std::string name;
  std::atomic<std::int64_t> passes_left{1};

  armed_failpoint() {
    const char* text = std::getenv("FLOW_FAILPOINT");
    if (text == nullptr) return;
    name = text;
    const auto colon = name.rfind(':');
    if (colon == std::string::npos) return;
    std::int64_t passes = 1;
    std::from_chars(name.data() + colon + 1, name.data() + name.size(), passes);
    passes_left = passes;
    name.resize(colon);
  }
};

}  // namespace

void failpoint(std::string_view name) {
  static armed_failpoint armed;
  if (armed.name.empty() || armed.name != name) return;
  if (armed.passes_left.fetch_sub(1) == 1) std::raise(SIGKILL);
}

#endif

}  // namespace flow
