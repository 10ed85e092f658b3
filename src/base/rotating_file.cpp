#include "base/rotating_file.hpp"

#include "base/files.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>
#include <zstd.h>

namespace mailferry::log {
namespace {

constexpr const char* kEnding = ".zst";
constexpr mode_t kMode = 0600;

bool write_whole(int descriptor, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t written = ::write(descriptor, data, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    data += written;
    size -= static_cast<std::size_t>(written);
  }
  return true;
}

struct Descriptor {
  int number;
  explicit Descriptor(int opened) : number(opened) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

using Context = std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)>;

/// Feeds `in` through the compressor; at the end of the file the frame is finished.
bool compress_some(ZSTD_CCtx* context, ZSTD_inBuffer in, ZSTD_EndDirective mode, std::vector<char>& buffer, int to) {
  for (;;) {
    ZSTD_outBuffer out{buffer.data(), buffer.size(), 0};
    const auto left = ZSTD_compressStream2(context, &out, &in, mode);
    if (ZSTD_isError(left) != 0 || !write_whole(to, buffer.data(), out.pos)) return false;
    if (mode == ZSTD_e_end ? left == 0 : in.pos == in.size) return true;
  }
}

bool compress(int from, int to) {
  const Context context(ZSTD_createCCtx(), ZSTD_freeCCtx);
  std::vector<char> input(ZSTD_CStreamInSize());
  std::vector<char> output(ZSTD_CStreamOutSize());
  if (!context) return false;
  for (;;) {
    const ssize_t count = ::read(from, input.data(), input.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    const auto mode = count == 0 ? ZSTD_e_end : ZSTD_e_continue;
    if (!compress_some(context.get(), {input.data(), static_cast<std::size_t>(count), 0}, mode, output, to))
      return false;
    if (count == 0) return ::fsync(to) == 0;
  }
}

/// The compressed file is there whole or not at all.
bool compress_file(const std::string& from, const std::string& to) {
  const std::string temporary = to + ".new";
  const Descriptor source(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
  if (source.number < 0) return false;
  const Descriptor target(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kMode));
  if (target.number >= 0 && compress(source.number, target.number) && ::rename(temporary.c_str(), to.c_str()) == 0)
    return true;
  ::unlink(temporary.c_str());
  return false;
}

}  // namespace

Result<RotatingFile> RotatingFile::open(std::string path, std::uint64_t most_octets, unsigned most_files) {
  RotatingFile file(std::move(path), most_octets, most_files);
  if (!file.reopen()) return fail_with_errno(errno, "write the log", file.path_);
  file.compress_newest();
  return file;
}

RotatingFile::RotatingFile(RotatingFile&& other) noexcept
    : path_(std::move(other.path_)),
      most_octets_(other.most_octets_),
      most_files_(other.most_files_),
      descriptor_(std::exchange(other.descriptor_, -1)),
      size_(other.size_) {}

RotatingFile::~RotatingFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool RotatingFile::reopen() {
  const int opened = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, kMode);
  if (opened < 0) return false;
  struct stat status {};
  if (::fstat(opened, &status) != 0) {
    ::close(opened);
    return false;
  }
  // One that was there before may be open to others; a device or a pipe is not ours to change.
  if (S_ISREG(status.st_mode)) [[maybe_unused]]
    const int changed = ::fchmod(opened, kMode);
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = opened;
  size_ = S_ISREG(status.st_mode) ? static_cast<std::uint64_t>(status.st_size) : 0;
  return true;
}

bool RotatingFile::write(std::string_view line) {
  if (most_octets_ != 0 && size_ != 0 && size_ + line.size() > most_octets_) rotate();
  if (!write_whole(descriptor_, line.data(), line.size())) return false;
  size_ += line.size();
  return true;
}

void RotatingFile::rotate() {
  shift();
  // Where the file cannot be renamed, the old one goes on growing: better than lines that are nowhere.
  const bool moved = most_files_ == 0 ? ::unlink(path_.c_str()) == 0 : ::rename(path_.c_str(), rotated(1).c_str()) == 0;
  if (!moved || !reopen()) return;
  compress_newest();
}

/// Makes room for number 1; the oldest goes. One that could not be compressed moves as it is.
void RotatingFile::shift() const {
  for (const std::string ending : {"", kEnding}) {
    if (most_files_ != 0) ::unlink((rotated(most_files_) + ending).c_str());
    for (unsigned number = most_files_; number > 1; --number)
      ::rename((rotated(number - 1) + ending).c_str(), (rotated(number) + ending).c_str());
  }
}

void RotatingFile::compress_newest() const {
  const auto plain = rotated(1);
  if (most_files_ != 0 && ::access(plain.c_str(), F_OK) == 0 && compress_file(plain, plain + kEnding))
    ::unlink(plain.c_str());
}

}  // namespace mailferry::log
