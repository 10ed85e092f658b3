#include "net/tunnel.hpp"

#include "async/child_attributes.hpp"
#include "net/end_tunnels.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <mutex>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <vector>

extern char** environ;

namespace mailferry::net {
namespace {

std::unexpected<Error> cannot_start(int error_number) {
  return fail(ErrorKind::local_io, Scope::account,
              fmt::format("cannot start the tunnel command: {}", std::generic_category().message(error_number)));
}

/// Commands that were told to end and have not been seen to do so.
class Leaving {
 public:
  void add(pid_t pid) {
    const std::lock_guard lock(mutex_);
    pids_.push_back(pid);
    reap_locked();
  }
  void reap() {
    const std::lock_guard lock(mutex_);
    reap_locked();
  }

 private:
  void reap_locked() {
    std::erase_if(pids_, [](pid_t pid) { return ::waitpid(pid, nullptr, WNOHANG) != 0; });
  }
  std::mutex mutex_;
  std::vector<pid_t> pids_;
};

Leaving& leaving() {
  static Leaving processes;
  return processes;
}

/// Commands whose connection is open.
class Running {
 public:
  void add(pid_t pid) {
    const std::lock_guard lock(mutex_);
    pids_.push_back(pid);
  }
  void remove(pid_t pid) {
    const std::lock_guard lock(mutex_);
    std::erase(pids_, pid);
  }
  void end_all() {
    const std::lock_guard lock(mutex_);
    for (const pid_t pid : pids_)
      ::kill(-pid, SIGTERM);
  }

 private:
  std::mutex mutex_;
  std::vector<pid_t> pids_;
};

Running& running() {
  static Running processes;
  return processes;
}

/// 0 or an error number.
int spawn(const std::string& command, int descriptor, pid_t& pid) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, descriptor, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, descriptor, STDOUT_FILENO);
  const async::ChildAttributes attributes(POSIX_SPAWN_SETSID);
  std::string shell = "/bin/sh";
  std::string option = "-c";
  std::string script = command;
  std::array<char*, 4> arguments{shell.data(), option.data(), script.data(), nullptr};
  const int code = ::posix_spawn(&pid, shell.c_str(), &actions, attributes.get(), arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  return code;
}

}  // namespace

Result<Tunnel::Started> Tunnel::start(const std::string& command) {
  leaving().reap();
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return cannot_start(errno);
  pid_t pid = -1;
  const int code = spawn(command, ends[1], pid);
  ::close(ends[1]);
  if (code != 0) {
    ::close(ends[0]);
    return cannot_start(code);
  }
  return Started{.tunnel = std::unique_ptr<Tunnel>(new Tunnel(pid)), .socket = ends[0]};
}

Tunnel::Tunnel(pid_t pid) : pid_(pid) {
  running().add(pid);
}

Tunnel::~Tunnel() {
  running().remove(pid_);
  if (::waitpid(pid_, nullptr, WNOHANG) == pid_) return;
  ::kill(-pid_, SIGTERM);
  leaving().add(pid_);
}

void end_tunnels() {
  running().end_all();
}

}  // namespace mailferry::net
