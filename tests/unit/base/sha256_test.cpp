#include "base/sha256.hpp"

#include "base/encoding.hpp"

#include <gtest/gtest.h>

namespace mailferry {
namespace {

TEST(Sha256, MatchesTheVectorsOfFips180) {
  Sha256 sha256;
  EXPECT_EQ(to_hex(sha256.finish()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  sha256.update("a");
  sha256.update("bc");
  EXPECT_EQ(to_hex(sha256.finish()), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace mailferry
