#include "base/files.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

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

/// The place where a chain of links ends, where nothing need be yet: the links are the user's and stay. Not those of
/// somebody else, who may have put one where a file is expected.
Result<std::filesystem::path> follow_links(std::filesystem::path path) {
  constexpr int kMostLinks = 40;  // as many as the kernel follows
  for (int links = 0; links <= kMostLinks; ++links) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0 || !S_ISLNK(status.st_mode)) return path;
    if (status.st_uid != ::geteuid() && status.st_uid != 0)
      return fail(ErrorKind::local_io, Scope::run,
                  fmt::format("cannot write {}: it is a link of another user", path.string()),
                  "Give the path of the file itself.");
    std::error_code code;
    const auto target = std::filesystem::read_symlink(path, code);
    if (code) return fail_with_errno(code.value(), "read the link", path);
    path = target.is_absolute() ? target : directory_of(path) / target;
  }
  return fail_with_errno(ELOOP, "write", path);
}

/// A device, a pipe or a socket would be gone, and a file in its place.
Result<> check_replaceable(const std::filesystem::path& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 || S_ISREG(status.st_mode)) return {};
  if (S_ISDIR(status.st_mode)) return fail_with_errno(EISDIR, "write", path);
  return fail(ErrorKind::local_io, Scope::run, fmt::format("cannot write {}: it is no regular file", path.string()),
              "Give the path of a file, or one where nothing is yet.");
}

std::string link_to(int descriptor) {
  return fmt::format("/proc/self/fd/{}", descriptor);
}

/// A name beside `path` for a file that has none. Nobody but a crash at this very moment leaves it behind.
Result<std::string> give_name(int descriptor, const std::filesystem::path& path) {
  constexpr int kTries = 100;
  for (int number = 0; number < kTries; ++number) {
    auto name = fmt::format("{}.{}-{}", path.string(), ::getpid(), number);
    if (::linkat(AT_FDCWD, link_to(descriptor).c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0) return name;
    if (errno != EEXIST) return fail_with_errno(errno, "write", path);
  }
  return fail_with_errno(EEXIST, "write", path);
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

AtomicFile::AtomicFile(std::filesystem::path path, std::string temporary, int descriptor)
    : path_(std::move(path)), temporary_(std::move(temporary)), descriptor_(descriptor) {}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})),
      descriptor_(std::exchange(other.descriptor_, -1)),
      buffer_(std::move(other.buffer_)) {}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Result<AtomicFile> AtomicFile::create(const std::filesystem::path& path) {
  TRY(const auto target, follow_links(path));
  CHECK_OK(check_replaceable(target));
  const auto directory = directory_of(target);
  const int nameless = ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (nameless >= 0 && ::access(link_to(nameless).c_str(), F_OK) == 0) return AtomicFile(target, {}, nameless);
  if (nameless >= 0) ::close(nameless);
  std::string name = target.string() + ".XXXXXX";
  // mkostemp() makes it with mode 0600.
  const int descriptor = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor < 0) return fail_with_errno(errno, "write", path);
  return AtomicFile(target, std::move(name), descriptor);
}

Result<> AtomicFile::flush() {
  if (!write_all(descriptor_, buffer_)) return fail_with_errno(errno, "write", path_);
  buffer_.clear();
  return {};
}

Result<> AtomicFile::write(std::string_view content) {
  constexpr std::size_t kBuffer = 64 * 1024;
  buffer_ += content;
  return buffer_.size() < kBuffer ? Result<>{} : flush();
}

Result<> AtomicFile::commit() {
  CHECK_OK(flush());
  if (::fsync(descriptor_) != 0) return fail_with_errno(errno, "write", path_);
  if (temporary_.empty()) {
    TRY(temporary_, give_name(descriptor_, path_));
  }
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) return fail_with_errno(errno, "write", path_);
  temporary_.clear();
  return sync_directory(directory_of(path_));
}

Result<> write_file_atomically(const std::filesystem::path& path, std::string_view content) {
  TRY(auto file, AtomicFile::create(path));
  CHECK_OK(file.write(content));
  return file.commit();
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
