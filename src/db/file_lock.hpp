// One process at a time for one file. The kernel drops the lock with the process, however that ends.
#pragma once

#include "base/result.hpp"

#include <chrono>
#include <string>

namespace mailferry::db {

class FileLock {
 public:
  /// Locks `path` by flock on the side file `path`.lock, which holds the process id as text. Blocks for
  /// `patience` at most, for a process that is ending. Error{local_io, run} "… is in use by process N" after that;
  /// Error{local_io, run} when the side file cannot be made.
  [[nodiscard]] static Result<FileLock> acquire(const std::string& path, std::chrono::milliseconds patience = {});

  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&&) = delete;
  /// Removes the side file and unlocks.
  ~FileLock();

 private:
  FileLock(std::string side_file, int descriptor);
  static Result<FileLock> acquire_now(const std::string& path);
  std::string side_file_;
  int descriptor_;
};

}  // namespace mailferry::db
