// Small files, whole: configuration, secrets, tokens, reports. Errors are of kind local_io, scope run, and name the
// path, the reason and what can be done about it.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace mailferry {

/// Makes an error from errno: "cannot <action> <path>: <reason>" with a remedy where there is one. All are of kind
/// local_io: kind permission is for what a mail server refuses.
[[nodiscard]] std::unexpected<Error> fail_with_errno(int error_number, std::string_view action,
                                                     const std::filesystem::path& path);

/// The whole file; an error when it has more than `limit` octets (pipes and devices are read to their end or the
/// limit).
[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit);

/// Replaces or makes the file, readable by its owner only. After success it is on disk; after any failure or crash the
/// old content is there, whole.
[[nodiscard]] Result<> write_file_atomically(const std::filesystem::path& path, std::string_view content);

/// The same piece by piece: nothing is at `path` before commit(), and nothing stays when that is not called.
class AtomicFile {
 public:
  [[nodiscard]] static Result<AtomicFile> create(const std::filesystem::path& path);
  ~AtomicFile();
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&&) = delete;
  [[nodiscard]] Result<> write(std::string_view content);
  /// On disk when this returns. Nothing may be called after it.
  [[nodiscard]] Result<> commit();

 private:
  AtomicFile(std::filesystem::path path, std::string temporary, int descriptor);
  [[nodiscard]] Result<> flush();

  std::filesystem::path path_;
  std::string temporary_;  // empty: renamed
  int descriptor_;
  std::string buffer_;
};

/// Makes the directory and its missing parents, for the owner only. One that exists is left as it is.
[[nodiscard]] Result<> create_private_directory(const std::filesystem::path& path);

/// Makes a rename or a new file in this directory durable.
[[nodiscard]] Result<> sync_directory(const std::filesystem::path& path);

}  // namespace mailferry
