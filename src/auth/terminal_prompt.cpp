#include "auth/terminal_prompt.hpp"

#include "auth/line_reader.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

namespace mailferry::auth {
namespace {

constexpr std::chrono::minutes kPatience{5};
constexpr std::array kSignals{SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};

volatile std::sig_atomic_t caught_signal = 0;

extern "C" void remember_signal(int number) {
  caught_signal = number;
}

/// While it lives, signals wait until ppoll() lets them in, and interrupt that instead of ending the program with the
/// echo off.
class SignalsHeld {
 public:
  SignalsHeld() {
    caught_signal = 0;
    struct sigaction action {};
    action.sa_handler = remember_signal;
    sigemptyset(&action.sa_mask);
    sigset_t ours;
    sigemptyset(&ours);
    for (const int number : kSignals)
      sigaddset(&ours, number);
    ::pthread_sigmask(SIG_BLOCK, &ours, &mask_before_);
    for (std::size_t i = 0; i < kSignals.size(); ++i)
      ::sigaction(kSignals[i], &action, &before_[i]);
  }
  SignalsHeld(const SignalsHeld&) = delete;
  SignalsHeld& operator=(const SignalsHeld&) = delete;
  ~SignalsHeld() {
    // In this order: a signal that is still waiting is remembered, too.
    ::pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
    for (std::size_t i = 0; i < kSignals.size(); ++i)
      ::sigaction(kSignals[i], &before_[i], nullptr);
  }
  [[nodiscard]] const sigset_t* wait_mask() const noexcept { return &mask_before_; }

 private:
  sigset_t mask_before_{};
  std::array<struct sigaction, kSignals.size()> before_{};
};

class EchoOff {
 public:
  explicit EchoOff(int terminal) : terminal_(terminal), changed_(::tcgetattr(terminal, &before_) == 0) {
    if (!changed_) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHOE | ECHOK);
    // The line end is still echoed, so that the cursor moves on.
    silent.c_lflag |= ECHONL;
    ::tcsetattr(terminal, TCSAFLUSH, &silent);
  }
  EchoOff(const EchoOff&) = delete;
  EchoOff& operator=(const EchoOff&) = delete;
  ~EchoOff() {
    if (changed_) ::tcsetattr(terminal_, TCSAFLUSH, &before_);
  }

 private:
  int terminal_;
  termios before_{};
  bool changed_;
};

class Terminal {
 public:
  Terminal() : descriptor_(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {}
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal() {
    if (is_open()) ::close(descriptor_);
  }
  [[nodiscard]] bool is_open() const noexcept { return descriptor_ >= 0; }
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

Result<> write_all(int terminal, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(terminal, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      return fail(ErrorKind::local_io, Scope::run,
                  fmt::format("cannot write to the terminal: {}", std::strerror(errno)));
    }
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

Result<Secret> ask_once(int terminal, const std::string& question) {
  const SignalsHeld held;
  const EchoOff silent(terminal);
  CHECK_OK(write_all(terminal, question));
  return read_secret_line(terminal, "the terminal", kPatience, held.wait_mask());
}

}  // namespace

Result<Secret> prompt_for_secret(const std::string& question) {
  const Terminal terminal;
  if (!terminal.is_open()) {
    return fail(ErrorKind::usage, Scope::run, "there is no terminal to ask for the password at",
                "give it with a -password-file, -password-env, -password-command or -password-fd option");
  }
  while (true) {
    auto answer = ask_once(terminal.descriptor(), question);
    const int signal_number = caught_signal;
    if (signal_number == 0) return answer;
    // The terminal is as it was: now the signal may do what it does. After SIGTSTP and SIGCONT the question is asked
    // again.
    ::raise(signal_number);
    if (signal_number != SIGTSTP)
      return fail(ErrorKind::cancelled, Scope::run, "interrupted while asking for the password");
  }
}

}  // namespace mailferry::auth
