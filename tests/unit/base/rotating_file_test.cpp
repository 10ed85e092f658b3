#include "base/rotating_file.hpp"

#include "unit/db/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <string>
#include <zstd.h>

namespace mailferry::log {
namespace {

class RotatingFileTest : public testing::Test {
 protected:
  RotatingFile open(std::uint64_t most_octets, unsigned most_files) {
    auto file = RotatingFile::open(path_, most_octets, most_files);
    if (!file) throw std::runtime_error(file.error().describe());
    return *std::move(file);
  }
  [[nodiscard]] std::string rotated(unsigned number) const { return path_ + "." + std::to_string(number) + ".zst"; }
  [[nodiscard]] static std::string unpacked(const std::string& file) {
    const auto packed = test::read_file(file);
    std::string text(1 << 20, '\0');
    const auto size = ZSTD_decompress(text.data(), text.size(), packed.data(), packed.size());
    EXPECT_EQ(ZSTD_isError(size), 0U) << file;
    text.resize(ZSTD_isError(size) != 0 ? 0 : size);
    return text;
  }
  /// All lines that are kept, the oldest first.
  [[nodiscard]] std::string all(unsigned most_files) const {
    std::string text;
    for (unsigned number = most_files; number > 0; --number)
      if (std::filesystem::exists(rotated(number))) text += unpacked(rotated(number));
    return text + test::read_file(path_);
  }

  test::TemporaryDirectory folder_;
  std::string path_ = folder_.file("x.log");
};

TEST_F(RotatingFileTest, GrowsUpToItsLimitAndNoFurther) {
  auto file = open(10, 3);
  EXPECT_TRUE(file.write("12345\n"));
  EXPECT_TRUE(file.write("678\n"));
  EXPECT_EQ(test::read_file(path_), "12345\n678\n");
  EXPECT_TRUE(file.write("9\n"));
  EXPECT_EQ(test::read_file(path_), "9\n");
  EXPECT_EQ(unpacked(rotated(1)), "12345\n678\n");
}

// Defect G17: only one compressed file was ever kept.
TEST_F(RotatingFileTest, KeepsAsManyFilesAsItIsToldToAndLosesNoLineOfThem) {
  auto file = open(2000, 5);
  std::string expected;
  for (int i = 0; i < 400; ++i) {
    const auto line = "line " + std::to_string(i) + std::string(40, '.') + "\n";
    ASSERT_TRUE(file.write(line));
    expected += line;
  }
  for (unsigned number = 1; number <= 5; ++number)
    EXPECT_TRUE(std::filesystem::exists(rotated(number))) << number;
  EXPECT_FALSE(std::filesystem::exists(rotated(6)));
  const auto kept = all(5);
  EXPECT_GT(kept.size(), 5U * 1900);
  EXPECT_TRUE(expected.ends_with(kept));
}

TEST_F(RotatingFileTest, IsReadableByItsOwnerOnly) {
  test::write_file(path_, "old\n");
  ::chmod(path_.c_str(), 0644);
  auto file = open(5, 2);
  EXPECT_EQ(test::mode_of(path_), 0600U);
  file.write("new\n");
  EXPECT_EQ(test::mode_of(path_), 0600U);
  EXPECT_EQ(test::mode_of(rotated(1)), 0600U);
}

TEST_F(RotatingFileTest, GoesOnWhereItWasAfterAStart) {
  open(10, 2).write("12345678\n");
  open(10, 2).write("9\n");
  EXPECT_EQ(unpacked(rotated(1)), "12345678\n");
  EXPECT_EQ(test::read_file(path_), "9\n");
}

TEST_F(RotatingFileTest, FinishesARotationThatWasBrokenOff) {
  test::write_file(path_ + ".1", "killed here\n");
  const auto file = open(10, 2);
  EXPECT_EQ(unpacked(rotated(1)), "killed here\n");
  EXPECT_FALSE(std::filesystem::exists(path_ + ".1"));
}

TEST_F(RotatingFileTest, WhatCannotBeCompressedStaysAndMovesOn) {
  std::filesystem::create_directory(rotated(1) + ".new");
  auto file = open(4, 3);
  file.write("one\n");
  file.write("two\n");
  EXPECT_EQ(test::read_file(path_ + ".1"), "one\n");
  std::filesystem::remove(rotated(1) + ".new");
  file.write("three\n");
  EXPECT_EQ(test::read_file(path_ + ".2"), "one\n");
  EXPECT_EQ(unpacked(rotated(1)), "two\n");
}

TEST_F(RotatingFileTest, WithoutRotatedFilesOnlyTheNewestLinesStay) {
  auto file = open(4, 0);
  file.write("one\n");
  file.write("two\n");
  EXPECT_EQ(test::read_file(path_), "two\n");
  EXPECT_FALSE(std::filesystem::exists(rotated(1)));
}

TEST_F(RotatingFileTest, IsNeverRotatedWithALimitOfNothing) {
  auto file = open(0, 3);
  for (int i = 0; i < 100; ++i)
    file.write("a line of text\n");
  EXPECT_EQ(test::read_file(path_).size(), 1500U);
}

TEST_F(RotatingFileTest, ThatCannotBeOpenedIsAnErrorWithItsName) {
  const auto file = RotatingFile::open(folder_.file("none") + "/x.log", 10, 1);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().kind, ErrorKind::local_io);
  EXPECT_NE(file.error().message.find("none/x.log"), std::string::npos);
}

}  // namespace
}  // namespace mailferry::log
