// A folder of its own for a fuzz target that needs files: in memory where the system has a place for that.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

/// Removed with what is in it when the process ends in an orderly way.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  [[nodiscard]] std::string file(std::string_view name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

/// Ends the process when it cannot.
void write_whole(const std::string& file, std::string_view octets);
/// Empty when there is no such file.
[[nodiscard]] std::string read_whole(const std::string& file);
