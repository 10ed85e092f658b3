#include "state/account_key.hpp"

#include <gtest/gtest.h>

namespace mailferry::state {
namespace {

TEST(AccountKey, TheTwoPortsOfImapAreTwins) {
  EXPECT_EQ(twin_key("alice@old.example:143"), "alice@old.example:993");
  EXPECT_EQ(twin_key("alice@old.example:993"), "alice@old.example:143");
  EXPECT_EQ(twin_key("alice@[::143]:993"), "alice@[::143]:143");
}

TEST(AccountKey, AnyOtherKeyIsAlone) {
  for (const auto* key : {"alice@old.example:1143", "alice@old.example:10993", "alice@[::143]:1", "bridge", ""}) {
    EXPECT_EQ(twin_key(key), key);
    EXPECT_EQ(server_key(key), key);
  }
}

TEST(AccountKey, OneOfBothStandsForBoth) {
  EXPECT_EQ(server_key("alice@old.example:143"), "alice@old.example:993");
  EXPECT_EQ(server_key("alice@old.example:993"), "alice@old.example:993");
}

}  // namespace
}  // namespace mailferry::state
