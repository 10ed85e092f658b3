#include "takeover/foreign_bridge.hpp"

#include "config/bridge_check.hpp"
#include "config/units.hpp"
#include "config/user_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

namespace mailferry::takeover {
namespace {

bool signs_in_alike(const config::Account& one, const config::Account& other) {
  const auto token = [](const config::Account& account) { return account.oauth ? account.oauth->token_file : ""; };
  return one.secret.kind == other.secret.kind && one.secret.literal.reveal() == other.secret.literal.reveal() &&
         token(one) == token(other);
}

bool is_used_again(const config::Account& one, const config::Account& other) {
  return config::is_same_account(one, other) && one.endpoint.security == other.endpoint.security &&
         one.endpoint.port == other.endpoint.port && one.trust_first_use == other.trust_first_use &&
         signs_in_alike(one, other);
}

std::string free_name(const std::string& user, const config::Config& config) {
  const std::string wanted = user.empty() || user.contains("://") || config::has_control(user) ? "account" : user;
  std::string name = wanted;
  for (int i = 2; config.find(name) != nullptr; ++i)
    name = fmt::format("{}-{}", wanted, i);
  return name;
}

/// "sources[0] (alice): mappings[1]: ".
std::string place_of(const config::BridgeProblem& problem, const config::Bridge& bridge, const config::Config& config) {
  if (!problem.source) return "";
  const auto* account = config.find(bridge.sources[*problem.source].account);
  std::string place = fmt::format("sources[{}]", *problem.source);
  if (account != nullptr) place += fmt::format(" ({})", config::shown(account->user));
  if (problem.mapping) place += fmt::format(": mappings[{}]", *problem.mapping);
  return place + ": ";
}

void check_together(const config::Config& config, Findings& findings) {
  std::vector<std::string_view> names;
  for (const auto& account : config.accounts)
    names.push_back(account.name);
  for (const auto& problem : config::check_bridge(*config.bridge, config.accounts, names))
    findings.problems.push_back(place_of(problem, *config.bridge, config) + problem.text);
}

}  // namespace

bool read_address(std::string_view text, net::Endpoint& endpoint) {
  const bool has_brackets = text.starts_with('[');
  const auto colon = has_brackets ? text.find(':', text.find(']')) : text.rfind(':');
  auto host = text.substr(0, colon);
  if (colon != std::string_view::npos) {
    endpoint.port = config::parse_port(text.substr(colon + 1));
    if (endpoint.port == 0) return false;
  }
  if (has_brackets) {
    if (!host.ends_with(']')) return false;
    host = host.substr(1, host.size() - 2);
  }
  endpoint.host = host;
  return !host.empty() && !config::has_control(host) && host.find_first_of(" /@") == std::string_view::npos &&
         (has_brackets || host.find(':') == std::string_view::npos);
}

std::string add_account(config::Account account, config::Config& config) {
  const auto same = std::ranges::find_if(config.accounts,
                                         [&](const config::Account& other) { return is_used_again(account, other); });
  if (same != config.accounts.end()) return same->name;
  account.name = free_name(account.user, config);
  config.accounts.push_back(std::move(account));
  return config.accounts.back().name;
}

auth::OAuthSettings google(std::string client_file, std::string token_file) {
  auth::OAuthSettings settings;
  settings.provider = auth::OAuthProvider::google;
  settings.client_file = std::move(client_file);
  settings.token_file = std::move(token_file);
  return settings;
}

std::string beside(const std::string& file, const std::string& text) {
  if (text.empty()) return text;
  // operator/ lets an absolute right side win.
  return (std::filesystem::path(file).parent_path() / text).lexically_normal().string();
}

void take_over_state(const std::string& old_state, config::Bridge& bridge) {
  std::error_code ignored;
  bridge.take_over = std::filesystem::exists(old_state, ignored) ? old_state : "";
  bridge.state_file = std::filesystem::path(old_state).replace_extension(".mailferry.db").string();
}

Result<config::Config> finish(config::Config config, Findings findings, const std::string& file) {
  // What the keys mean together says nothing new when one of them is wrong.
  if (findings.problems.empty()) check_together(config, findings);
  config.file = file;
  config.warnings = std::move(findings.warnings);
  if (findings.problems.empty()) return config;
  for (auto& problem : findings.problems)
    problem = fmt::format("{}: {}", file, problem);
  return fail(ErrorKind::usage, Scope::run, fmt::format("{}", fmt::join(findings.problems, "\n")));
}

}  // namespace mailferry::takeover
