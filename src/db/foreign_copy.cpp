#include "db/foreign_copy.hpp"

#include "base/files.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace mailferry::db {
namespace {

/// Where SQLite puts the locks of a connection (sqlite.org/fileformat2.html, "Lock-Byte Page"; and in the index of a
/// write-ahead log).
constexpr off_t kLocks = 0x40000000;
constexpr off_t kLockCount = 512;
constexpr off_t kIndexLocks = 120;
constexpr off_t kIndexLockCount = 9;

constexpr std::array<std::string_view, 2> kLogs{"-wal", "-journal"};

/// Whether another process has locks there. One that cannot be looked at has none.
bool is_locked(const std::string& path, off_t from, off_t count) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (file < 0) return false;
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = from;
  lock.l_len = count;
  const bool is_free = ::fcntl(file, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK;
  ::close(file);
  return !is_free;
}

Result<> check_unused(const std::string& path) {
  if (!is_locked(path, kLocks, kLockCount) && !is_locked(path + "-shm", kIndexLocks, kIndexLockCount)) return {};
  return fail(ErrorKind::usage, Scope::run, fmt::format("{} is in use by another program", path),
              "stop the program that writes it, then start again", Retry::later);
}

Result<> copy_file(const std::string& from, const std::string& to) {
  std::error_code error;
  std::filesystem::copy_file(from, to, error);
  if (error) return fail_with_errno(error.value(), "copy", from);
  return {};
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

}  // namespace

ForeignCopy::Folder::~Folder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

Result<ForeignCopy::Folder> ForeignCopy::make_folder() {
  std::error_code error;
  const auto parent = std::filesystem::temp_directory_path(error);
  std::string pattern = (parent / "mailferry-XXXXXX").string();
  // mkdtemp() makes it with mode 0700.
  if (error || ::mkdtemp(pattern.data()) == nullptr)
    return fail_with_errno(error ? error.value() : errno, "make a temporary directory in", parent);
  return Folder(pattern);
}

Result<> ForeignCopy::fill() {
  CHECK_OK(copy_file(original_, copy()));
  for (const auto ending : kLogs) {
    std::error_code ignored;
    const std::string log = original_ + std::string(ending);
    if (std::filesystem::exists(log, ignored)) CHECK_OK(copy_file(log, copy() + std::string(ending)));
  }
  return {};
}

Result<ForeignCopy> ForeignCopy::make(const std::string& path) {
  CHECK_OK(check_unused(path));
  TRY(auto folder, make_folder());
  ForeignCopy made(path, std::move(folder));
  CHECK_OK(made.fill());
  auto connection = Connection::open_copy(made.copy());
  if (!connection) return std::unexpected(made.about_original(connection.error()));
  made.connection_ = std::make_unique<Connection>(*std::move(connection));
  return made;
}

Result<bool> ForeignCopy::has_table(std::string_view name) {
  TRY(Statement found, connection_->prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?1"));
  found.bind(name);
  return found.step();
}

Error ForeignCopy::about_original(Error error) const {
  error.message = replaced(std::move(error.message), copy(), original_);
  error.remedy.clear();
  return error;
}

}  // namespace mailferry::db
