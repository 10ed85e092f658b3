#include "base/log_options.hpp"

#include "unit/db/temporary_directory.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <sys/stat.h>
#include <unistd.h>

namespace mailferry::log {
namespace {

class LogOptions : public testing::Test {
 protected:
  ~LogOptions() override {
    ::unsetenv("JOURNAL_STREAM");
    EXPECT_TRUE(configure(Options{.level = Level::warning}));
  }
  Options to_file(Format format) {
    return {.target = Options::Target::file, .file = folder_.file("x.log"), .format = format};
  }
  test::TemporaryDirectory folder_;
};

TEST_F(LogOptions, TargetsAreWordsOrPaths) {
  for (const auto* text : {"stderr", "stdout", "syslog", "/var/log/x", "./stderr"}) {
    Options options;
    set_target(text, options);
    EXPECT_EQ(target_text(options), text);
    EXPECT_EQ(options.target == Options::Target::file, std::string_view(text).contains('/'));
  }
}

TEST_F(LogOptions, LinesGoToTheFile) {
  ASSERT_TRUE(configure(to_file(Format::text)));
  info("hello", {{"n", 1}});
  debug("hidden");
  const auto text = test::read_file(folder_.file("x.log"));
  EXPECT_TRUE(text.ends_with(" info: hello n=1\n")) << text;
  EXPECT_EQ(text.find("hidden"), std::string::npos);
  EXPECT_EQ(test::mode_of(folder_.file("x.log")), 0600U);
}

TEST_F(LogOptions, LinesOfTheFileAreJsonWhenAskedFor) {
  ASSERT_TRUE(configure(to_file(Format::json)));
  info("hello", {{"n", 1}});
  const auto text = test::read_file(folder_.file("x.log"));
  EXPECT_TRUE(text.starts_with("{\"time\":\"2")) << text;
  EXPECT_TRUE(text.ends_with("\"level\":\"info\",\"message\":\"hello\",\"n\":1}\n")) << text;
}

TEST_F(LogOptions, AFileThatCannotBeOpenedLeavesAllAsItWas) {
  ASSERT_TRUE(configure(to_file(Format::text)));
  EXPECT_FALSE(configure(Options{.target = Options::Target::file, .file = folder_.file("none/x.log")}));
  info("still here");
  EXPECT_NE(test::read_file(folder_.file("x.log")).find("still here"), std::string::npos);
}

TEST_F(LogOptions, TheJournalIsToldThePriorityOfEachLine) {
  testing::internal::CaptureStderr();
  struct stat status {};
  ASSERT_EQ(::fstat(STDERR_FILENO, &status), 0);
  ::setenv("JOURNAL_STREAM", fmt::format("{}:{}", status.st_dev, status.st_ino).c_str(), 1);
  ASSERT_TRUE(configure(Options{.level = Level::debug}));
  error("a");
  warning("b");
  info("c");
  debug("d");
  ASSERT_TRUE(configure(Options{.format = Format::json}));
  error("e");
  const auto text = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(text.starts_with("<3>error: a\n<4>warning: b\n<6>info: c\n<7>debug: d\n<3>{\"time\":\"")) << text;
}

TEST_F(LogOptions, WhatIsNoJournalHasTheTimeInstead) {
  ::setenv("JOURNAL_STREAM", "1:2", 1);
  testing::internal::CaptureStderr();
  ASSERT_TRUE(configure(Options{}));
  error("a");
  EXPECT_TRUE(testing::internal::GetCapturedStderr().starts_with("2"));
}

}  // namespace
}  // namespace mailferry::log
