#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace flow::test {

/// A real Apache Kafka broker of its own port and data directory, started by broker.sh; both go with the object.
class kafka_broker {
 public:
  /// Starts it. `settings` are lines of server.properties that come after (and so override) the usual ones; @PORT@ and
  /// @CONTROLLER@ in them are the broker's ports.
  explicit kafka_broker(const std::vector<std::string>& settings = {});
  /// Takes a broker that runs already, in the directory given to broker.sh. Leaves it running.
  static kafka_broker attach(const std::filesystem::path& directory);
  ~kafka_broker();
  kafka_broker(kafka_broker&& other) noexcept;
  kafka_broker& operator=(kafka_broker&&) = delete;

  /// "127.0.0.1:PORT", for kafka.bootstrap.servers.
  std::string servers() const { return "127.0.0.1:" + std::to_string(port_); }

  void stop();   ///< SIGTERM, and waits.
  void kill();   ///< SIGKILL, and waits.
  void start();  ///< Again, unless it runs, with the same port and data; waits until it answers.

 private:
  struct attached {};
  explicit kafka_broker(attached) {}

  std::filesystem::path directory_;
  int port_ = 0;
  bool runs_ = true;
  bool owned_ = false;
};

/// The broker that the tests of one ctest run share; a program run by hand starts one of its own. Tests keep apart by the
/// names of their topics (unique_name) and must not stop it.
kafka_broker& shared_broker();

/// "orders-1234-7": a name that no other test program and no other call has.
std::string unique_name(const std::string& stem);

}  // namespace flow::test
