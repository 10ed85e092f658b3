#include "net/proxy.hpp"

#include "net/transport.hpp"
#include "support/loopback_server.hpp"
#include "unit/net/net_test_helpers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

namespace mailferry::net {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using test::LoopbackServer;
using test::ServerConnection;
using testing::HasSubstr;
using testing::Not;

Endpoint through(Proxy::Kind kind, const LoopbackServer& proxy) {
  Endpoint endpoint = plain_endpoint(143);
  endpoint.host = "imap.example.org";
  endpoint.proxy = Proxy{.kind = kind, .host = "127.0.0.1", .port = proxy.port(), .user = {}, .password = {}};
  return endpoint;
}

Endpoint signed_in(Endpoint endpoint) {
  endpoint.proxy->user = "ann";
  endpoint.proxy->password = Secret("secret:word");
  return endpoint;
}

std::string read_octets(ServerConnection& connection, std::size_t count) {
  std::string octets;
  while (octets.size() < count) {
    const auto piece = connection.read(count - octets.size());
    if (piece.empty()) break;
    octets += piece;
  }
  return octets;
}

/// A proxy that takes what a script says and answers; then the server's greeting comes in the same packet.
struct Exchange {
  std::string wanted;
  std::string answer;
};

class ProxyTest : public testing::Test {
 protected:
  /// What the server behind the proxy says, or the error.
  std::string outcome(Proxy::Kind kind, const std::vector<Exchange>& script, bool with_user = false) {
    const LoopbackServer proxy([&](ServerConnection& connection) {
      for (const auto& [wanted, answer] : script) {
        const auto got = read_octets(connection, wanted.size());
        if (got != wanted) asked_ = got;
        connection.write(answer);
      }
      connection.wait_for_close();
    });
    const auto endpoint = through(kind, proxy);
    const auto transport = connect_now(context_, with_user ? signed_in(endpoint) : endpoint);
    EXPECT_EQ(asked_, "");
    if (transport) return read_now(context_, **transport).value_or("nothing");
    error_ = transport.error();
    EXPECT_EQ(error_.scope, Scope::account);
    EXPECT_THAT(error_.describe(), Not(HasSubstr("secret:word")));
    EXPECT_FALSE(error_.remedy.empty());
    return error_.message;
  }

  asio::io_context context_;
  std::string asked_;  // what was not as the script wants it
  Error error_;
};

const std::string kAsk = "\x05\x01\x00"s;
const std::string kAgree = "\x05\x00"s;
const std::string kConnect = "\x05\x01\x00\x03\x10imap.example.org\x00\x8f"s;
const std::string kDone = "\x05\x00\x00\x01\x7f\x00\x00\x01\x12\x34"s;

TEST_F(ProxyTest, Socks5LeadsToTheServerByName) {
  EXPECT_EQ(outcome(Proxy::Kind::socks5, {{kAsk, kAgree}, {kConnect, kDone + "* OK hello"}}), "* OK hello");
}

TEST_F(ProxyTest, Socks5SkipsWhateverAddressTheProxyTells) {
  const auto named = "\x05\x00\x00\x03\x05proxy\x12\x34"s;
  const auto v6 = "\x05\x00\x00\x04"s + std::string(18, 'x');
  EXPECT_EQ(outcome(Proxy::Kind::socks5, {{kAsk, kAgree}, {kConnect, named + "* OK 1"}}), "* OK 1");
  EXPECT_EQ(outcome(Proxy::Kind::socks5, {{kAsk, kAgree}, {kConnect, v6 + "* OK 2"}}), "* OK 2");
}

TEST_F(ProxyTest, Socks5SignsInWhenTheProxyWantsIt) {
  EXPECT_EQ(outcome(Proxy::Kind::socks5,
                    {{"\x05\x02\x00\x02"s, "\x05\x02"},
                     {"\x01\x03"s + "ann\x0bsecret:word", "\x01\x00"s},
                     {kConnect, kDone + "* OK in"}},
                    true),
            "* OK in");
}

TEST_F(ProxyTest, Socks5NeedNotSignInThoughItCould) {
  EXPECT_EQ(outcome(Proxy::Kind::socks5, {{"\x05\x02\x00\x02"s, kAgree}, {kConnect, kDone + "* OK"}}, true), "* OK");
}

TEST_F(ProxyTest, Socks5TellsThatItWantsAnotherPassword) {
  EXPECT_THAT(outcome(Proxy::Kind::socks5,
                      {{"\x05\x02\x00\x02"s, "\x05\x02"}, {"\x01\x03"s + "ann\x0bsecret:word", "\x01\x01"s}}, true),
              HasSubstr("wants a user and a password, or others"));
  EXPECT_EQ(error_.kind, ErrorKind::auth);
  EXPECT_THAT(outcome(Proxy::Kind::socks5, {{kAsk, "\x05\xff"}}), HasSubstr("wants a user and a password"));
}

struct RefusalRow {
  char code;
  std::string meaning;
  ErrorKind kind;
  Retry retry;
};

TEST_F(ProxyTest, Socks5TellsWhyThereIsNoConnection) {
  const std::vector<RefusalRow> rows = {
      {1, "it failed", ErrorKind::network, Retry::later},
      {2, "its rules forbid it", ErrorKind::permission, Retry::never},
      {4, "the host is unreachable or unknown", ErrorKind::network, Retry::later},
      {5, "the server refused the connection", ErrorKind::network, Retry::later},
      {8, "it does not know this kind of address", ErrorKind::protocol, Retry::never},
      {99, "unknown code 99", ErrorKind::protocol, Retry::never},
  };
  for (const auto& row : rows) {
    const auto answer = std::string("\x05") + row.code + "\x00\x01\x00\x00\x00\x00\x00\x00"s;
    EXPECT_THAT(outcome(Proxy::Kind::socks5, {{kAsk, kAgree}, {kConnect, answer}}), HasSubstr(row.meaning));
    EXPECT_EQ(error_.kind, row.kind) << row.meaning;
    EXPECT_EQ(error_.retry, row.retry) << row.meaning;
  }
}

TEST_F(ProxyTest, Socks5KnowsAnotherKindOfServer) {
  EXPECT_THAT(outcome(Proxy::Kind::socks5, {{kAsk, "* OK IMAP"}}), HasSubstr("like no SOCKS5 proxy"));
  EXPECT_EQ(error_.kind, ErrorKind::protocol);
}

const std::string kHttpAsk = "CONNECT imap.example.org:143 HTTP/1.1\r\nHost: imap.example.org:143\r\n\r\n";

TEST_F(ProxyTest, HttpLeadsToTheServer) {
  const auto answer = "HTTP/1.1 200 Connection established\r\nVia: me\r\n\r\n* OK hello"s;
  EXPECT_EQ(outcome(Proxy::Kind::http, {{kHttpAsk, answer}}), "* OK hello");
}

TEST_F(ProxyTest, HttpSignsIn) {
  const auto asked =
      "CONNECT imap.example.org:143 HTTP/1.1\r\nHost: imap.example.org:143\r\n"
      "Proxy-Authorization: Basic YW5uOnNlY3JldDp3b3Jk\r\n\r\n"s;
  EXPECT_EQ(outcome(Proxy::Kind::http, {{asked, "HTTP/1.0 200 OK\r\n\r\n* OK in"}}, true), "* OK in");
}

TEST_F(ProxyTest, HttpTellsWhyThereIsNoConnection) {
  EXPECT_THAT(outcome(Proxy::Kind::http, {{kHttpAsk, "HTTP/1.1 407 Who are you\r\n\r\n"}}),
              HasSubstr("wants a user and a password"));
  EXPECT_EQ(error_.kind, ErrorKind::auth);
  EXPECT_THAT(outcome(Proxy::Kind::http, {{kHttpAsk, "HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nno."}}),
              HasSubstr("403 Forbidden"));
  EXPECT_EQ(error_.retry, Retry::never);
  EXPECT_THAT(outcome(Proxy::Kind::http, {{kHttpAsk, "HTTP/1.1 502 Bad Gateway\r\n\r\n"}}), HasSubstr("502"));
  EXPECT_EQ(error_.retry, Retry::later);
}

TEST_F(ProxyTest, HttpKnowsAnotherKindOfServer) {
  EXPECT_THAT(outcome(Proxy::Kind::http, {{kHttpAsk, "SSH-2.0-x\r\n\r\n"}}), HasSubstr("like no HTTP proxy"));
  EXPECT_THAT(outcome(Proxy::Kind::http, {{kHttpAsk, std::string(20'000, 'x')}}), HasSubstr("without end"));
}

TEST_F(ProxyTest, IsNotWaitedForLongerThanAConnectionMayTake) {
  const LoopbackServer proxy([](ServerConnection& connection) {
    while (connection.write("H"))
      std::this_thread::sleep_for(20ms);
  });
  auto endpoint = through(Proxy::Kind::http, proxy);
  endpoint.timeouts.connect = 100ms;
  const auto transport = connect_now(context_, endpoint);
  ASSERT_FALSE(transport);
  EXPECT_EQ(transport.error().kind, ErrorKind::timeout);
  EXPECT_THAT(transport.error().message, HasSubstr("did not answer within 0.1 s"));
}

TEST_F(ProxyTest, IsNamedWhenItCannotBeReached) {
  auto endpoint = plain_endpoint(143);
  endpoint.proxy = Proxy{.kind = Proxy::Kind::socks5, .host = "127.0.0.1", .port = test::refusing_port()};
  const auto transport = connect_now(context_, endpoint);
  ASSERT_FALSE(transport);
  EXPECT_THAT(transport.error().message, HasSubstr("the proxy socks5://127.0.0.1:"));
}

TEST_F(ProxyTest, ThatClosesIsBlamed) {
  const LoopbackServer proxy([](ServerConnection& connection) { (void)connection.read(1); });
  const auto transport = connect_now(context_, through(Proxy::Kind::socks5, proxy));
  ASSERT_FALSE(transport);
  EXPECT_THAT(transport.error().message, HasSubstr("closed the connection without an answer"));
  EXPECT_EQ(transport.error().retry, Retry::later);
}

}  // namespace
}  // namespace mailferry::net
