#include "cli/terminal.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <unistd.h>

namespace mailferry::cli {
namespace {

class YesNo : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(::pipe(input_.data()), 0);
    ASSERT_EQ(::pipe(output_.data()), 0);
  }
  void TearDown() override {
    for (const int end : {input_[0], input_[1], output_[0], output_[1]})
      ::close(end);
  }
  bool answer(const std::string& text) {
    EXPECT_EQ(::write(input_[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
    return ask_yes_no(input_[0], output_[1], "Go on?", std::chrono::milliseconds(20));
  }
  std::string question() {
    std::array<char, 100> block;
    const auto count = ::read(output_[0], block.data(), block.size());
    return std::string(block.data(), static_cast<std::size_t>(count));
  }
  std::array<int, 2> input_{};
  std::array<int, 2> output_{};
};

TEST_F(YesNo, OnlyYesMeansYes) {
  EXPECT_TRUE(answer("y\n"));
  EXPECT_EQ(question(), "Go on? [y/N] ");
  EXPECT_TRUE(answer("Y\n"));
  EXPECT_TRUE(answer("yes\n"));
  EXPECT_FALSE(answer("\n"));
  EXPECT_FALSE(answer("n\n"));
  EXPECT_FALSE(answer("yesterday\n"));
  EXPECT_FALSE(answer(std::string(500, 'y') + "\n"));
}

TEST_F(YesNo, NoAnswerInTimeMeansNo) {
  EXPECT_FALSE(ask_yes_no(input_[0], output_[1], "Go on?", std::chrono::milliseconds(5)));
  EXPECT_FALSE(answer("y")) << "no line end";
}

TEST_F(YesNo, EndOfInputMeansNo) {
  ::close(input_[1]);
  EXPECT_FALSE(ask_yes_no(input_[0], output_[1], "Go on?", std::chrono::seconds(10)));
  input_[1] = ::dup(0);
}

TEST(Terminal, HasAWidthEvenWithoutOne) {
  EXPECT_GT(terminal_width(Stream::output), 0U);
}

}  // namespace
}  // namespace mailferry::cli
