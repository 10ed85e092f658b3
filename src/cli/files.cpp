#include "cli/files.hpp"

#include <cstdlib>
#include <filesystem>
#include <pwd.h>
#include <system_error>
#include <unistd.h>

namespace mailferry::cli {
namespace {

// The specification: relative paths in these variables are to be ignored.
std::string absolute_from_environment(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && value[0] == '/' ? value : "";
}

std::string home_directory() {
  if (auto home = absolute_from_environment("HOME"); !home.empty()) return home;
  const passwd* entry = ::getpwuid(::getuid());
  return entry == nullptr || entry->pw_dir == nullptr ? "" : entry->pw_dir;
}

/// $VARIABLE/name or HOME/fallback/name; empty without a home directory.
std::string below(const char* variable, const char* fallback, const char* name) {
  if (const auto base = absolute_from_environment(variable); !base.empty()) return base + "/" + name;
  const auto home = home_directory();
  return home.empty() ? "" : home + "/" + fallback + "/" + name;
}

}  // namespace

std::vector<std::string> config_file_candidates() {
  std::vector<std::string> files;
  if (auto own = below("XDG_CONFIG_HOME", ".config", "mailferry/mailferry.toml"); !own.empty())
    files.push_back(std::move(own));
  files.emplace_back("mailferry.toml");
  return files;
}

std::string find_config_file() {
  for (auto& file : config_file_candidates()) {
    std::error_code error;
    const auto status = std::filesystem::status(file, error);
    // One that is there and cannot be looked at is an error later, not a reason to take another.
    if (status.type() != std::filesystem::file_type::not_found) return std::move(file);
  }
  return {};
}

namespace {

Result<std::string> state_file(const char* name) {
  auto file = below("XDG_STATE_HOME", ".local/state", name);
  if (!file.empty()) return file;
  return fail(ErrorKind::usage, Scope::run,
              "there is no home directory for the file that remembers what has been copied",
              "give it with --state FILE");
}

}  // namespace

Result<std::string> default_state_file() {
  return state_file("mailferry/state.db");
}

Result<std::string> default_bridge_state_file() {
  const auto directories = absolute_from_environment("STATE_DIRECTORY");
  // systemd gives several, joined with ':', when a unit asks for several.
  if (!directories.empty()) return directories.substr(0, directories.find(':')) + "/bridge.db";
  return state_file("mailferry/bridge.db");
}

}  // namespace mailferry::cli
