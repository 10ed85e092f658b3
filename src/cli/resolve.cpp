#include "cli/resolve.hpp"

#include "base/ascii.hpp"
#include "cli/files.hpp"
#include "cli/resolve_account.hpp"
#include "cli/resolve_bridge.hpp"
#include "config/units.hpp"
#include "state/mailbox_key.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace mailferry::cli {
namespace {

constexpr std::uint64_t kMaxConnections = 64;
constexpr std::uint64_t kMaxWindow = std::uint64_t{1} << 32;

Result<config::Config> read_config(const CommandRow& command, const RawOptions& raw) {
  const std::string file = raw.config.empty() ? find_config_file() : raw.config;
  if (file.empty()) return config::Config{};
  if ((command.set & (kAuth | kRunningCommands)) == 0) return config::load_config(file);
  // What a bridge works with, these have to do with as well.
  TRY(auto any, takeover::load_any_config(file));
  return std::move(any.config);
}

/// The number of `option`, or `standard` when it was not given.
template <class Parser>
Result<std::uint64_t> number(std::string_view option, const std::string& text, std::uint64_t standard,
                             std::uint64_t most, const Parser& parse) {
  if (text.empty()) return standard;
  auto value = parse(text);
  if (!value) return with_context(value.error(), std::string(option));
  if (*value <= most) return *value;
  return fail(ErrorKind::usage, Scope::run, fmt::format("{} {} is too large", option, text),
              fmt::format("give at most {}", most));
}

Result<> refuse_second_map(const config::MapRule& rule, const std::vector<config::MapRule>& before) {
  const auto other = std::ranges::find(before, rule.from, &config::MapRule::from);
  if (other == before.end() || other->to == rule.to) return {};
  return fail(ErrorKind::usage, Scope::run,
              fmt::format("--map gives {} two names, {} and {}", rule.from, other->to, rule.to), "keep one of them");
}

/// What is left out in the file stays left out, and what it renames; --mailbox says all that is wanted.
Result<> apply_lists(const RawOptions& raw, const config::CopyDefaults& defaults, Options& options) {
  options.mailbox = raw.mailbox.empty() ? defaults.mailbox : raw.mailbox;
  options.exclude = raw.exclude;
  options.exclude.insert(options.exclude.end(), defaults.exclude.begin(), defaults.exclude.end());
  for (const auto& text : raw.map) {
    auto rule = config::parse_map_rule(text);
    if (!rule) return with_context(rule.error(), "--map");
    CHECK_OK(refuse_second_map(*rule, options.map));
    options.map.push_back(*std::move(rule));
  }
  // The first that matches counts: the command line comes before the file.
  options.map.insert(options.map.end(), defaults.map.begin(), defaults.map.end());
  return {};
}

Result<> apply_limits(const RawOptions& raw, const config::CopyDefaults& defaults, Options& options) {
  TRY(const auto connections,
      number("--connections", raw.connections, defaults.connections, kMaxConnections, config::parse_count));
  options.connections = static_cast<unsigned>(connections);
  TRY(options.window_octets, number("--window", raw.window, defaults.window_octets, kMaxWindow, config::parse_octets));
  return {};
}

Result<std::string> state_file(const RawOptions& raw, const config::CopyDefaults& defaults) {
  if (!raw.state.empty()) return raw.state;
  return defaults.state_file.empty() ? default_state_file() : Result<std::string>(defaults.state_file);
}

void apply_flags(const RawOptions& raw, Options& options) {
  options.yes = raw.yes;
  options.dry_run = raw.dry_run;
  options.explain = raw.explain;
  options.quiet = raw.quiet;
  options.json = raw.json;
  options.verbose = raw.verbose;
  options.deep = raw.deep;
  options.manifest = raw.manifest;
}

// The command line, else what the account says, else [copy].
void limit_connections(const RawOptions& raw, unsigned standard, config::Account& account) {
  if (!raw.connections.empty() || account.connections == 0) account.connections = standard;
}

/// Beside the state: what was trusted is as much this user's as what was copied.
void trust_first_use(const Options& options, config::Account& account) {
  if (!account.trust_first_use) return;
  const auto folder = std::filesystem::path(options.state_file).parent_path();
  account.endpoint.tls.known_servers_file = (folder / "known_servers").string();
  account.endpoint.tls.known_as = fmt::format("{}:{}", to_lower_ascii(account.endpoint.host), account.endpoint.port);
}

constexpr std::string_view kManifest = "manifest:";

Result<> use_manifest(const RawOptions& raw, Invocation& invocation) {
  invocation.has_from = false;
  invocation.options.against = raw.from.substr(kManifest.size());
  if (invocation.options.against.empty())
    return fail(ErrorKind::usage, Scope::run, "manifest: names no file",
                "write manifest:FILE, with the file that `mailferry verify FROM TO --manifest FILE` wrote");
  if (invocation.command == Command::verify && raw.manifest.empty()) return {};
  return fail(ErrorKind::usage, Scope::run,
              invocation.command == Command::verify ? "--manifest writes a manifest, and FROM is one already"
                                                    : "only verify takes a manifest in the place of an account",
              "see mailferry verify --help");
}

Result<> resolve_message(const RawOptions& raw, Invocation& invocation) {
  if (invocation.command != Command::explain) return {};
  auto mailbox = state::parse_mailbox_key(raw.mailbox_name);
  const auto uid = config::parse_count(raw.uid);
  if (!mailbox || mailbox->empty()) {
    return fail(ErrorKind::usage, Scope::run, fmt::format("'{}' is no name of a mailbox", raw.mailbox_name),
                "write it with '/' between levels, and \\/ for a slash inside a name");
  }
  if (!uid || *uid == 0 || *uid > 0xFFFFFFFFU) {
    return fail(ErrorKind::usage, Scope::run, fmt::format("'{}' is no UID", raw.uid),
                "give a number, as reports and `UID SEARCH` tell it");
  }
  auto components = mailbox->components();
  if (equal_ascii_nocase(components.front(), "INBOX")) components.front() = "INBOX";
  invocation.mailbox = MailboxPath(std::move(components));
  invocation.uid = static_cast<Uid>(*uid);
  return {};
}

Result<> resolve_accounts(const RawOptions& raw, const config::Config& config, Invocation& invocation) {
  if (raw.from.starts_with(kManifest)) {
    CHECK_OK(use_manifest(raw, invocation));
  } else {
    TRY(invocation.from, resolve_account("from", raw.from, raw.from_side, config));
    limit_connections(raw, invocation.options.connections, invocation.from);
    trust_first_use(invocation.options, invocation.from);
  }
  invocation.has_to = !raw.to.empty();
  if (!invocation.has_to) return {};
  TRY(invocation.to, resolve_account("to", raw.to, raw.to_side, config));
  limit_connections(raw, invocation.options.connections, invocation.to);
  trust_first_use(invocation.options, invocation.to);
  if (!invocation.has_from || !is_same_account(invocation.from, invocation.to)) return {};
  return fail(ErrorKind::usage, Scope::run,
              fmt::format("FROM and TO are the same account, {}", invocation.from.label()),
              "name two different accounts");
}

Result<> choose_flow(const RawOptions& raw, Invocation& invocation) {
  using auth::OAuthFlow;
  if (raw.loopback + raw.device + raw.paste > 1)
    return fail(ErrorKind::usage, Scope::run, "--loopback, --device and --paste exclude each other",
                "keep one of them");
  if (raw.loopback) invocation.oauth_flow = OAuthFlow::loopback;
  if (raw.device) invocation.oauth_flow = OAuthFlow::device;
  if (raw.paste) invocation.oauth_flow = OAuthFlow::paste;
  TRY(const auto port, number("--port", raw.port, 0, 65535, config::parse_count));
  invocation.oauth_port = static_cast<std::uint16_t>(port);
  if (port == 0 || (!raw.device && !raw.paste)) return {};
  return fail(ErrorKind::usage, Scope::run, "--port means nothing without --loopback", "leave it out");
}

Result<> resolve_auth(const RawOptions& raw, const config::Config& config, Invocation& invocation) {
  if (invocation.command != Command::auth) return {};
  TRY(invocation.from, named_account(raw.account, config));
  if (!invocation.from.oauth)
    return fail(ErrorKind::usage, Scope::run, fmt::format("account '{}' does not sign in with OAuth2", raw.account),
                "add oauth = \"google\", \"microsoft\" or \"custom\" to it in mailferry.toml");
  // Whom a bridge trusted is beside its state.
  if (config.bridge) {
    TRY(invocation.options.state_file, bridge_state_file(raw, config));
  }
  trust_first_use(invocation.options, invocation.from);
  return choose_flow(raw, invocation);
}

Result<> resolve_clearing(const RawOptions& raw, Options& options) {
  if (raw.clear.empty()) {
    if (raw.clear_account.empty() && raw.clear_mailbox.empty()) return {};
    return fail(ErrorKind::usage, Scope::run, "--in-account and --in-mailbox mean nothing without --clear",
                "leave them out");
  }
  auto selection = report::read_failure_selection(raw.clear);
  if (!selection) return with_context(selection.error(), "--clear");
  selection->account = raw.clear_account;
  selection->mailbox = raw.clear_mailbox;
  options.clear = *std::move(selection);
  return {};
}

Result<> resolve_running(const RawOptions& raw, const config::Config& config, Options& options) {
  options.check = raw.check;
  TRY(options.state_file, bridge_state_file(raw, config));
  return resolve_clearing(raw, options);
}

}  // namespace

Result<Invocation> resolve(const CommandRow& command, const RawOptions& raw) {
  Invocation invocation;
  invocation.command = command.command;
  invocation.docs_page = raw.docs_page;
  invocation.import_file = raw.import_file;
  invocation.output = raw.output;
  apply_flags(raw, invocation.options);
  // `config check` reads the file itself, to show what is wrong with it, and `bridge` again and again.
  invocation.options.config_file = raw.config;
  if (command.command == Command::bridge) invocation.raw = std::make_shared<const RawOptions>(raw);
  if ((command.set & (kMailCommands | kAuth | kRunningCommands)) == 0) return invocation;
  TRY(const auto config, read_config(command, raw));
  if ((command.set & kRunningCommands) != 0) {
    CHECK_OK(resolve_running(raw, config, invocation.options));
    return invocation;
  }
  invocation.options.config_file = config.file;
  CHECK_OK(apply_lists(raw, config.copy, invocation.options));
  CHECK_OK(apply_limits(raw, config.copy, invocation.options));
  TRY(invocation.options.state_file, state_file(raw, config.copy));
  CHECK_OK(resolve_auth(raw, config, invocation));
  if (invocation.command == Command::auth) return invocation;
  CHECK_OK(resolve_accounts(raw, config, invocation));
  CHECK_OK(resolve_message(raw, invocation));
  return invocation;
}

}  // namespace mailferry::cli
