#include "takeover/gmail_sync_config.hpp"

#include "base/files.hpp"
#include "config/user_text.hpp"
#include "takeover/foreign_bridge.hpp"
#include "takeover/json_reader.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <filesystem>

namespace mailferry::takeover {
namespace {

constexpr const char* kStateFile = "sync_state.json";
constexpr std::array kRequired{"source_server", "source_user", "source_pass", "target_user", "target_token_file"};
constexpr std::size_t kMostStateOctets = std::size_t{64} << 20;
constexpr int kFirstRunDays = 7;
constexpr std::chrono::seconds kPollInterval{60};

config::Account account_at(const std::string& server, std::string user, std::string_view key, Findings& findings) {
  config::Account account;
  account.user = std::move(user);
  account.endpoint.port = 993;
  if (!server.empty() && !read_address(server, account.endpoint))
    findings.problems.push_back(fmt::format("{} is not the name of a server", key));
  if (config::has_control(account.user)) findings.problems.emplace_back("a user contains a control character");
  return account;
}

void check_required(ObjectReader& reader, Findings& findings) {
  std::vector<std::string_view> missing;
  for (const auto* key : kRequired) {
    // One of another type is told by whoever reads it.
    if (!reader.has(key)) missing.emplace_back(key);
  }
  if (missing.empty()) return;
  findings.problems.push_back(fmt::format("Missing required fields in configuration: {}", fmt::join(missing, ", ")));
}

/// False also where one of them cannot be read.
bool have_same_content(const std::string& one, const std::string& other) {
  const auto left = read_file(one, kMostStateOctets);
  const auto right = read_file(other, kMostStateOctets);
  return left && right && *left == *right;
}

/// The tool kept its state where it was started, whatever directory its configuration was in.
void look_in_working_directory(config::Bridge& bridge, Findings& findings) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  if (!fs::exists(kStateFile, ignored)) return;
  const auto here = fs::absolute(kStateFile, ignored).string();
  if (bridge.take_over.empty()) {
    bridge.take_over = here;
  } else if (!fs::equivalent(bridge.take_over, here, ignored) && !have_same_content(bridge.take_over, here)) {
    findings.warnings.push_back(fmt::format(
        "there is also {}, with other contents; {} counts: if that is the wrong one, name the right one with "
        "--state-file",
        here, bridge.take_over));
  }
}

config::Config read(ObjectReader& reader, const std::string& file, Findings& findings) {
  config::Config config;
  auto source = account_at(reader.text("source_server"), reader.text("source_user"), "source_server", findings);
  source.secret = {.kind = auth::SecretSource::Kind::literal, .literal = reader.secret("source_pass")};
  const auto server = reader.text("target_server");
  auto target = account_at(server.empty() ? kGmailHost : server, reader.text("target_user"), "target_server", findings);
  target.oauth = google("", beside(file, reader.text("target_token_file")));
  config::Bridge bridge;
  bridge.destination = add_account(std::move(target), config);
  bridge.sources.push_back({.account = add_account(std::move(source), config),
                            .mappings = {{.from = "INBOX", .to = {"INBOX"}}},
                            .since_days = kFirstRunDays,
                            .poll_interval = kPollInterval});
  bridge.log.target = log::Options::Target::standard_output;
  take_over_state(beside(file, kStateFile), bridge);
  look_in_working_directory(bridge, findings);
  config.bridge = std::move(bridge);
  return config;
}

void check_empty(const config::Config& config, Findings& findings) {
  for (const auto& account : config.accounts) {
    if (account.user.empty() || account.endpoint.host.empty())
      findings.problems.emplace_back("a server or user is empty");
    if (account.oauth ? account.oauth->token_file.empty() : account.secret.literal.empty())
      findings.problems.emplace_back("source_pass or target_token_file is empty");
  }
}

}  // namespace

Result<config::Config> read_gmail_sync_config(const boost::json::object& object, const std::string& file) {
  Findings findings;
  config::Config config;
  {
    ObjectReader reader(object, "", findings);
    check_required(reader, findings);
    config = read(reader, file, findings);
  }
  if (findings.problems.empty()) check_empty(config, findings);
  return finish(std::move(config), std::move(findings), file);
}

}  // namespace mailferry::takeover
