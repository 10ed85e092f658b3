#include "net/dial.hpp"
#include "net/resolve.hpp"
#include "net/transport.hpp"
#include "support/loopback_server.hpp"
#include "unit/net/net_test_helpers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace mailferry::net {
namespace {

using namespace std::chrono_literals;
using asio::ip::tcp;
using test::LoopbackServer;
using test::run_task;
using test::ServerConnection;
using test::SilentPort;
using testing::AllOf;
using testing::HasSubstr;
using Clock = std::chrono::steady_clock;

void greet(ServerConnection& connection) {
  connection.write("hello");
  connection.wait_for_close();
}

tcp::endpoint local(std::uint16_t port) {
  return {asio::ip::address_v4::loopback(), port};
}

TEST(Connect, ReachesAServerByName) {
  const LoopbackServer server(greet);
  asio::io_context context;
  Endpoint endpoint = plain_endpoint(server.port());
  endpoint.host = "localhost";
  const Result<TransportPtr> transport = connect_now(context, endpoint);
  ASSERT_TRUE(transport) << transport.error().describe();
  EXPECT_EQ(read_now(context, **transport).value(), "hello");
}

TEST(Connect, NamesAnUnknownHost) {
  asio::io_context context;
  Endpoint endpoint = plain_endpoint(143);
  endpoint.host = "no-such-host.invalid";
  const Result<TransportPtr> transport = connect_now(context, endpoint);
  ASSERT_FALSE(transport);
  EXPECT_EQ(transport.error().kind, ErrorKind::network);
  EXPECT_EQ(transport.error().scope, Scope::account);
  EXPECT_THAT(transport.error().message, HasSubstr("no-such-host.invalid"));
  EXPECT_FALSE(transport.error().remedy.empty());
}

TEST(Connect, SaysThatTheConnectionWasRefused) {
  asio::io_context context;
  const std::uint16_t port = test::refusing_port();
  const Result<TransportPtr> transport = connect_now(context, plain_endpoint(port));
  ASSERT_FALSE(transport);
  EXPECT_EQ(transport.error().kind, ErrorKind::network);
  EXPECT_EQ(transport.error().retry, Retry::later);
  EXPECT_THAT(transport.error().message, AllOf(HasSubstr(fmt::format("127.0.0.1:{}", port)), HasSubstr("refused")));
  EXPECT_FALSE(transport.error().remedy.empty());
}

TEST(Connect, GivesUpOnASilentHostAtTheDeadline) {
  const SilentPort silent;
  asio::io_context context;
  Endpoint endpoint = plain_endpoint(silent.port());
  endpoint.timeouts.connect = 80ms;
  const auto before = Clock::now();
  const Result<TransportPtr> transport = connect_now(context, endpoint);
  ASSERT_FALSE(transport);
  EXPECT_GE(Clock::now() - before, 80ms);
  EXPECT_LT(Clock::now() - before, 2s);
  EXPECT_EQ(transport.error().kind, ErrorKind::timeout);
  EXPECT_THAT(transport.error().message, HasSubstr("no answer within 0.08 s"));
}

TEST(Dial, GoesOnToTheNextAddressWhenOneRefuses) {
  const LoopbackServer server(greet);
  asio::io_context context;
  const Addresses addresses{local(test::refusing_port()), local(server.port())};
  const Result<tcp::socket> socket = run_task(context, dial(context, addresses, "peer", kPatience));
  ASSERT_TRUE(socket);
  EXPECT_EQ(socket->remote_endpoint().port(), server.port());
}

TEST(Dial, GoesOnToTheNextAddressWhenOneIsSilent) {
  const SilentPort silent;
  const LoopbackServer server(greet);
  asio::io_context context;
  const Addresses addresses{local(silent.port()), local(server.port())};
  const Result<tcp::socket> socket = run_task(context, dial(context, addresses, "peer", kPatience));
  ASSERT_TRUE(socket);
  EXPECT_EQ(socket->remote_endpoint().port(), server.port());
}

TEST(Dial, DoesNotBlameARefusalWhenAnotherAddressWasSilent) {
  const SilentPort silent;
  asio::io_context context;
  const Addresses addresses{local(test::refusing_port()), local(silent.port())};
  const Result<tcp::socket> socket = run_task(context, dial(context, addresses, "peer", 60ms));
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error().kind, ErrorKind::timeout);
}

int option(tcp::socket& socket, int level, int name) {
  int value = -1;
  ::socklen_t size = sizeof value;
  ::getsockopt(socket.native_handle(), level, name, &value, &size);
  return value;
}

TEST(Dial, SetsTheOptionsThatNoticeALostNetwork) {
  const LoopbackServer server(greet);
  asio::io_context context;
  const Addresses addresses{local(server.port())};
  Result<tcp::socket> socket = run_task(context, dial(context, addresses, "peer", kPatience));
  ASSERT_TRUE(socket);
  set_options(*socket, Timeouts{.write = 77s});
  EXPECT_NE(option(*socket, IPPROTO_TCP, TCP_NODELAY), 0);
  EXPECT_NE(option(*socket, SOL_SOCKET, SO_KEEPALIVE), 0);
  EXPECT_EQ(option(*socket, IPPROTO_TCP, TCP_USER_TIMEOUT), 77'000);
}

TEST(Resolve, TakesLiteralAddressesWithoutALookUp) {
  asio::io_context context;
  const LookUp none = [](const std::string&, std::uint16_t) -> Result<Addresses> {
    return fail(ErrorKind::network, Scope::account, "looked up");
  };
  const std::string v4 = "192.0.2.1";
  const std::string v6 = "2001:db8::1";
  EXPECT_EQ(run_task(context, resolve(context, v4, 993, kPatience, none)).value().at(0).address().to_string(), v4);
  EXPECT_EQ(run_task(context, resolve(context, v6, 993, kPatience, none)).value().at(0).address().to_string(), v6);
}

TEST(Resolve, LetsTheFamiliesTakeTurns) {
  asio::io_context context;
  const auto v6 = [](const char* text) { return tcp::endpoint(asio::ip::make_address(text), 1); };
  const LookUp four = [&](const std::string&, std::uint16_t) -> Result<Addresses> {
    return Addresses{v6("2001:db8::1"), v6("2001:db8::2"), v6("2001:db8::3"), v6("192.0.2.1")};
  };
  const std::string host = "host";
  const Result<Addresses> addresses = run_task(context, resolve(context, host, 1, kPatience, four));
  EXPECT_THAT(addresses.value(),
              testing::ElementsAre(v6("2001:db8::1"), v6("192.0.2.1"), v6("2001:db8::2"), v6("2001:db8::3")));
}

TEST(Resolve, AbandonsALookUpThatTakesTooLong) {
  const auto answer = std::make_shared<std::latch>(1);
  {
    asio::io_context context;
    const LookUp slow = [answer](const std::string&, std::uint16_t) -> Result<Addresses> {
      answer->wait();
      return Addresses{};
    };
    const std::string host = "slow.example";
    const Result<Addresses> addresses = run_task(context, resolve(context, host, 1, 30ms, slow));
    ASSERT_FALSE(addresses);
    EXPECT_EQ(addresses.error().kind, ErrorKind::timeout);
    EXPECT_THAT(addresses.error().message, HasSubstr("slow.example"));
  }
  answer->count_down();  // its thread ends after the io_context, and must not touch it
}

}  // namespace
}  // namespace mailferry::net
