#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include <boost/test/unit_test.hpp>

#include <nlohmann/json.hpp>

#include "flow/error.hpp"
#include "sources/line_buffer.hpp"
#include "tests/sources/read_all.hpp"

namespace {

using nlohmann::json;

/// A server on a free local port.
class server {
 public:
  server() : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    BOOST_REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    ::listen(listener_, 1);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ~server() {
    if (peer_ >= 0) ::close(peer_);
    ::close(listener_);
  }
  std::string port() const { return std::to_string(port_); }
  void send(const std::string& text) {
    if (peer_ < 0) peer_ = ::accept(listener_, nullptr, nullptr);
    BOOST_REQUIRE(::send(peer_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
  }

 private:
  int listener_;
  int peer_ = -1;
  int port_ = 0;
};

}  // namespace

BOOST_AUTO_TEST_CASE(lines_of_a_connection_come_in_order_and_a_cut_line_waits_for_its_end) {
  server lines;
  auto source = provide("socket", make_request({{"host", "127.0.0.1"}, {"port", lines.port()}}))->make(true);
  source->set_continuous(true);
  source->restore(nullptr);
  const auto splits = source->discover({});
  BOOST_TEST(splits.size() == 1u);
  auto reader = source->open(splits[0], nullptr);
  lines.send("one\r\ntwo\nth");
  auto rows = json::array();
  const auto read_until = [&](std::size_t wanted) {
    flow::batch out;
    for (int tries = 0; rows.size() < wanted && tries < 100; ++tries) {
      if (reader->read({}, out) != flow::read_status::rows) continue;
      for (auto& row : flow::batch_to_json(*out)) rows.push_back(row);
    }
  };
  read_until(2);
  BOOST_TEST(rows == json::parse(R"([["one"],["two"]])"));
  lines.send("ree\n");
  read_until(3);
  BOOST_TEST(rows.at(2) == json::parse(R"(["three"])"));
  BOOST_TEST(!source->replayable());
}

BOOST_AUTO_TEST_CASE(lines_after_a_restart_are_all_read_though_a_plan_was_interrupted) {
  server lines;
  const auto provider = provide("socket", make_request({{"host", "127.0.0.1"}, {"port", lines.port()}}));
  auto source = provider->make(true);
  source->restore({{"end", 3}, {"safe", 3}});
  const std::vector<flow::source_split> interrupted = {{"socket-3", {{"begin", 3}, {"end", 5}}, true}};
  source->adopt(interrupted);
  BOOST_TEST(read_splits(*source, interrupted).empty());
  lines.send("one\n");
  std::vector<flow::source_split> splits;
  for (int tries = 0; splits.empty() && tries < 200; ++tries) {
    splits = source->discover({});
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  BOOST_TEST(read_splits(*source, splits) == json::parse(R"([["one"]])"));
}

BOOST_AUTO_TEST_CASE(a_refused_connection_says_where_and_what_to_do) {
  std::string port;
  {
    const server closed;
    port = closed.port();
  }
  auto source = provide("socket", make_request({{"host", "127.0.0.1"}, {"port", port}}))->make(true);
  BOOST_CHECK_EXCEPTION(source->restore(nullptr), flow::error, [&](const flow::error& e) {
    const std::string what = e.what();
    return what.find("127.0.0.1:" + port) != std::string::npos && what.find("refused") != std::string::npos;
  });
}

BOOST_AUTO_TEST_CASE(host_and_port_are_required) {
  BOOST_CHECK_THROW(provide("socket", make_request({{"host", "localhost"}})), flow::error);
  BOOST_CHECK_THROW(provide("socket", make_request({{"port", "99"}})), flow::error);
}

BOOST_AUTO_TEST_CASE(forgotten_lines_make_room_and_the_others_keep_their_numbers) {
  flow::line_buffer lines(10, 1 << 20);
  lines.receive("a\nb\nc\n", {}, {});
  BOOST_TEST(lines.end() == 13);
  lines.forget(12);
  const auto rest = lines.take(10, 100, 10, std::chrono::milliseconds(0));
  BOOST_TEST(rest.size() == 1u);
  BOOST_TEST(rest.at(0).text == "c");
}
