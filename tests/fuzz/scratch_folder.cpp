#include "fuzz/scratch_folder.hpp"

#include "fuzz/law.hpp"

#include <fstream>
#include <iterator>
#include <system_error>

ScratchFolder::ScratchFolder() {
  std::error_code ignored;
  const bool has_memory = std::filesystem::is_directory("/dev/shm", ignored);
  const auto parent = has_memory ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path();
  auto name = (parent / "mailferry-fuzz-XXXXXX").string();
  require_law("a folder can be made", ::mkdtemp(name.data()) != nullptr);
  path_ = name;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void write_whole(const std::string& file, std::string_view octets) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out.write(octets.data(), static_cast<std::streamsize>(octets.size()));
  out.close();
  require_law("a file can be written", out.good());
}

std::string read_whole(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
