#include "takeover/old_state.hpp"

#include "base/files.hpp"

#include <fmt/format.h>

#include <array>
#include <fstream>

namespace mailferry::takeover {
namespace {

constexpr std::string_view kDatabase("SQLite format 3\0", 16);
constexpr const char* kRemedy =
    "give the right file, or restore it from a backup; without take_over nothing is known of what was delivered, and "
    "only what the destination has is not sent again";

bool is_json(std::string_view head) {
  const auto first = head.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && (head[first] == '{' || head[first] == '[');
}

/// What tells nothing by its content is named after the tool that such a configuration, or file, is of.
bool is_of_imap_bridge(const std::string& file, const config::Config& config) {
  return config.bridge->names == config::MailboxNames::server || file.ends_with(".db");
}

Result<TakenOver> read_any(const std::string& file, const config::Config& config) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return fail_with_errno(errno, "read", file);
  std::array<char, kDatabase.size()> head{};
  stream.read(head.data(), head.size());
  const std::string_view read(head.data(), static_cast<std::size_t>(stream.gcount()));
  if (read == kDatabase) return read_imap_bridge_state(file, config);
  if (is_json(read) || !is_of_imap_bridge(file, config)) return read_gmail_sync_state(file);
  return fail(ErrorKind::state_corrupt, Scope::run,
              fmt::format("{} is not a whole state of imap-bridge: it is {}", file,
                          read.empty() ? "empty" : "no SQLite database"));
}

}  // namespace

Result<TakenOver> read_old_state(const config::Config& config) {
  auto state = read_any(config.bridge->take_over, config);
  if (state || state.error().kind != ErrorKind::state_corrupt) return state;
  Error error = state.error();
  error.remedy = kRemedy;
  return std::unexpected(std::move(error));
}

}  // namespace mailferry::takeover
