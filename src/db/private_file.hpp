// Files and directories that only their owner may read, made so that they survive a power cut.
#pragma once

#include "base/result.hpp"

#include <string>

namespace mailferry::db {

/// Makes the directory of `file` and every missing parent (0700); existing ones keep their mode. Error{local_io, run}.
[[nodiscard]] Result<> make_private_parents(const std::string& file);

/// Makes an empty `file` (0600) unless there is one, and makes the name durable. Error{local_io, run}, also when an
/// existing file cannot be opened for writing.
[[nodiscard]] Result<> make_private_file(const std::string& file);

}  // namespace mailferry::db
