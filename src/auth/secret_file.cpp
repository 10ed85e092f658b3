#include "auth/secret_file.hpp"

#include "auth/line_reader.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mailferry::auth {
namespace {

Result<> check_private(int descriptor, const std::string& path, std::string_view what) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) {
    return fail(ErrorKind::local_io, Scope::run,
                fmt::format("cannot read {} file {}: {}", what, path, std::strerror(errno)));
  }
  if (S_ISDIR(status.st_mode)) {
    return fail(ErrorKind::local_io, Scope::run, fmt::format("cannot read {} file {}: it is a directory", what, path));
  }
  // A pipe (as from <(command)) has no readers but its holders.
  if (S_ISREG(status.st_mode) && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return fail(ErrorKind::auth, Scope::run,
                fmt::format("{} file {} can be read by other users (mode {:o})", what, path, status.st_mode & 07777),
                fmt::format("chmod 600 {}", path));
  }
  return {};
}

}  // namespace

Result<Secret> read_secret_file(const std::string& path, std::string_view what, std::chrono::milliseconds patience) {
  // O_NONBLOCK: opening a pipe that nobody writes to would wait for ever.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (descriptor < 0) {
    return fail(ErrorKind::local_io, Scope::run,
                fmt::format("cannot read {} file {}: {}", what, path, std::strerror(errno)),
                "check the path and that you may read it");
  }
  const auto checked = check_private(descriptor, path, what);
  auto secret = checked ? read_secret_line(descriptor, fmt::format("{} file {}", what, path), patience)
                        : Result<Secret>(std::unexpected(checked.error()));
  ::close(descriptor);
  return secret;
}

}  // namespace mailferry::auth
