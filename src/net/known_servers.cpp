#include "net/known_servers.hpp"

#include "base/files.hpp"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <map>
#include <string_view>
#include <sys/file.h>
#include <unistd.h>

namespace mailferry::net {
namespace {

constexpr std::size_t kLargest = 1 << 20;
constexpr std::size_t kFingerprintLength = 95;  // 32 pairs of digits and the colons between them

using Servers = std::map<std::string, std::string, std::less<>>;

Result<Servers> parse(const std::string& file, std::string_view text) {
  Servers servers;
  for (std::size_t line_number = 1; !text.empty(); ++line_number) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.front() == '#') continue;
    const auto blank = line.find(' ');
    if (blank == std::string_view::npos || blank == 0 || line.size() - blank - 1 != kFingerprintLength) {
      return fail(ErrorKind::local_io, Scope::run,
                  fmt::format("line {} of {} is not a server and its fingerprint", line_number, file),
                  "remove the line; the server's next certificate is then trusted anew");
    }
    servers.emplace(line.substr(0, blank), line.substr(blank + 1));
  }
  return servers;
}

Result<Servers> load(const std::string& file) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return Servers{};
  TRY(const auto text, read_file(file, kLargest));
  return parse(file, text);
}

/// Two processes that meet a server for the first time must not lose each other's line.
class Lock {
 public:
  explicit Lock(const std::string& file)
      : descriptor_(::open((file + ".lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600)) {
    while (descriptor_ >= 0 && ::flock(descriptor_, LOCK_EX) != 0 && errno == EINTR) {
    }
  }
  ~Lock() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  int descriptor_;
};

}  // namespace

Result<std::optional<std::string>> known_fingerprint(const std::string& file, const std::string& server) {
  TRY(const auto servers, load(file));
  const auto found = servers.find(server);
  return found == servers.end() ? std::nullopt : std::optional(found->second);
}

Result<std::string> remember_fingerprint(const std::string& file, const std::string& server,
                                         const std::string& fingerprint) {
  CHECK_OK(create_private_directory(std::filesystem::path(file).parent_path()));
  const Lock lock(file);
  TRY(auto servers, load(file));
  const auto [on_record, is_new] = servers.emplace(server, fingerprint);
  if (!is_new) return on_record->second;
  std::string text = "# Servers whose first certificate was trusted, and the SHA-256 of that certificate.\n";
  for (const auto& [name, sum] : servers)
    text += fmt::format("{} {}\n", name, sum);
  CHECK_OK(write_file_atomically(file, text));
  return fingerprint;
}

}  // namespace mailferry::net
