#include "auth/line_reader.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <poll.h>
#include <unistd.h>
#include <utility>

namespace mailferry::auth {
namespace {

std::unexpected<Error> cannot_read(const std::string& what, int code) {
  return fail(ErrorKind::local_io, Scope::run, fmt::format("cannot read {}: {}", what, std::strerror(code)));
}

Result<> wait_readable(int descriptor, const std::string& what, std::chrono::milliseconds patience,
                       const sigset_t* wait_mask) {
  pollfd entry{.fd = descriptor, .events = POLLIN, .revents = 0};
  const timespec limit{.tv_sec = patience.count() / 1000, .tv_nsec = patience.count() % 1000 * 1'000'000};
  const int ready = ::ppoll(&entry, 1, &limit, wait_mask);
  if (ready < 0) return cannot_read(what, errno);
  if (ready == 0) {
    return fail(ErrorKind::timeout, Scope::run,
                fmt::format("nothing came from {} within {} s", what, patience.count() / 1000));
  }
  if ((entry.revents & POLLNVAL) != 0) return cannot_read(what, EBADF);
  return {};
}

// -1: end of input.
Result<int> read_octet(int descriptor, const std::string& what, std::chrono::milliseconds patience,
                       const sigset_t* wait_mask) {
  CHECK_OK(wait_readable(descriptor, what, patience, wait_mask));
  unsigned char octet = 0;
  const ssize_t count = ::read(descriptor, &octet, 1);
  if (count < 0) return cannot_read(what, errno);
  return count == 0 ? -1 : static_cast<int>(octet);
}

}  // namespace

Result<Secret> read_secret_line(int descriptor, const std::string& what, std::chrono::milliseconds patience,
                                const sigset_t* wait_mask) {
  std::string line;
  // No reallocation: it would leave pieces of the secret in freed memory.
  line.reserve(kMaxSecretOctets + 1);
  while (true) {
    TRY(const int octet, read_octet(descriptor, what, patience, wait_mask));
    if (octet == -1 || octet == '\n') break;
    if (line.size() == kMaxSecretOctets) {
      return fail(
          ErrorKind::auth, Scope::run,
          fmt::format("the first line of {} is longer than {} octets: that is no password", what, kMaxSecretOctets));
    }
    line += static_cast<char>(octet);
  }
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return Secret(std::move(line));
}

}  // namespace mailferry::auth
