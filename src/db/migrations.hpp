// Which file this is (PRAGMA application_id), which version it has (PRAGMA user_version), and how it becomes the
// newest.
#pragma once

#include "db/connection.hpp"

namespace mailferry::db {

/// Reads only. Passes an empty database and an undamaged one of `format` in a version that is known.
/// Error{state_corrupt, run} otherwise.
[[nodiscard]] Result<> check_format(Connection& connection, const Format& format);

/// Runs the migrations that the file has not had, each in a transaction of its own.
[[nodiscard]] Result<> migrate(Connection& connection, const Format& format);

}  // namespace mailferry::db
