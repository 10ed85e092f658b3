#include "db/migrations.hpp"

#include "db/transaction.hpp"

#include <fmt/format.h>

namespace mailferry::db {
namespace {

std::unexpected<Error> foreign_file(const Connection& connection, const Format& format) {
  return fail(ErrorKind::state_corrupt, Scope::run,
              fmt::format("{} is not a {} file but a database of another program", connection.path(), format.name),
              "choose another file; this one was left as it is");
}

std::unexpected<Error> newer_version(const Connection& connection, const Format& format, std::int64_t version) {
  return fail(ErrorKind::state_corrupt, Scope::run,
              fmt::format("{} is a {} file of version {}, written by a newer program; this one knows versions up to {}",
                          connection.path(), format.name, version, format.migrations.size()),
              "upgrade this program or choose another file; this one was left as it is");
}

Result<> check_pages(Connection& connection) {
  TRY(Statement check, connection.prepare("PRAGMA quick_check(1)"));
  TRY(const bool has_row, check.step());
  if (has_row && check.text(0) == "ok") return {};
  std::string finding(has_row ? check.text(0) : "no answer");
  for (char& octet : finding) {
    if (octet == '\n') octet = ' ';
  }
  return fail(ErrorKind::state_corrupt, Scope::run, fmt::format("{} is damaged ({})", connection.path(), finding),
              "restore the file from a backup, or move it away to begin a new one");
}

}  // namespace

Result<> check_format(Connection& connection, const Format& format) {
  TRY(const std::int64_t tables, connection.integer("SELECT count(*) FROM sqlite_schema"));
  TRY(const std::int64_t application, connection.integer("PRAGMA application_id"));
  TRY(const std::int64_t version, connection.integer("PRAGMA user_version"));
  if (tables == 0 && application == 0 && version == 0) return {};
  if (application != static_cast<std::int64_t>(format.application_id) || version < 1)
    return foreign_file(connection, format);
  if (version > static_cast<std::int64_t>(format.migrations.size())) return newer_version(connection, format, version);
  if (tables == 0)
    return fail(ErrorKind::state_corrupt, Scope::run,
                fmt::format("{} is damaged: its tables are gone", connection.path()),
                "restore the file from a backup, or move it away to begin a new one");
  return check_pages(connection);
}

Result<> migrate(Connection& connection, const Format& format) {
  TRY(const std::int64_t version, connection.integer("PRAGMA user_version"));
  for (auto step = static_cast<std::size_t>(version); step < format.migrations.size(); ++step) {
    TRY(Transaction transaction, Transaction::begin(connection));
    CHECK_OK(connection.execute(std::string(format.migrations[step])));
    CHECK_OK(connection.execute(
        fmt::format("PRAGMA application_id={}; PRAGMA user_version={}", format.application_id, step + 1)));
    CHECK_OK(transaction.commit());
  }
  return {};
}

}  // namespace mailferry::db
