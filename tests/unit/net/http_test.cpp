// URLs of HTTP, one request over a real socket, and the listener for browsers.
#include "net/http_client.hpp"
#include "net/loopback_listener.hpp"
#include "support/loopback_server.hpp"
#include "support/run_task.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mailferry::net {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(HttpUrl, HasItsParts) {
  const auto url = parse_http_url("https://login.example.org:8443/a/b?c=d");
  ASSERT_TRUE(url);
  EXPECT_TRUE(url->is_https);
  EXPECT_EQ(url->host, "login.example.org");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->target, "/a/b?c=d");
  EXPECT_EQ(url->authority(), "login.example.org:8443");
  EXPECT_EQ(parse_http_url("HTTP://h")->port, 80);
  EXPECT_EQ(parse_http_url("https://h?x")->target, "/?x");
  EXPECT_EQ(parse_http_url("http://[::1]:8/")->host, "::1");
  EXPECT_EQ(parse_http_url("http://[::1]:8/")->authority(), "[::1]:8");
}

TEST(HttpUrl, IsPrivateWithTlsOrOnThisMachine) {
  for (const auto* text : {"https://h/", "http://127.0.0.1/", "http://localhost:1/", "http://[::1]/"})
    EXPECT_TRUE(parse_http_url(text)->is_private()) << text;
  for (const auto* text : {"http://h/", "http://127.0.0.1.example.org/", "http://localhost.example/"})
    EXPECT_FALSE(parse_http_url(text)->is_private()) << text;
}

TEST(HttpUrl, OfAnotherKindIsRefused) {
  for (const auto* text :
       {"", "h/", "ftp://h/", "https://", "https:///x", "https://h:0/", "https://h:99999/", "https://h:x/",
        "https://u:hunter2@h/", "https://h/a b", "https://h/#x", "https://h/\r\n", "https://[::1", "https://[::1]x/"}) {
    const auto url = parse_http_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().kind, ErrorKind::usage);
    EXPECT_THAT(url.error().message, Not(HasSubstr("hunter2")));
  }
}

/// A server that reads one request, keeps it, and writes `pieces`.
class HttpServer {
 public:
  explicit HttpServer(std::vector<std::string> pieces)
      : pieces_(std::move(pieces)), server_([this](test::ServerConnection& connection) { serve(connection); }) {}

  Result<HttpAnswer> post(std::chrono::milliseconds patience = std::chrono::seconds(5)) {
    HttpPost posted;
    posted.url = *parse_http_url("http://127.0.0.1:" + std::to_string(server_.port()) + "/token?x=1");
    posted.form = Secret("a=hunter2");
    posted.timeouts.response = patience;
    asio::io_context context;
    return test::run_task(context, post_form(context, posted));
  }
  std::string request;

 private:
  void serve(test::ServerConnection& connection) {
    while (!request.ends_with("hunter2")) {
      const auto octets = connection.read();
      if (octets.empty()) return;
      request += octets;
    }
    for (const auto& piece : pieces_)
      connection.write(piece);
    if (pieces_.empty()) connection.wait_for_close();
  }
  std::vector<std::string> pieces_;
  test::LoopbackServer server_;
};

TEST(PostForm, SendsTheFormAndReadsTheAnswer) {
  HttpServer server({"HTTP/1.1 400 Bad\r\nContent-Length: 5\r\nRetry-After: 17\r\n\r\nhello"});
  const auto answer = server.post();
  ASSERT_TRUE(answer) << answer.error().describe();
  EXPECT_EQ(answer->status, 400U);
  EXPECT_EQ(answer->body.reveal(), "hello");
  EXPECT_EQ(answer->retry_after, std::chrono::seconds(17));
  EXPECT_THAT(server.request, testing::StartsWith("POST /token?x=1 HTTP/1.1\r\nHost: 127.0.0.1:"));
  EXPECT_THAT(server.request, HasSubstr("\r\nContent-Length: 9\r\n"));
}

TEST(PostForm, TakesAnAnswerInAnyPieces) {
  const std::string text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
  for (std::size_t cut = 1; cut < text.size(); cut += 5) {
    HttpServer server({text.substr(0, cut), text.substr(cut)});
    const auto answer = server.post();
    ASSERT_TRUE(answer) << cut << answer.error().describe();
    EXPECT_EQ(answer->body.reveal(), "abcde") << cut;
  }
}

TEST(PostForm, TakesTheEndOfTheConnectionAsTheEndOfAnAnswerWithoutLength) {
  HttpServer server({"HTTP/1.0 200 OK\r\n\r\n", "abc"});
  const auto answer = server.post();
  ASSERT_TRUE(answer) << answer.error().describe();
  EXPECT_EQ(answer->body.reveal(), "abc");
}

TEST(PostForm, ThatIsCutOffOrNonsenseIsAnError) {
  HttpServer cut({"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell"});
  EXPECT_EQ(cut.post().error().kind, ErrorKind::network);
  HttpServer nonsense({"* OK IMAP4rev1\r\n\r\n"});
  const auto answer = nonsense.post();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::protocol);
  EXPECT_THAT(answer.error().describe(), Not(HasSubstr("hunter2")));
}

TEST(PostForm, HasLimitsForSizeAndTime) {
  HttpServer large({"HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n"});
  EXPECT_EQ(large.post().error().kind, ErrorKind::protocol);
  HttpServer headers({"HTTP/1.1 200 OK\r\nX: " + std::string(20'000, 'x')});
  EXPECT_EQ(headers.post().error().kind, ErrorKind::protocol);
  HttpServer silent({});
  EXPECT_EQ(silent.post(std::chrono::milliseconds(100)).error().kind, ErrorKind::timeout);
}

TEST(LoopbackListener, TellsItsPortAndEndsWhenItIsClosed) {
  asio::io_context context;
  auto listener = LoopbackListener::open(context, 0, {});
  ASSERT_TRUE(listener);
  EXPECT_NE((*listener)->port(), 0);
  const auto taken = LoopbackListener::open(context, (*listener)->port(), {});
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().kind, ErrorKind::local_io);
  (*listener)->close();
  const auto none = test::run_task(context, (*listener)->accept());
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::cancelled);
}

}  // namespace
}  // namespace mailferry::net
