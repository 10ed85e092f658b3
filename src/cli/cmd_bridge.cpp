// mailferry bridge
#include "base/log.hpp"
#include "base/utf8.hpp"
#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "cli/exit_codes.hpp"
#include "cli/output.hpp"
#include "cli/problems.hpp"
#include "cli/resolve_bridge.hpp"
#include "cli/secrets.hpp"
#include "cli/version.hpp"
#include "services/bridge.hpp"
#include "takeover/old_state.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>

namespace mailferry::cli {
namespace {

/// How far imap-to-gmail-sync looked back when it began.
constexpr int kLookBackDays = 7;

Result<services::BridgeAccount> read_account(const config::Config& config, const std::string& name) {
  const auto* account = config.find(name);
  if (account == nullptr)
    return fail(ErrorKind::usage, Scope::run, fmt::format("there is no account \"{}\"", name),
                "add an [account.NAME] to the file");
  services::BridgeAccount found{.account = *account, .secret = {}};
  CHECK_OK(check_has_secret(*account));
  TRY(found.secret, read_secret_of(found.account));
  return found;
}

/// What another tool did counts for the mailboxes that this bridge has not begun with yet; so it is read as long as it
/// is there, and it must be readable only while there is such a mailbox, which only our own state tells.
Result<> take_over(const config::Config& config, services::BridgeRequest& request) {
  if (config.bridge->take_over.empty()) return {};
  const bool begun = std::filesystem::exists(request.state_file);
  const auto read = takeover::read_old_state(config);
  if (!read && !begun) return std::unexpected(read.error());
  if (!read) {
    request.unread_state = read.error();
    return {};
  }
  const auto& old = *read;
  for (const auto& note : old.notes)
    log::warning(note);
  for (std::size_t index = 0; index < request.sources.size(); ++index) {
    auto& done = request.sources[index].done;
    const auto& account = config.bridge->sources[index].account;
    for (const auto& offset : old.offsets) {
      if (offset.place.account == account) done[offset.place.mailbox].up_to = offset.last_uid;
    }
    for (const auto& failure : old.failures) {
      if (failure.place.account == account) done[failure.place.mailbox].but.add(failure.uid);
    }
    for (const auto& message : old.delivered_uids) {
      if (message.place.account == account) done[message.place.mailbox].delivered[message.destination].add(message.uid);
    }
  }
  // imap-to-gmail-sync marked what it had lost as done: its last days are looked at again.
  if (old.last_sync) {
    const auto age = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now() - *old.last_sync);
    for (auto& source : request.bridge.sources)
      source.since_days = static_cast<int>(std::max<std::int64_t>(0, age.count())) + kLookBackDays;
  }
  for (const auto& message : old.delivered)
    request.delivered_before[message.destination].insert(message.message_id);
  log::info("the state of the tool before is taken over",
            {{"file", config.bridge->take_over},
             {"mailboxes", old.offsets.size()},
             {"messages", old.delivered.size() + old.delivered_uids.size()}});
  return {};
}

Result<services::BridgeRequest> read_request(const config::Config& config) {
  services::BridgeRequest request;
  request.bridge = *config.bridge;
  request.state_file = config.bridge->state_file;
  request.version = kVersion;
  TRY(request.destination, read_account(config, config.bridge->destination));
  for (const auto& source : config.bridge->sources) {
    TRY(auto account, read_account(config, source.account));
    request.sources.push_back(std::move(account));
  }
  CHECK_OK(take_over(config, request));
  return request;
}

/// What tools that are replaced did, too: where a mapping is missing, the names to write one with.
bool lacks_mappings(const config::Bridge& bridge) {
  return std::ranges::any_of(bridge.sources,
                             [](const config::BridgeSource& source) { return source.mappings.empty(); });
}

int discover(const services::BridgeRequest& request) {
  const auto found = services::discover_mailboxes(request);
  print_out("folder-discovery: one or more sources have no mappings — listing folders and exiting\n");
  for (const auto& account : found) {
    if (account.error) {
      print_out("folder-discovery: could not connect to {}: {}\n", account.label, account.error->describe());
      continue;
    }
    print_out("folder-discovery: {} — {} folder(s):\n", account.label, account.mailboxes.size());
    for (const auto& mailbox : account.mailboxes)
      print_out("folder-discovery:   {}\n", sanitize_for_terminal(mailbox));
  }
  print_out("folder-discovery: add mappings to {} and start again\n", request.config_file);
  return to_int(ExitCode::ok);
}

/// What a reload would begin with.
Result<services::BridgeRequest> resolve_request(const RawOptions& raw) {
  TRY(const auto read, resolve_bridge(raw));
  TRY(auto request, read_request(read.config));
  request.config_file = read.config.file;
  request.warnings = read.config.warnings;
  return request;
}

/// What a bridge that works would go on with.
Result<services::BridgeRequest> resolve_next(const RawOptions& raw,
                                             const services::BridgeRequest::MayBegin& may_begin) {
  TRY(auto request, resolve_request(raw));
  CHECK_OK(may_begin(request));
  CHECK_OK(services::check_request(request));
  request.reloaded = true;
  if (lacks_mappings(request.bridge))
    return fail(ErrorKind::usage, Scope::run, "a source has no mappings",
                "add them; only when it is started without, mailferry bridge lists the names of mailboxes");
  return request;
}

/// A configuration that is wrong changes nothing in a bridge that works.
bool read_again(const RawOptions& raw, const services::BridgeRequest::MayBegin& may_begin,
                std::optional<services::BridgeRequest>& next) {
  auto request = resolve_next(raw, may_begin);
  if (request) next = std::move(*request);
  if (!request)
    log::error("the configuration stays as it was: " + request.error().describe(),
               {{"remedy", request.error().remedy}});
  return request.has_value();
}

}  // namespace

int cmd_bridge(const Invocation& invocation) {
  // Before the first run, a signal ends the program as it ends any other.
  async::SignalGuard guard(services::kBridgeSignals);
  guard.release();
  auto request = resolve_request(*invocation.raw);
  if (!request) return print_problems(request.error(), false);
  while (true) {
    if (const auto ready = log::configure(request->bridge.log); !ready) return print_error(ready.error(), false);
    for (const auto& warning : request->warnings)
      log::warning(warning, {{"file", request->config_file}});
    if (lacks_mappings(request->bridge)) {
      guard.release();
      return discover(*request);
    }
    std::optional<services::BridgeRequest> next;
    request->can_reload = [&](const auto& may_begin) { return read_again(*invocation.raw, may_begin, next); };
    const auto ended = services::run_bridge(*request, guard);
    if (!ended) {
      log::error(ended.error().describe(), {{"remedy", ended.error().remedy}});
      return exit_code(ended.error());
    }
    if (*ended == services::BridgeEnd::stopped || !next) return to_int(ExitCode::ok);
    *request = std::move(*next);
    log::info("the configuration is read again");
  }
}

}  // namespace mailferry::cli
