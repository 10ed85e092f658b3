#include "db/connection.hpp"

#include "db/migrations.hpp"
#include "db/private_file.hpp"
#include "db/sqlite_error.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <filesystem>
#include <system_error>

namespace mailferry::db {

namespace {

/// A bridge that is told to restart is not to fail because the one before takes a moment to be gone.
constexpr std::chrono::milliseconds kWhileOneEnds{1000};

/// SQLite takes an empty file for a new one and removes the log beside it, which may be all that is left.
Result<> check_not_cut_off(const std::string& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  // SQLite writes over a file of one octet.
  if (!error && size == 1)
    return fail(ErrorKind::state_corrupt, Scope::run, fmt::format("{} is not a database", file),
                "choose another file; this one was left as it is");
  if (error || size > 0) return {};
  const auto log = std::filesystem::file_size(file + "-wal", error);
  if (error || log == 0) return {};
  return fail(ErrorKind::state_corrupt, Scope::run, fmt::format("{} is empty, but its log {}-wal is not", file, file),
              "restore both from a backup, or move both away to begin a new one; they were left as they are");
}

}  // namespace

void Connection::Deleter::operator()(sqlite3* handle) const noexcept {
  sqlite3_close(handle);
}

Result<Connection> Connection::open(const std::string& path, const Format& format, const Limits& limits) {
  // An absolute path keeps SQLite from taking ":memory:" and the like for something else than a file.
  std::error_code error;
  std::string file = std::filesystem::absolute(path, error).string();
  if (error) {
    return fail(ErrorKind::usage, Scope::run, fmt::format("\"{}\" cannot name a file: {}", path, error.message()),
                "give the state file a path");
  }
  CHECK_OK(make_private_parents(file));
  TRY(FileLock lock, FileLock::acquire(file, kWhileOneEnds));
  CHECK_OK(make_private_file(file));
  CHECK_OK(check_not_cut_off(file));
  Connection connection(std::move(file), std::move(lock));
  CHECK_OK(connection.open_file(limits));
  CHECK_OK(check_format(connection, format));
  CHECK_OK(connection.use_write_ahead_log(limits));
  CHECK_OK(migrate(connection, format));
  connection.keep_log_on_close(false);
  return connection;
}

Result<Connection> Connection::open_copy(const std::string& path) {
  TRY(FileLock lock, FileLock::acquire(path));
  Connection connection(path, std::move(lock));
  CHECK_OK(connection.open_file(Limits{}));
  std::string finding;
  {
    TRY(Statement check, connection.prepare("PRAGMA quick_check(1)"));
    TRY(const bool has_row, check.step());
    finding = has_row ? check.text(0) : "";
  }
  if (finding == "ok") return connection;
  return fail(ErrorKind::state_corrupt, Scope::run, fmt::format("{} is damaged ({})", path, finding));
}

Result<> Connection::open_file(const Limits& limits) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path_.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  handle_.reset(handle);
  if (code != SQLITE_OK) return std::unexpected(sqlite_error(handle, code, path_));
  keep_log_on_close(true);
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, static_cast<int>(limits.busy.count()));
  // locking_mode before the first read: the index of the log then lives on the heap, without a third file.
  return execute(
      fmt::format("PRAGMA locking_mode=EXCLUSIVE; PRAGMA cache_size=-{}; PRAGMA mmap_size=0; PRAGMA synchronous=FULL; "
                  "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF",
                  limits.cache_kibibytes));
}

Result<> Connection::use_write_ahead_log(const Limits& limits) {
  {
    TRY(Statement mode, prepare("PRAGMA journal_mode=WAL"));
    TRY(const bool has_row, mode.step());
    if (!has_row || mode.text(0) != "wal") {
      return fail(ErrorKind::local_io, Scope::run, fmt::format("{} cannot have a write-ahead log", path_),
                  "choose a file on a local disk");
    }
  }
  constexpr int kPageBytes = 4096;
  return execute(fmt::format("PRAGMA wal_autocheckpoint={}; PRAGMA journal_size_limit={}", limits.checkpoint_pages,
                             2 * limits.checkpoint_pages * kPageBytes));
}

void Connection::keep_log_on_close(bool keep) {
  sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keep ? 1 : 0, nullptr);
}

Result<Statement> Connection::prepare(std::string_view sql) {
  auto slot = statements_.find(sql);
  if (slot == statements_.end()) slot = statements_.try_emplace(std::string(sql)).first;
  if (slot->second) return Statement(std::move(slot->second), slot->second);
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return std::unexpected(sqlite_error(handle_.get(), code, path_));
  return Statement(StatementHandle(statement), slot->second);
}

Result<> Connection::execute(const std::string& sql) {
  const int code = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return std::unexpected(sqlite_error(handle_.get(), code, path_));
  return {};
}

Result<std::int64_t> Connection::integer(std::string_view sql) {
  TRY(Statement statement, prepare(sql));
  TRY(const bool has_row, statement.step());
  return has_row ? statement.integer(0) : 0;
}

std::int64_t Connection::changes() const {
  return sqlite3_changes64(handle_.get());
}

bool Connection::in_transaction() const {
  return sqlite3_get_autocommit(handle_.get()) == 0;
}

}  // namespace mailferry::db
