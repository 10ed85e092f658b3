#include "db/file_lock.hpp"

#include "unit/db/temporary_directory.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <optional>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace mailferry::db {
namespace {

/// A process that takes the lock and then only waits to be killed.
class Holder {
 public:
  explicit Holder(const std::string& path) {
    std::array<int, 2> ready{};
    if (::pipe(ready.data()) != 0) return;
    process_ = ::fork();
    if (process_ == 0) {
      const Result<FileLock> lock = FileLock::acquire(path);
      [[maybe_unused]] const auto told = ::write(ready[1], lock ? "y" : "n", 1);
      for (;;)
        ::pause();
    }
    char answer = 'n';
    holds_ = ::read(ready[0], &answer, 1) == 1 && answer == 'y';
    ::close(ready[0]);
    ::close(ready[1]);
  }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;
  ~Holder() { kill(); }

  void kill() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    process_ = 0;
  }
  [[nodiscard]] bool holds() const { return holds_; }
  [[nodiscard]] pid_t process() const { return process_; }

 private:
  pid_t process_ = 0;
  bool holds_ = false;
};

class FileLockTest : public ::testing::Test {
 protected:
  test::TemporaryDirectory directory_;
  std::string file_ = directory_.file("state.db");
};

TEST_F(FileLockTest, NamesTheOtherProcess) {
  const Holder holder(file_);
  ASSERT_TRUE(holder.holds());

  const Result<FileLock> lock = FileLock::acquire(file_);

  ASSERT_FALSE(lock);
  EXPECT_EQ(lock.error().kind, ErrorKind::local_io);
  EXPECT_EQ(lock.error().message, fmt::format("{} is in use by process {}", file_, holder.process()));
}

TEST_F(FileLockTest, IsFreeAfterItsProcessWasKilled) {
  Holder holder(file_);
  ASSERT_TRUE(holder.holds());

  holder.kill();

  EXPECT_TRUE(FileLock::acquire(file_));
}

TEST_F(FileLockTest, WaitsForOneThatIsEnding) {
  std::optional<FileLock> first(FileLock::acquire(file_).value());
  std::thread ending([&first] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    first.reset();
  });

  const auto second = FileLock::acquire(file_, std::chrono::seconds(30));
  ending.join();

  EXPECT_TRUE(second);
}

TEST_F(FileLockTest, LeavesNoSideFileWhenReleased) {
  { ASSERT_TRUE(FileLock::acquire(file_)); }

  EXPECT_FALSE(std::filesystem::exists(file_ + ".lock"));
}

TEST_F(FileLockTest, MovesWithoutBeingReleased) {
  std::optional<FileLock> first(FileLock::acquire(file_).value());
  const FileLock second = std::move(*first);
  first.reset();

  EXPECT_FALSE(FileLock::acquire(file_));
}

TEST_F(FileLockTest, SaysAnotherProcessWhenTheSideFileIsIllegible) {
  const Result<FileLock> first = FileLock::acquire(file_);
  ASSERT_TRUE(first);
  std::filesystem::resize_file(file_ + ".lock", 0);

  const Result<FileLock> second = FileLock::acquire(file_);

  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().message, file_ + " is in use by another process");
}

TEST_F(FileLockTest, TakesOverTheSideFileOfADeadProcess) {
  test::write_file(file_ + ".lock", "999999999999\n");

  const Result<FileLock> lock = FileLock::acquire(file_);

  ASSERT_TRUE(lock);
  EXPECT_EQ(test::read_file(file_ + ".lock"), fmt::format("{}\n", ::getpid()));
}

}  // namespace
}  // namespace mailferry::db
