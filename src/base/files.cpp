#include "base/files.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace mailferry {
namespace {

struct Remedy {
  int error_number;
  std::string_view text;
};

constexpr std::array<Remedy, 9> kRemedies = {{
    {ENOSPC, "Free space on that file system, or choose another place for the file."},
    {EDQUOT, "Free some of your disk quota, or choose another place for the file."},
    {EACCES, "Check the owner and the permissions of the file and of the directories above it."},
    {EPERM, "Check the owner and the permissions of the file and of the directories above it."},
    {EROFS, "Choose a place on a file system that is not mounted read-only."},
    {ENOENT, "Check the spelling of the path."},
    {ENOTDIR, "Check the path: one of its directories is a file."},
    {EISDIR, "Give the path of a file: this is a directory."},
    {EMFILE, "Raise the limit of open files (ulimit -n)."},
}};

std::string_view remedy_for(int error_number) {
  for (const Remedy& remedy : kRemedies) {
    if (remedy.error_number == error_number) return remedy.text;
  }
  return {};
}

/// Owns a file descriptor; closing errors of files that were synced do not matter.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return number_; }

 private:
  int number_;
};

/// Removes the temporary file unless it was renamed.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string path) : path_(std::move(path)) {}
  ~TemporaryFile() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  void keep() { path_.clear(); }

 private:
  std::string path_;
};

/// False with errno set.
bool write_all(int descriptor, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(descriptor, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

std::filesystem::path directory_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

}  // namespace

std::unexpected<Error> fail_with_errno(int error_number, std::string_view action, const std::filesystem::path& path) {
  return fail(ErrorKind::local_io, Scope::run,
              fmt::format("cannot {} {}: {}", action, path.string(), std::generic_category().message(error_number)),
              std::string(remedy_for(error_number)));
}

Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (file.get() < 0) return fail_with_errno(errno, "read", path);
  std::string content;
  std::array<char, 16384> buffer;
  while (true) {
    const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_with_errno(errno, "read", path);
    if (count == 0) return content;
    if (static_cast<std::size_t>(count) > limit - content.size()) {
      return fail(ErrorKind::local_io, Scope::run,
                  fmt::format("{} is larger than the {} octets that are allowed here", path.string(), limit),
                  "Check that this is the file you meant.");
    }
    content.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

Result<> write_file_atomically(const std::filesystem::path& path, std::string_view content) {
  std::string name = path.string() + ".XXXXXX";
  // mkostemp() makes it with mode 0600.
  const Descriptor file(::mkostemp(name.data(), O_CLOEXEC));
  if (file.get() < 0) return fail_with_errno(errno, "write", path);
  TemporaryFile temporary(name);
  if (!write_all(file.get(), content) || ::fsync(file.get()) != 0) return fail_with_errno(errno, "write", path);
  if (::rename(name.c_str(), path.c_str()) != 0) return fail_with_errno(errno, "write", path);
  temporary.keep();
  return sync_directory(directory_of(path));
}

Result<> create_private_directory(const std::filesystem::path& path) {
  if (path.empty() || ::mkdir(path.c_str(), 0700) == 0) return {};
  const int reason = errno;
  std::error_code ignored;
  if (reason == EEXIST && std::filesystem::is_directory(path, ignored)) return {};
  if (reason != ENOENT) return fail_with_errno(reason == EEXIST ? ENOTDIR : reason, "create the directory", path);
  // A trailing slash makes the parent the same directory without it; both end well.
  CHECK_OK(create_private_directory(path.parent_path()));
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return fail_with_errno(errno, "create the directory", path);
  return {};
}

Result<> sync_directory(const std::filesystem::path& path) {
  const Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0) return fail_with_errno(errno, "open the directory", path);
  // Some network file systems cannot sync a directory and say EINVAL; a rename is all they offer.
  if (::fsync(directory.get()) != 0 && errno != EINVAL) return fail_with_errno(errno, "write the directory", path);
  return {};
}

}  // namespace mailferry
