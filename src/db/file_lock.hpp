// One process at a time for one file. The kernel drops the lock with the process, however that ends.
#pragma once

#include "base/result.hpp"

#include <string>

namespace mailferry::db {

class FileLock {
 public:
  /// Locks `path` by flock on the side file `path`.lock, which holds the process id as text. Does not wait.
  /// Error{local_io, run} "… is in use by process N"; Error{local_io, run} when the side file cannot be made.
  [[nodiscard]] static Result<FileLock> acquire(const std::string& path);

  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&&) = delete;
  /// Removes the side file and unlocks.
  ~FileLock();

 private:
  FileLock(std::string side_file, int descriptor);
  std::string side_file_;
  int descriptor_;
};

}  // namespace mailferry::db
