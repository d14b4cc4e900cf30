#include "kafka_broker.hpp"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <utility>

#include <unistd.h>

namespace flow::test {

namespace {

void broker_script(const std::string& arguments) {
  const auto command =
      "FLOW_BROKER_OWNER=" + std::to_string(::getpid()) + " " FLOW_SOURCE_DIR "/tests/kafka/broker.sh " + arguments;
  if (std::system(command.c_str()) != 0) throw std::runtime_error("broker.sh " + arguments + " failed");
}

int port_in(const std::filesystem::path& directory) {
  int port = 0;
  std::ifstream(directory / "port") >> port;
  if (port == 0) throw std::runtime_error("no broker has run in " + directory.string());
  return port;
}

std::string quoted(const std::string& text) { return "'" + text + "'"; }

}  // namespace

kafka_broker::kafka_broker(const std::vector<std::string>& settings)
    : directory_(std::filesystem::temp_directory_path() / unique_name("flow-kafka")), owned_(true) {
  std::string arguments = "up " + quoted(directory_.string()) + " any";
  for (const auto& each : settings) arguments += " " + quoted(each);
  broker_script(arguments);
  port_ = port_in(directory_);
}

kafka_broker kafka_broker::attach(const std::filesystem::path& directory) {
  kafka_broker broker{attached{}};
  broker.directory_ = directory;
  broker.port_ = port_in(directory);
  return broker;
}

kafka_broker::kafka_broker(kafka_broker&& other) noexcept
    : directory_(std::move(other.directory_)),
      port_(other.port_),
      runs_(other.runs_),
      owned_(std::exchange(other.owned_, false)) {}

kafka_broker::~kafka_broker() {
  if (!owned_) return;
  try {
    kill();
  } catch (const std::exception&) {  // It ends with this process anyhow.
  }
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

void kafka_broker::stop() {
  broker_script("down " + quoted(directory_.string()));
  runs_ = false;
}
void kafka_broker::kill() {
  broker_script("kill " + quoted(directory_.string()));
  runs_ = false;
}
void kafka_broker::start() {
  if (runs_) return;
  broker_script("up " + quoted(directory_.string()) + " " + std::to_string(port_));
  runs_ = true;
}

kafka_broker& shared_broker() {
  static kafka_broker broker = [] {
    const char* running = std::getenv("FLOW_TEST_BROKER");
    return running ? kafka_broker::attach(running) : kafka_broker({"log.cleaner.backoff.ms=100"});
  }();
  return broker;
}

std::string unique_name(const std::string& stem) {
  static std::atomic<int> made{0};
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return stem + "-" + std::to_string(::getpid()) + "-" + std::to_string(now.count() % 1000000) + "-" + std::to_string(made++);
}

}  // namespace flow::test
