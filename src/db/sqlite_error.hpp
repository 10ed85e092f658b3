// SQLite's result codes in the words of this program.
#pragma once

#include "base/result.hpp"

#include <string>

struct sqlite3;

namespace mailferry::db {

/// The Error for a result code that is not a success: kind and remedy by code, the file named, and the cause as the
/// operating system or SQLite tells it. Scope run. `path` must be the database that `handle` has open; `handle` may be
/// null.
[[nodiscard]] Error sqlite_error(sqlite3* handle, int code, const std::string& path);

/// The same, with the path that SQLite has for `handle`.
[[nodiscard]] Error sqlite_error(sqlite3* handle, int code);

}  // namespace mailferry::db
