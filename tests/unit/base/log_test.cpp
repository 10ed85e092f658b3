#include "base/log.hpp"

#include "base/secret.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <type_traits>

namespace mailferry::log {
namespace {

static_assert(!std::is_constructible_v<Field, std::string_view, Secret>, "secrets cannot be logged");

TEST(LogLine, TextHasASentenceAndFields) {
  EXPECT_EQ(
      to_line(Level::warning, "mailbox was replaced", {{"mailbox", "Sent"}, {"uid", 7}, {"again", true}}, Format::text),
      "warning: mailbox was replaced mailbox=Sent uid=7 again=true");
}

TEST(LogLine, TextQuotesValuesThatWouldReadAsSeveral) {
  EXPECT_EQ(to_line(Level::info, "x", {{"a", "b c=\"d\""}, {"empty", ""}}, Format::text),
            "info: x a=\"b c=\\\"d\\\"\" empty=\"\"");
}

TEST(LogLine, JsonIsOneObject) {
  EXPECT_EQ(to_line(Level::error, "say \"no\"", {{"path", "C:\\x"}, {"uid", 7}, {"ok", false}}, Format::json),
            R"({"level":"error","message":"say \"no\"","path":"C:\\x","uid":7,"ok":false})");
}

TEST(LogLine, JsonQuotesNumbersThatJsonDoesNotHave) {
  EXPECT_EQ(to_line(Level::info, "x", {{"rate", std::numeric_limits<double>::infinity()}}, Format::json),
            R"({"level":"info","message":"x","rate":"inf"})");
}

TEST(LogLine, NeverHoldsLineEndsOrEscapes) {
  for (const Format format : {Format::text, Format::json}) {
    const std::string line = to_line(Level::info, "a\nb", {{"subject", "x\r\nwarning: forged\x1b[2J"}}, format);
    EXPECT_EQ(line.find_first_of("\r\n\x1b"), std::string::npos) << line;
  }
}

class Log : public testing::Test {
 protected:
  ~Log() override { configure(Level::warning, Format::text); }
  static std::string written(Level most_verbose, Format format) {
    configure(most_verbose, format);
    testing::internal::CaptureStderr();
    info("hello", {{"n", 1}});
    debug("hidden");
    return testing::internal::GetCapturedStderr();
  }
};

TEST_F(Log, WritesWarningsButNotInfoUnlessConfigured) {
  EXPECT_TRUE(is_enabled(Level::warning));
  EXPECT_FALSE(is_enabled(Level::info));
  EXPECT_EQ(written(Level::warning, Format::text), "");
}

TEST_F(Log, WritesLinesWithTheTime) {
  EXPECT_TRUE(testing::internal::RE::FullMatch(written(Level::info, Format::text), "2.*T.* info: hello n=1\n"));
}

TEST_F(Log, WritesJsonObjectsWithTheTime) {
  const std::string line = written(Level::info, Format::json);
  EXPECT_TRUE(line.starts_with("{\"time\":\"2")) << line;
  EXPECT_TRUE(line.ends_with("\",\"level\":\"info\",\"message\":\"hello\",\"n\":1}\n")) << line;
}

TEST(ParseLevel, KnowsTheLevelsByName) {
  Level level = Level::error;
  EXPECT_TRUE(parse_level("trace", level));
  EXPECT_EQ(level, Level::trace);
  EXPECT_FALSE(parse_level("loud", level));
}

}  // namespace
}  // namespace mailferry::log
