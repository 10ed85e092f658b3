#include "auth/secret_command.hpp"

#include "async/child_attributes.hpp"
#include "auth/line_reader.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>

extern char** environ;

namespace mailferry::auth {
namespace {

/// A running `sh -c` whose output we read; ended and reaped when it goes.
class Child {
 public:
  Child(pid_t pid, int output) : pid_(pid), output_(output) {}
  Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, -1)), output_(std::exchange(other.output_, -1)) {}
  Child& operator=(Child&&) = delete;
  ~Child() {
    if (output_ >= 0) ::close(output_);
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  [[nodiscard]] int output() const noexcept { return output_; }

  /// The wait status, or nothing when it did not end before `deadline`.
  std::optional<int> wait_until(std::chrono::steady_clock::time_point deadline) {
    int status = 0;
    while (true) {
      const pid_t ended = ::waitpid(pid_, &status, WNOHANG);
      if (ended == pid_ || (ended < 0 && errno != EINTR)) {
        pid_ = -1;
        return status;
      }
      if (std::chrono::steady_clock::now() >= deadline) return std::nullopt;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

 private:
  pid_t pid_;
  int output_;
};

Result<Child> start(const std::string& command, const std::string& what) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return fail(ErrorKind::local_io, Scope::run, fmt::format("cannot start {}: {}", what, std::strerror(errno)));
  }
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  const async::ChildAttributes attributes;
  std::string shell = "/bin/sh";
  std::string option = "-c";
  std::string script = command;
  std::array<char*, 4> arguments{shell.data(), option.data(), script.data(), nullptr};
  pid_t pid = -1;
  const int code = ::posix_spawn(&pid, shell.c_str(), &actions, attributes.get(), arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (code != 0) {
    ::close(ends[0]);
    return fail(ErrorKind::local_io, Scope::run, fmt::format("cannot start {}: {}", what, std::strerror(code)));
  }
  return Child(pid, ends[0]);
}

/// The wait status; nothing: it did not end in time. What it writes meanwhile is dropped: a command that cannot write
/// the rest of its output would end with SIGPIPE and look like a failure. Not until the end of that output, which what
/// the command left running in the background may hold open.
std::optional<int> wait_and_drain(Child& child, std::chrono::steady_clock::time_point deadline) {
  constexpr std::chrono::milliseconds kLookEvery{5};
  std::array<char, 4096> dropped;
  pollfd entry{.fd = child.output(), .events = POLLIN, .revents = 0};
  while (std::chrono::steady_clock::now() < deadline) {
    if (const auto status = child.wait_until({})) return status;
    if (::poll(&entry, 1, static_cast<int>(kLookEvery.count())) <= 0) continue;
    if (::read(child.output(), dropped.data(), dropped.size()) <= 0) break;
  }
  return child.wait_until(deadline);
}

Result<> check_status(int status, const std::string& what) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  const std::string how =
      WIFEXITED(status) ? fmt::format("exit code {}", WEXITSTATUS(status)) : fmt::format("signal {}", WTERMSIG(status));
  return fail(ErrorKind::auth, Scope::account, fmt::format("{} ended with {}", what, how),
              "run the command by hand; it must print the secret as its first line");
}

}  // namespace

Result<Secret> run_secret_command(const std::string& command, const std::string& what,
                                  std::chrono::milliseconds patience) {
  TRY(auto child, start(command, what));
  const auto deadline = std::chrono::steady_clock::now() + patience;
  TRY(auto secret, read_secret_line(child.output(), what, patience));
  const auto status = wait_and_drain(child, deadline);
  if (!status) {
    return fail(ErrorKind::timeout, Scope::account,
                fmt::format("{} did not end within {} s", what, patience.count() / 1000));
  }
  CHECK_OK(check_status(*status, what));
  return secret;
}

}  // namespace mailferry::auth
