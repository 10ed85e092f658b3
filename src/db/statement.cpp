#include "db/statement.hpp"

#include "db/sqlite_error.hpp"

#include <sqlite3.h>

#include <cerrno>

namespace mailferry::db {

void StatementDeleter::operator()(sqlite3_stmt* statement) const noexcept {
  sqlite3_finalize(statement);
}

Statement::~Statement() {
  if (!statement_) return;
  reset();
  sqlite3_clear_bindings(statement_.get());
  *home_ = std::move(statement_);
}

void Statement::reset() noexcept {
  sqlite3_reset(statement_.get());
  bind_error_ = SQLITE_OK;
}

void Statement::bind_integer(int index, std::int64_t value) noexcept {
  const int code = sqlite3_bind_int64(statement_.get(), index, value);
  if (code != SQLITE_OK) bind_error_ = code;
}

void Statement::bind_text(int index, std::string_view value) noexcept {
  // A null pointer would store NULL instead of the empty text.
  const char* data = value.data() != nullptr ? value.data() : "";
  const int code = sqlite3_bind_text64(statement_.get(), index, data, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  if (code != SQLITE_OK) bind_error_ = code;
}

Result<bool> Statement::step() {
  sqlite3* handle = sqlite3_db_handle(statement_.get());
  if (bind_error_ != SQLITE_OK) return std::unexpected(sqlite_error(handle, bind_error_));
  errno = 0;  // sqlite_error() looks at it for what SQLite does not tell
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return std::unexpected(sqlite_error(handle, code));
}

Result<> Statement::finish() {
  for (;;) {
    TRY(const bool more, step());
    if (!more) break;
  }
  reset();
  return {};
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string_view Statement::text(int column) const {
  const void* data = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  if (data == nullptr) return {};
  return {static_cast<const char*>(data), static_cast<std::size_t>(size)};
}

}  // namespace mailferry::db
