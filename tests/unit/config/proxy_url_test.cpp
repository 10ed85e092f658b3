#include "config/proxy_url.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mailferry::config {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ProxyUrl, ReadsWhatPeopleType) {
  const auto socks = parse_proxy_url("socks5://localhost");
  ASSERT_TRUE(socks) << socks.error().describe();
  EXPECT_EQ(socks->kind, net::Proxy::Kind::socks5);
  EXPECT_EQ(socks->host, "localhost");
  EXPECT_EQ(socks->port, 1080);
  const auto http = parse_proxy_url("http://ann%40firm@[::1]:8080/");
  ASSERT_TRUE(http) << http.error().describe();
  EXPECT_EQ(http->kind, net::Proxy::Kind::http);
  EXPECT_EQ(http->user, "ann@firm");
  EXPECT_EQ(http->host, "::1");
  EXPECT_EQ(http->port, 8080);
  EXPECT_EQ(parse_proxy_url("socks5h://tor:9050")->port, 9050);
}

TEST(ProxyUrl, RefusesTheRest) {
  for (const auto* text : {"", "localhost:1080", "https://proxy:443", "socks4://h", "http://proxy", "socks5://",
                           "http://", "socks5://h:1080/path", "socks5://h?x", "socks5://h:99999", "socks5://h:0",
                           "http:{", "http:x://y", "socks5://a%0ab@h", "socks5://h%0d%0a"}) {
    const auto parsed = parse_proxy_url(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().kind, ErrorKind::usage);
    EXPECT_FALSE(parsed.error().remedy.empty());
  }
}

TEST(ProxyUrl, NeverRepeatsAPassword) {
  const auto parsed = parse_proxy_url("socks5://ann:secret@h:1080");
  ASSERT_FALSE(parsed);
  EXPECT_THAT(parsed.error().describe(), Not(HasSubstr("secret@")));
  EXPECT_THAT(parsed.error().remedy, HasSubstr("proxy_password_file"));
}

}  // namespace
}  // namespace mailferry::config
