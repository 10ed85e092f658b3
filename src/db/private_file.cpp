#include "db/private_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace mailferry::db {
namespace {

constexpr mode_t kDirectoryMode = 0700;
constexpr mode_t kFileMode = 0600;

std::unexpected<Error> os_error(std::string_view doing, const std::string& path, int error) {
  return fail(ErrorKind::local_io, Scope::run,
              fmt::format("cannot {} {}: {}", doing, path, std::generic_category().message(error)),
              "make the directory writable and its disk not full, or choose another file");
}

bool is_existing_directory(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}

/// Without this a power cut may lose the name of a file whose contents were synced.
void sync_directory(const std::filesystem::path& directory) {
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace

Result<> make_private_parents(const std::string& file) {
  const std::filesystem::path directory = std::filesystem::path(file).parent_path();
  std::filesystem::path made;
  for (const std::filesystem::path& component : directory) {
    made /= component;
    if (::mkdir(made.c_str(), kDirectoryMode) == 0) {
      sync_directory(made.parent_path());
    } else if (const int error = errno; !is_existing_directory(made)) {
      return os_error("create the directory", made.string(), error == EEXIST ? ENOTDIR : error);
    }
  }
  return {};
}

Result<> make_private_file(const std::string& file) {
  int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, kFileMode);
  const bool is_new = descriptor >= 0;
  if (!is_new && errno == EEXIST) descriptor = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
  if (descriptor < 0) return os_error("open for writing", file, errno);
  ::close(descriptor);
  if (is_new) sync_directory(std::filesystem::path(file).parent_path());
  return {};
}

}  // namespace mailferry::db
