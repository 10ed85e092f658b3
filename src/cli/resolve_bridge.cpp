#include "cli/resolve_bridge.hpp"

#include "base/ascii.hpp"
#include "cli/files.hpp"
#include "config/units.hpp"
#include "takeover/foreign_bridge.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

namespace mailferry::cli {
namespace {

constexpr std::uint64_t kMostLogFiles = 1000;
constexpr std::chrono::seconds kMostPollInterval{86'400};

std::unexpected<Error> refuse(std::string problem, std::string remedy) {
  return fail(ErrorKind::usage, Scope::run, std::move(problem), std::move(remedy));
}

Result<takeover::AnyConfig> load(const RawOptions& raw) {
  const std::string file = raw.config.empty() ? find_config_file() : raw.config;
  if (file.empty()) {
    return refuse(
        fmt::format("there is no mailferry.toml; looked for {}", fmt::join(config_file_candidates(), " and ")),
        "name the file with --config FILE");
  }
  TRY(auto any, takeover::load_any_config(file));
  if (!any.config.bridge) return refuse(fmt::format("{} has no section [bridge]", file), "see mailferry config keys");
  return any;
}

Result<> apply_level(const RawOptions& raw, log::Options& log) {
  if (raw.debug) log.level = log::Level::debug;
  if (raw.log_level.empty() || log::parse_level(raw.log_level, log.level)) return {};
  return refuse(fmt::format("--log-level cannot be '{}'", raw.log_level), "give error, warning, info, debug or trace");
}

Result<> apply_format(const RawOptions& raw, log::Options& log) {
  if (raw.log_format == "json") log.format = log::Format::json;
  if (raw.log_format == "text") log.format = log::Format::text;
  if (raw.log_format.empty() || raw.log_format == "json" || raw.log_format == "text") return {};
  return refuse(fmt::format("--log-format cannot be '{}'", raw.log_format), "give text or json");
}

Result<> apply_rotation(const RawOptions& raw, log::Options& log) {
  if (!raw.log_max_size.empty()) {
    auto size = config::parse_octets(raw.log_max_size);
    if (!size) return with_context(size.error(), "--log-max-size");
    log.most_octets = *size;
  }
  if (raw.log_max_files.empty()) return {};
  const auto count = config::parse_count(raw.log_max_files);
  if (!count) return with_context(count.error(), "--log-max-files");
  if (*count > kMostLogFiles)
    return refuse("--log-max-files is too large", fmt::format("give at most {}", kMostLogFiles));
  log.most_files = static_cast<unsigned>(*count);
  return {};
}

Result<> apply_log(const RawOptions& raw, log::Options& log) {
  if (!raw.log.empty()) log::set_target(raw.log, log);
  CHECK_OK(apply_level(raw, log));
  CHECK_OK(apply_format(raw, log));
  return apply_rotation(raw, log);
}

Result<> apply_watching(const RawOptions& raw, config::Bridge& bridge) {
  if (raw.no_idle) {
    for (auto& source : bridge.sources)
      source.idle = false;
  }
  if (raw.poll_interval.empty()) return {};
  const bool is_number = std::ranges::all_of(raw.poll_interval, is_digit_ascii);
  const auto time = config::parse_duration(raw.poll_interval + (is_number ? "s" : ""));
  if (!time) return with_context(time.error(), "--poll-interval");
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*time);
  if (seconds < std::chrono::seconds(1) || seconds > kMostPollInterval)
    return refuse(fmt::format("--poll-interval cannot be {}", raw.poll_interval), "give 1s to 24h");
  for (auto& source : bridge.sources)
    source.poll_interval = seconds;
  return {};
}

Result<> apply_state(const RawOptions& raw, config::Bridge& bridge) {
  if (!raw.state_file.empty()) takeover::take_over_state(raw.state_file, bridge);
  if (!raw.state.empty()) bridge.state_file = raw.state;
  if (!bridge.state_file.empty()) return {};
  TRY(bridge.state_file, default_bridge_state_file());
  return {};
}

/// Beside the state: what was trusted is as much this user's as what was carried.
void remember_trust(config::Config& config) {
  const auto folder = std::filesystem::path(config.bridge->state_file).parent_path();
  for (auto& account : config.accounts) {
    if (!account.trust_first_use) continue;
    account.endpoint.tls.known_servers_file = (folder / "known_servers").string();
    account.endpoint.tls.known_as = fmt::format("{}:{}", to_lower_ascii(account.endpoint.host), account.endpoint.port);
  }
}

}  // namespace

Result<std::string> bridge_state_file(const RawOptions& raw, const config::Config& config) {
  auto bridge = config.bridge.value_or(config::Bridge{});
  CHECK_OK(apply_state(raw, bridge));
  return bridge.state_file;
}

Result<takeover::AnyConfig> resolve_bridge(const RawOptions& raw) {
  TRY(auto any, load(raw));
  CHECK_OK(apply_log(raw, any.config.bridge->log));
  CHECK_OK(apply_watching(raw, *any.config.bridge));
  CHECK_OK(apply_state(raw, *any.config.bridge));
  remember_trust(any.config);
  return any;
}

}  // namespace mailferry::cli
