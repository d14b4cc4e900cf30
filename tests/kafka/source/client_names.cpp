// The name under which brokers see the source: what it says on the wire, to a listener that writes down the first request.
#include <array>
#include <future>
#include <stdexcept>

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "kafka_rows.hpp"

using namespace flow;
using namespace flow::test;

namespace {

class listener {
 public:
  listener() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const at = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket_, at, size) != 0 || ::listen(socket_, 8) != 0 || ::getsockname(socket_, at, &size) != 0) {
      throw std::runtime_error("cannot listen on 127.0.0.1");
    }
    port_ = ntohs(address.sin_port);
  }
  ~listener() { ::close(socket_); }
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  /// The first bytes that somebody sends.
  std::string first_request() const {
    constexpr int patience_ms = 30'000;
    pollfd waiting{socket_, POLLIN, 0};
    if (::poll(&waiting, 1, patience_ms) != 1) return "nobody came";
    const int peer = ::accept(socket_, nullptr, nullptr);
    std::array<char, 4096> bytes{};
    const auto count = ::recv(peer, bytes.data(), bytes.size(), 0);
    ::close(peer);
    return {bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
  }

 private:
  int socket_;
  int port_ = 0;
};

std::string name_on_the_wire(const option_list& more) {
  const listener at;
  option_list options{{"kafka.bootstrap.servers", at.address()},
                      {"subscribe", "t"},
                      {"fetchOffset.numRetries", "1"},
                      {"kafka.socket.timeout.ms", "1000"}};
  options.insert(options.end(), more.begin(), more.end());
  auto reading = std::async(std::launch::async, [&] { return read_refusal(options); });
  const auto request = at.first_request();
  reading.wait();
  return request;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(client_names)

BOOST_AUTO_TEST_CASE(brokers_are_told_the_prefix_as_client_id) {
  const auto usual = name_on_the_wire({});
  BOOST_TEST(usual.find("libflow-kafka-source-planner") != std::string::npos);
  const auto chosen = name_on_the_wire({{"groupIdPrefix", "orders"}});
  BOOST_TEST(chosen.find("orders-planner") != std::string::npos);
  BOOST_TEST(chosen.find("libflow-kafka-source") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_client_id_goes_before_the_prefix) {
  const auto named = name_on_the_wire({{"groupIdPrefix", "orders"}, {"kafka.client.id", "billing"}});
  BOOST_TEST(named.find("billing") != std::string::npos);
  BOOST_TEST(named.find("orders") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
