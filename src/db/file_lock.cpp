#include "db/file_lock.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>

namespace mailferry::db {
namespace {

/// How often the side file may vanish under us before we give up; each time another process has just ended.
constexpr int kMaxAttempts = 100;
constexpr std::chrono::milliseconds kLookEvery{20};

std::unexpected<Error> in_use(const std::string& path, int descriptor) {
  std::array<char, 24> text{};
  const ssize_t length = ::pread(descriptor, text.data(), text.size(), 0);
  int process = 0;
  if (length > 0) std::from_chars(text.data(), text.data() + length, process);
  return fail(
      ErrorKind::local_io, Scope::run,
      fmt::format("{} is in use by {}", path, process > 0 ? fmt::format("process {}", process) : "another process"),
      "wait until it has ended, or stop it, or choose another state file", Retry::later);
}

std::unexpected<Error> cannot_lock(const std::string& side_file, int error) {
  return fail(ErrorKind::local_io, Scope::run,
              fmt::format("cannot create and lock {}: {}", side_file, std::generic_category().message(error)),
              "make the directory writable and its disk not full, or choose another file");
}

/// False when the previous owner removed the side file between our open and our lock: the lock is then on a dead name.
bool is_still_named(int descriptor, const std::string& side_file) {
  struct stat opened {};
  struct stat named {};
  return ::fstat(descriptor, &opened) == 0 && ::stat(side_file.c_str(), &named) == 0 && opened.st_ino == named.st_ino &&
         opened.st_dev == named.st_dev;
}

/// Only for the message to a second process; a full disk may lose it.
void write_process_id(int descriptor) {
  const std::string text = fmt::format("{}\n", ::getpid());
  [[maybe_unused]] const bool written =
      ::ftruncate(descriptor, 0) == 0 && ::pwrite(descriptor, text.data(), text.size(), 0) > 0;
}

}  // namespace

Result<FileLock> FileLock::acquire(const std::string& path, std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (true) {
    auto lock = acquire_now(path);
    const bool may_become_free = !lock && lock.error().retry == Retry::later;
    if (!may_become_free || std::chrono::steady_clock::now() >= until) return lock;
    std::this_thread::sleep_for(kLookEvery);
  }
}

Result<FileLock> FileLock::acquire_now(const std::string& path) {
  std::string side_file = path + ".lock";
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    const int descriptor = ::open(side_file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) return cannot_lock(side_file, errno);
    FileLock lock(std::string(), descriptor);  // without a name: only closes
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) return in_use(path, descriptor);
      return cannot_lock(side_file, errno);
    }
    if (!is_still_named(descriptor, side_file)) continue;
    write_process_id(descriptor);
    lock.side_file_ = std::move(side_file);
    return lock;
  }
  return cannot_lock(side_file, EAGAIN);
}

FileLock::FileLock(std::string side_file, int descriptor) : side_file_(std::move(side_file)), descriptor_(descriptor) {}

FileLock::FileLock(FileLock&& other) noexcept
    : side_file_(std::exchange(other.side_file_, {})), descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock::~FileLock() {
  if (!side_file_.empty()) ::unlink(side_file_.c_str());
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace mailferry::db
