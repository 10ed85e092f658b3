#include "cli/json_line.hpp"

#include <gtest/gtest.h>

namespace mailferry::cli {
namespace {

TEST(JsonLine, HoldsOnlyUtf8WhateverAServerSays) {
  EXPECT_EQ(to_valid_json("{\"subject\":\"Gr\xfc\xdf\"}"), "{\"subject\":\"Gr\uFFFD\uFFFD\"}");
  EXPECT_EQ(to_valid_json("{\"subject\":\"cut \xe2\x82\"}"), "{\"subject\":\"cut \uFFFD\uFFFD\"}");
}

TEST(JsonLine, KeepsWhatIsValid) {
  const std::string line = "{\"subject\":\"Gr\u00fc\u00dfe \\n \U0001f600\"}";
  EXPECT_EQ(to_valid_json(line), line);
}

}  // namespace
}  // namespace mailferry::cli
