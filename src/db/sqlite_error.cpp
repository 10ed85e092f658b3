#include "db/sqlite_error.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace mailferry::db {
namespace {

struct Row {
  int code;  // primary result code
  ErrorKind kind;
  Retry retry;
  const char* sentence;  // of one argument, the path
  const char* remedy;
};

constexpr const char* kFreeSpace = "free some space there and run again; what was stored before is intact";
constexpr const char* kReplace = "restore the file from a backup, or move it away to begin a new one";
constexpr const char* kAccess = "make the file and its directory readable and writable, or choose another file";

constexpr std::array kRows = {
    Row{SQLITE_FULL, ErrorKind::local_io, Retry::later, "no room is left on the disk of {}", kFreeSpace},
    Row{SQLITE_CORRUPT, ErrorKind::state_corrupt, Retry::never, "{} is damaged", kReplace},
    Row{SQLITE_NOTADB, ErrorKind::state_corrupt, Retry::never, "{} is damaged or is not a database", kReplace},
    Row{SQLITE_CONSTRAINT, ErrorKind::state_corrupt, Retry::never, "{} refuses what contradicts its contents",
        kReplace},
    Row{SQLITE_MISMATCH, ErrorKind::state_corrupt, Retry::never, "{} refuses a value of another type", kReplace},
    Row{SQLITE_BUSY, ErrorKind::local_io, Retry::later, "{} is in use by another process",
        "stop that process, then run again"},
    Row{SQLITE_LOCKED, ErrorKind::local_io, Retry::later, "{} is locked", "stop the other process, then run again"},
    Row{SQLITE_READONLY, ErrorKind::local_io, Retry::never, "{} cannot be written", kAccess},
    Row{SQLITE_CANTOPEN, ErrorKind::local_io, Retry::never, "{} cannot be opened", kAccess},
    Row{SQLITE_PERM, ErrorKind::local_io, Retry::never, "{} may not be accessed", kAccess},
    Row{SQLITE_IOERR, ErrorKind::local_io, Retry::never, "{} cannot be read or written",
        "check the disk and the permissions, then run again; what was stored before is intact"},
};
constexpr Row kOther = {SQLITE_ERROR, ErrorKind::local_io, Retry::never, "the database {} does not work",
                        "this should not happen: please report it"};

const Row& row_of(int code) {
  for (const Row& row : kRows) {
    if (row.code == (code & 0xff)) return row;
  }
  return kOther;
}

/// What the operating system said, 0 if nothing. SQLite forgets it where a COMMIT fails; then errno still has it.
int system_error(sqlite3* handle, int code, int current) {
  const bool told_by_os = (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN;
  if (handle == nullptr || !told_by_os) return 0;
  const int recorded = sqlite3_system_errno(handle);
  return recorded != 0 ? recorded : current;
}

/// A quota and a file size limit are told as plain write errors.
bool is_out_of_space(int code, int os_error) {
  return (code & 0xff) == SQLITE_IOERR && (os_error == ENOSPC || os_error == EDQUOT || os_error == EFBIG);
}

}  // namespace

Error sqlite_error(sqlite3* handle, int code, const std::string& path) {
  const int os_error = system_error(handle, code, errno);
  const Row& row = row_of(is_out_of_space(code, os_error) ? SQLITE_FULL : code);
  std::string cause = sqlite3_errstr(code);
  if (os_error != 0) {
    cause = std::generic_category().message(os_error);
  } else if (handle != nullptr && sqlite3_extended_errcode(handle) == code) {
    cause = sqlite3_errmsg(handle);
  }
  return Error{.kind = row.kind,
               .scope = Scope::run,
               .retry = row.retry,
               .retry_after = {},
               .message = fmt::format("{} ({})", fmt::format(fmt::runtime(row.sentence), path), cause),
               .remedy = row.remedy,
               .trail = {}};
}

Error sqlite_error(sqlite3* handle, int code) {
  const char* path = handle != nullptr ? sqlite3_db_filename(handle, "main") : nullptr;
  return sqlite_error(handle, code, path != nullptr ? path : "the database");
}

}  // namespace mailferry::db
