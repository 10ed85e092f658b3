// A directory of its own for a test that needs files, and what the tests of db and state do with files.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace mailferry::test {

enum class Medium { disk, memory };

/// Removed with everything in it when the object dies.
class TemporaryDirectory {
 public:
  /// In memory, where there is such a place, an fsync costs nothing: for tests that need thousands.
  explicit TemporaryDirectory(Medium medium = Medium::disk) {
    const bool in_memory = medium == Medium::memory && ::access("/dev/shm", W_OK | X_OK) == 0;
    const std::filesystem::path parent = in_memory ? "/dev/shm" : std::filesystem::temp_directory_path();
    std::string pattern = (parent / "mailferry-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary directory");
    path_ = pattern;
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

inline std::string read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

inline void write_file(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

inline unsigned mode_of(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 0777U : 0;
}

/// As an ordinary user while it lives: root may write everywhere, so read-only directories mean nothing to it.
class WithoutRoot {
 public:
  WithoutRoot() : was_root_(::geteuid() == 0) { changed_ = !was_root_ || ::seteuid(65534) == 0; }
  WithoutRoot(const WithoutRoot&) = delete;
  WithoutRoot& operator=(const WithoutRoot&) = delete;
  ~WithoutRoot() {
    if (was_root_ && changed_) [[maybe_unused]]
      const int back = ::seteuid(0);
  }
  [[nodiscard]] bool is_possible() const { return changed_; }

 private:
  bool was_root_;
  bool changed_ = false;
};

}  // namespace mailferry::test
