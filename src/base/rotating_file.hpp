// A log file that does not grow for ever: when it is full it becomes FILE.1.zst, and the older ones FILE.2.zst …
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace mailferry::log {

/// Not thread-safe. Nothing that was written is lost but by its age: what cannot be renamed or compressed stays as it
/// is.
class RotatingFile {
 public:
  /// Opens or makes `path` (0600) and finishes a rotation that was broken off. `most_octets` 0: never rotated;
  /// `most_files`: how many rotated ones are kept. Error{local_io}.
  [[nodiscard]] static Result<RotatingFile> open(std::string path, std::uint64_t most_octets, unsigned most_files);

  RotatingFile(RotatingFile&& other) noexcept;
  RotatingFile& operator=(RotatingFile&&) = delete;
  ~RotatingFile();

  /// Rotates first when the file would grow beyond its limit. False: the line could not be written.
  bool write(std::string_view line);

 private:
  RotatingFile(std::string path, std::uint64_t most_octets, unsigned most_files)
      : path_(std::move(path)), most_octets_(most_octets), most_files_(most_files) {}
  [[nodiscard]] bool reopen();
  void rotate();
  void shift() const;
  void compress_newest() const;
  [[nodiscard]] std::string rotated(unsigned number) const { return path_ + "." + std::to_string(number); }

  std::string path_;
  std::uint64_t most_octets_;
  unsigned most_files_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

}  // namespace mailferry::log
