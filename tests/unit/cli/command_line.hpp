// A command line in an environment of its own: no configuration but what the test writes.
#pragma once

#include "cli/options.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace mailferry::cli::test {

class CommandLineTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "mailferry-cli-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    before_ = std::filesystem::current_path();
    std::filesystem::current_path(directory_);
    ::setenv("XDG_CONFIG_HOME", (directory_ + "/config").c_str(), 1);
    ::setenv("XDG_STATE_HOME", (directory_ + "/state").c_str(), 1);
    ::setenv("HOME", (directory_ + "/home").c_str(), 1);
  }
  void TearDown() override {
    std::filesystem::current_path(before_);
    std::filesystem::remove_all(directory_);
  }

  std::string write(const std::string& name, const std::string& text) {
    const std::filesystem::path file = directory_ + "/" + name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
    return file.string();
  }

  static Result<CommandLine> parse(const std::vector<std::string>& arguments) {
    std::vector<const char*> argv{"mailferry"};
    for (const auto& argument : arguments)
      argv.push_back(argument.c_str());
    return parse_command_line(static_cast<int>(argv.size()), argv.data());
  }

  static std::vector<std::string> copy_with(std::vector<std::string> more) {
    std::vector<std::string> arguments{"copy", "imaps://alice@a.example/", "imap://bob@b.example/"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  /// The invocation of a copy with more options.
  static Invocation copy(const std::vector<std::string>& more) { return accepted(copy_with(more)); }

  static Invocation accepted(const std::vector<std::string>& arguments) {
    auto line = parse(arguments);
    EXPECT_TRUE(line) << line.error().describe();
    return line && line->invocation ? *std::move(line->invocation) : Invocation{};
  }

  static Error refused(const std::vector<std::string>& arguments) {
    const auto line = parse(arguments);
    EXPECT_FALSE(line);
    return line ? Error{} : line.error();
  }

  static std::string text(const std::vector<std::string>& arguments) {
    const auto line = parse(arguments);
    EXPECT_TRUE(line) << line.error().describe();
    EXPECT_FALSE(line && line->invocation);
    return line ? line->text : "";
  }

  std::string directory_;
  std::filesystem::path before_;
};

}  // namespace mailferry::cli::test
