#include "base/files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace mailferry {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Files : public testing::Test {
 protected:
  Files() {
    std::string name = (fs::temp_directory_path() / "mailferry-files-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
  }
  ~Files() override {
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
  }
  static int mode_of(const fs::path& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0);
    return static_cast<int>(status.st_mode & 0777);
  }
  fs::path directory_;
};

TEST_F(Files, WritesForTheOwnerOnlyAndReadsBack) {
  const fs::path path = directory_ / "a";
  ASSERT_TRUE(write_file_atomically(path, std::string_view("x\0y", 3)));
  EXPECT_EQ(read_file(path, 3).value_or("?"), std::string("x\0y", 3));
  EXPECT_EQ(mode_of(path), 0600);
}

TEST_F(Files, ReplacesAFileAndLeavesNothingElse) {
  const fs::path path = directory_ / "a";
  ASSERT_TRUE(write_file_atomically(path, "old"));
  ASSERT_TRUE(write_file_atomically(path, "new"));
  EXPECT_EQ(read_file(path, 100).value_or("?"), "new");
  EXPECT_EQ(std::distance(fs::directory_iterator(directory_), fs::directory_iterator()), 1);
}

TEST_F(Files, AFailedWriteLeavesNoTemporaryFile) {
  const fs::path path = directory_ / "taken";
  fs::create_directory(path);
  EXPECT_FALSE(write_file_atomically(path, "x"));
  EXPECT_EQ(std::distance(fs::directory_iterator(directory_), fs::directory_iterator()), 1);
}

TEST_F(Files, LinksStayAndTheirTargetIsReplaced) {
  fs::create_directory(directory_ / "far");
  fs::create_symlink("far/second", directory_ / "first");
  fs::create_symlink("file", directory_ / "far" / "second");
  for (const char* content : {"made", "replaced"}) {
    ASSERT_TRUE(write_file_atomically(directory_ / "first", content));
    EXPECT_TRUE(fs::is_symlink(directory_ / "first"));
    EXPECT_FALSE(fs::is_symlink(directory_ / "far" / "file"));
    EXPECT_EQ(read_file(directory_ / "far" / "file", 100).value_or("?"), content);
  }
}

TEST_F(Files, LinksThatGoRoundAreNamed) {
  fs::create_symlink("b", directory_ / "a");
  fs::create_symlink("a", directory_ / "b");
  EXPECT_FALSE(write_file_atomically(directory_ / "a", "x"));
}

TEST_F(Files, APipeIsNotReplaced) {
  const fs::path path = directory_ / "pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const auto written = write_file_atomically(path, "x");
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().message, HasSubstr("no regular file"));
  EXPECT_TRUE(fs::is_fifo(path));
}

TEST_F(Files, AFullDiskIsNamedWithARemedy) {
  const auto error = fail_with_errno(ENOSPC, "write", directory_ / "state.db").error();
  EXPECT_THAT(error.message, HasSubstr("cannot write " + (directory_ / "state.db").string() + ": No space left"));
  EXPECT_THAT(error.remedy, HasSubstr("Free space"));
  EXPECT_EQ(error.kind, ErrorKind::local_io);
}

TEST_F(Files, ALargerFileThanAllowedIsRefused) {
  const fs::path path = directory_ / "a";
  ASSERT_TRUE(write_file_atomically(path, "12345"));
  EXPECT_TRUE(read_file(path, 5));
  const auto content = read_file(path, 4);
  ASSERT_FALSE(content);
  EXPECT_THAT(content.error().message, HasSubstr("larger than the 4 octets"));
}

TEST_F(Files, AnEndlessDeviceIsRefusedNotRead) {
  EXPECT_FALSE(read_file("/dev/zero", 100000));
}

TEST_F(Files, AMissingFileIsNamed) {
  const auto content = read_file(directory_ / "none", 10);
  ASSERT_FALSE(content);
  EXPECT_EQ(content.error().kind, ErrorKind::local_io);
  EXPECT_THAT(content.error().message, HasSubstr("none: No such file or directory"));
  EXPECT_FALSE(content.error().remedy.empty());
}

TEST_F(Files, ADirectoryIsNoFile) {
  EXPECT_FALSE(read_file(directory_, 10));
}

TEST_F(Files, MakesDirectoriesForTheOwnerOnly) {
  ASSERT_TRUE(create_private_directory(directory_ / "a/b/c"));
  ASSERT_TRUE(create_private_directory(directory_ / "a/b/c/")) << "once more";
  EXPECT_EQ(mode_of(directory_ / "a"), 0700);
  EXPECT_EQ(mode_of(directory_ / "a/b/c"), 0700);
}

TEST_F(Files, AFileInTheWayOfADirectoryIsNamed) {
  ASSERT_TRUE(write_file_atomically(directory_ / "file", ""));
  EXPECT_FALSE(create_private_directory(directory_ / "file"));
  const auto made = create_private_directory(directory_ / "file/below");
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message, HasSubstr("Not a directory"));
}

TEST_F(Files, RelativePathsWork) {
  const fs::path before = fs::current_path();
  fs::current_path(directory_);
  const bool written = write_file_atomically("here", "x").has_value();
  const bool made = create_private_directory("below/it").has_value();
  fs::current_path(before);
  EXPECT_TRUE(written && made);
  EXPECT_TRUE(fs::exists(directory_ / "here") && fs::exists(directory_ / "below/it"));
}

}  // namespace
}  // namespace mailferry
