// One SQLite file, open for one process. The only room that names SQLite; what its settings are for:
// docs/formats/state.md.
#pragma once

#include "base/result.hpp"
#include "db/file_lock.hpp"
#include "db/statement.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

struct sqlite3;

namespace mailferry::db {

/// What kind of file it is, so that no other is touched. The version of a file is the number of migrations it has had.
struct Format {
  /// "MFst" as a big-endian number in the file's header (PRAGMA application_id); not zero. Values are on disk.
  std::uint32_t application_id = 0;
  /// In errors: "mailferry state".
  std::string_view name;
  /// Each a list of SQL statements that leads from version n to n + 1. Never edited once released; only appended to.
  std::span<const std::string_view> migrations;
};

struct Limits {
  /// Pages held in memory.
  int cache_kibibytes = 1024;
  /// The write-ahead log is copied into the file when it has so many pages of 4 KiB.
  int checkpoint_pages = 1000;
  /// How long to wait for a foreign program (sqlite3, a backup) that has the file open.
  std::chrono::milliseconds busy{2000};
};

/// Not thread-safe.
class Connection {
 public:
  /// Opens or creates `path` (0600, missing directories 0700), locks it and brings it to the newest version.
  /// Error{local_io} "in use by process N", after a second; Error{local_io} what the disk refuses; Error{state_corrupt}
  /// for a damaged file, one of another format or of a newer version: these are left as they are. All of scope run.
  [[nodiscard]] static Result<Connection> open(const std::string& path, const Format& format,
                                               const Limits& limits = {});

  /// Opens a database of another program, of whatever format; `path` must be a private copy (db/foreign_copy.hpp), as
  /// SQLite may write to it. Errors as open(); a damaged one is Error{state_corrupt}.
  [[nodiscard]] static Result<Connection> open_copy(const std::string& path);

  Connection(Connection&&) noexcept = default;
  Connection& operator=(Connection&&) = delete;
  /// Copies the write-ahead log into the file, removes it and unlocks.
  ~Connection() = default;

  /// A statement out of the cache. `sql` must be one statement.
  [[nodiscard]] Result<Statement> prepare(std::string_view sql);
  /// Runs several statements whose answers do not matter.
  [[nodiscard]] Result<> execute(const std::string& sql);
  /// The first column of the only row, for PRAGMA and count(*).
  [[nodiscard]] Result<std::int64_t> integer(std::string_view sql);
  /// The rows that the last INSERT, UPDATE or DELETE changed.
  [[nodiscard]] std::int64_t changes() const;
  /// Whether a transaction is open; SQLite itself ends one after some errors.
  [[nodiscard]] bool in_transaction() const;

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  struct Deleter {
    void operator()(sqlite3* handle) const noexcept;
  };
  struct TextHash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  Connection(std::string path, FileLock lock) : path_(std::move(path)), lock_(std::move(lock)) {}
  [[nodiscard]] Result<> open_file(const Limits& limits);
  [[nodiscard]] Result<> use_write_ahead_log(const Limits& limits);
  void keep_log_on_close(bool keep);

  // Destroyed from the last to the first: statements before the file, the file before its lock.
  std::string path_;
  FileLock lock_;
  std::unique_ptr<sqlite3, Deleter> handle_;
  std::unordered_map<std::string, StatementHandle, TextHash, std::equal_to<>> statements_;
};

}  // namespace mailferry::db
