#include "cli/output.hpp"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace mailferry::cli {
namespace {

bool lost = false;

// A reader that has enough (`| head`) or was closed from the start is not an error.
void note_failure() noexcept {
  if (errno != EPIPE && errno != EBADF) lost = true;
  std::clearerr(stdout);
}

}  // namespace

void hold_standard_descriptors() noexcept {
  int opened = ::open("/dev/null", O_RDWR);
  while (opened >= 0 && opened <= STDERR_FILENO)  // open() takes the lowest that is free
    opened = ::open("/dev/null", O_RDWR);
  if (opened >= 0) ::close(opened);
}

void write_text(std::FILE* stream, std::string_view text) noexcept {
  const bool whole = std::fwrite(text.data(), 1, text.size(), stream) == text.size();
  if (!whole && stream == stdout) note_failure();
}

bool output_was_lost() noexcept {
  if (std::fflush(stdout) != 0) note_failure();
  return lost;
}

}  // namespace mailferry::cli
