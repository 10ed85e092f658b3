#include "imap/client_engine.hpp"

#include <gtest/gtest.h>

namespace mailferry::imap {
namespace {

/// What comes early is kept until it is asked for: of tags that nobody gave, a peer could send any number.
TEST(ClientEngine, KnowsTheTagsThatItGave) {
  ClientEngine engine;
  EXPECT_FALSE(engine.is_own("A1"));

  const auto first = engine.next_tag();
  const auto second = engine.next_tag();
  EXPECT_TRUE(engine.is_own(first));
  EXPECT_TRUE(engine.is_own(second));
  for (const auto* other : {"", "A", "A0", "A3", "a1", "B1", "A1x", "A-1", "A18446744073709551617", "A 1"})
    EXPECT_FALSE(engine.is_own(other)) << other;
}

}  // namespace
}  // namespace mailferry::imap
