// Places that cannot be read, written or reached.
#include <boost/test/unit_test.hpp>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>

#include "tests/bad_input/fixture.hpp"

using namespace flow;
using namespace flow::test;

namespace {

/// A port of this machine that no one listens on.
int refused_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  BOOST_REQUIRE(::bind(socket, reinterpret_cast<sockaddr*>(&address), size) == 0);
  BOOST_REQUIRE(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  ::close(socket);
  return ntohs(address.sin_port);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(wrong_places, workshop)

BOOST_AUTO_TEST_CASE(missing_directory_is_named_before_start) {
  check_refused(errc::unreadable_input, {path("nowhere"), "No such file or directory", "check the path"},
                [&] { s.read_stream().text(path("nowhere")); });
  check_refused(errc::unreadable_input, {path("nowhere")}, [&] { s.read().schema("a INT").json(path("nowhere")).collect(); });
}

BOOST_AUTO_TEST_CASE(schema_cannot_be_inferred_from_nothing) {
  mkdir("in");
  check_refused(errc::unreadable_input, {"no file to infer the columns", path("in"), ".schema(...)"},
                [&] { s.read().json(path("in")); });
  check_refused(errc::invalid_argument, {"\"json\" as a stream", ".schema(...)", "inferSchema"},
                [&] { s.read_stream().json(path("in")); });
}

BOOST_AUTO_TEST_CASE(file_in_place_of_the_output_directory_is_refused) {
  dir.write("out", "I was here before");
  check_refused(errc::unwritable_output, {path("out"), "a file stands where a directory is needed"},
                [&] { stream().select("user").write_stream().format("json").start(path("out")); });
  check_refused(errc::unwritable_output, {path("out"), "a file stands where a directory is needed"},
                [&] { stream().select("user").write_stream().format("json").start(path("out/below")); });
  BOOST_TEST(std::filesystem::file_size(path("out")) == 17u);
}

BOOST_AUTO_TEST_CASE(file_in_place_of_the_checkpoint_directory_is_refused) {
  dir.write("file", "I was here before");
  check_refused(errc::storage_failed, {"checkpoint directory", path("file")}, [&] {
    stream().select("user").write_stream().format("noop").option("checkpointLocation", path("file")).start();
  });
}

BOOST_AUTO_TEST_CASE(refused_port_says_how_to_start_a_server) {
  const auto port = refused_port();
  const auto lines = s.read_stream().format("socket").option("host", "127.0.0.1").option("port", port).load();
  check_refused(errc::unreadable_input,
                {"127.0.0.1:" + std::to_string(port), "Connection refused", "nc -lk " + std::to_string(port)},
                [&] { lines.write_stream().format("noop").start(); });
}

BOOST_AUTO_TEST_SUITE_END()
