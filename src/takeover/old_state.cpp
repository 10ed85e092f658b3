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

Result<TakenOver> read_any(const std::string& file, const config::Config& config) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return fail_with_errno(errno, "read", file);
  std::array<char, kDatabase.size()> head{};
  stream.read(head.data(), head.size());
  const std::string_view read(head.data(), static_cast<std::size_t>(stream.gcount()));
  return read == kDatabase ? read_imap_bridge_state(file, config) : read_gmail_sync_state(file);
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
