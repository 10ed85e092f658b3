#include "cli/terminal.hpp"

#include "base/ascii.hpp"

#include <cerrno>
#include <optional>
#include <poll.h>
#include <string>
#include <sys/ioctl.h>
#include <unistd.h>

namespace mailferry::cli {
namespace {

constexpr std::size_t kUsualWidth = 80;
constexpr std::size_t kMaxAnswer = 64;

int descriptor_of(Stream stream) {
  switch (stream) {
    case Stream::input:
      return STDIN_FILENO;
    case Stream::output:
      return STDOUT_FILENO;
    case Stream::error:
      return STDERR_FILENO;
  }
  return -1;
}

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(descriptor, text.data(), text.size());
    if (count < 0 && errno != EINTR) return false;
    if (count > 0) text.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

/// A line; nothing at the end of the input, after a signal or after `patience`.
std::optional<std::string> read_line(int input, std::chrono::milliseconds patience) {
  std::string line;
  while (true) {
    pollfd entry{.fd = input, .events = POLLIN, .revents = 0};
    if (::poll(&entry, 1, static_cast<int>(patience.count())) <= 0) return std::nullopt;
    char octet = 0;
    if (::read(input, &octet, 1) != 1) return std::nullopt;
    if (octet == '\n') return line;
    if (line.size() < kMaxAnswer) line += octet;
  }
}

}  // namespace

bool is_terminal(Stream stream) noexcept {
  return ::isatty(descriptor_of(stream)) == 1;
}

bool is_interactive() noexcept {
  return is_terminal(Stream::input) && is_terminal(Stream::error);
}

std::size_t terminal_width(Stream stream) noexcept {
  winsize size{};
  if (::ioctl(descriptor_of(stream), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsualWidth;
  return size.ws_col;
}

bool ask_yes_no(std::string_view question, std::chrono::milliseconds patience) {
  return ask_yes_no(STDIN_FILENO, STDERR_FILENO, question, patience);
}

bool ask_yes_no(int input, int output, std::string_view question, std::chrono::milliseconds patience) {
  if (!write_all(output, std::string(question) + " [y/N] ")) return false;
  const auto line = read_line(input, patience);
  if (!line) {
    write_all(output, "\n");
    return false;
  }
  return equal_ascii_nocase(*line, "y") || equal_ascii_nocase(*line, "yes");
}

}  // namespace mailferry::cli
