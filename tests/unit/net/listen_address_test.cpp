#include "net/listen_address.hpp"

#include <gtest/gtest.h>

namespace mailferry::net {
namespace {

TEST(ListenAddress, LoopbackIsAccepted) {
  for (const auto& [text, host] : {std::pair{"127.0.0.1:8080", "127.0.0.1"}, std::pair{"127.9.9.9:8080", "127.9.9.9"},
                                   std::pair{"[::1]:8080", "::1"}, std::pair{"localhost:8080", "127.0.0.1"}}) {
    const auto address = parse_listen_address(text, Reach::loopback);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->host, host);
    EXPECT_EQ(address->port, 8080);
    EXPECT_TRUE(address->is_loopback);
  }
}

TEST(ListenAddress, WhatOthersCanReachMustBeAskedFor) {
  for (const auto* text : {"0.0.0.0:80", "[::]:80", "192.168.1.2:80"}) {
    const auto refused = parse_listen_address(text, Reach::loopback);
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().kind, ErrorKind::usage);
    const auto address = parse_listen_address(text, Reach::everyone);
    ASSERT_TRUE(address) << text;
    EXPECT_FALSE(address->is_loopback);
  }
}

TEST(ListenAddress, EverythingElseIsAUsageError) {
  for (const auto* text : {"", "8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "::1:80",
                           "[127.0.0.1]:80", "[::1]", "[::1]80", "[::1:80", "example.org:80", "127.0.0.1:80 "})
    EXPECT_FALSE(parse_listen_address(text, Reach::everyone)) << text;
}

TEST(OwnHost, WhereEveryoneMayAskNamesOfOneLabelAreOurs) {
  EXPECT_FALSE(is_own_host("mailferry:8080", Reach::loopback));
  EXPECT_TRUE(is_own_host("mailferry:8080", Reach::everyone));
  EXPECT_TRUE(is_own_host("192.168.1.2:8080", Reach::everyone));
  for (const auto* host : {"evil.example", "mail ferry", "", ":8080", "mailferry:x", "mailferry."})
    EXPECT_FALSE(is_own_host(host, Reach::everyone)) << host;
}

}  // namespace
}  // namespace mailferry::net
