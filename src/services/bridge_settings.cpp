#include "services/bridge_settings.hpp"

#include "base/ascii.hpp"
#include "state/mailbox_key.hpp"

#include <algorithm>

namespace mailferry::services {

sync::CarrySettings to_carry_settings(const config::Bridge& bridge, const config::Account& destination) {
  sync::CarrySettings settings;
  settings.message_attempts = bridge.message_attempts;
  settings.destination_attempts = bridge.destination_attempts;
  settings.backoff.first = bridge.backoff_first;
  settings.backoff.ceiling = bridge.backoff_most;
  settings.dedup_memory = bridge.dedup_memory;
  if (destination.connections != 0) settings.lanes = destination.connections;
  return settings;
}

Result<MailboxPath> to_path(const std::string& name, config::MailboxNames spelling) {
  // As the server spells it: the store knows its separator, so that here it is one level.
  if (spelling == config::MailboxNames::server) return MailboxPath::split(name, '\0');
  TRY(auto path, state::parse_mailbox_key(name));
  auto components = path.components();
  if (!components.empty() && equal_ascii_nocase(components.front(), "INBOX")) components.front() = "INBOX";
  return MailboxPath(std::move(components));
}

namespace {

/// Of a mailbox that other tools carried into Gmail, so much is wanted at first (imap-to-gmail-sync does the same).
constexpr int kGmailDays = 7;

bool is_gmail(const config::Account& account) {
  const auto host = to_lower_ascii(account.endpoint.host);
  return host == "imap.gmail.com" || host == "imap.googlemail.com";
}

/// Several mappings of one mailbox are one rule: what is to be removed from it has to be delivered to all their
/// targets.
sync::CarryRule& rule_for(std::vector<sync::CarryRule>& rules, const MailboxPath& from) {
  const auto known = std::ranges::find(rules, from, &sync::CarryRule::from);
  return known != rules.end() ? *known : rules.emplace_back(sync::CarryRule{.from = from});
}

/// Null: nothing.
const DoneBefore* done_before(const BridgeAccount& source, const std::string& from) {
  const auto done = source.done.find(from);
  return done == source.done.end() ? nullptr : &done->second;
}

/// What each source may have of the connections of its account, which may be that of others as well; 0: not limited.
Result<std::size_t> connections_of(const BridgeRequest& request, const config::Account& account) {
  const auto sources = std::ranges::count_if(
      request.sources, [&](const BridgeAccount& other) { return config::is_same_account(other.account, account); });
  if (account.connections != 0 && account.connections < sources)
    return fail(ErrorKind::usage, Scope::run,
                fmt::format("{} is {} sources of this bridge and has connections = {}", account.label(), sources,
                            account.connections),
                fmt::format("raise its connections to {} at least", sources));
  return account.connections / static_cast<std::size_t>(sources);
}

}  // namespace

plan::QuotaLimits to_quota_limits(const config::Account& account) {
  auto limits = *plan::quota_preset(is_gmail(account) ? "gmail" : "none");
  if (account.daily_download) limits.down = *account.daily_download;
  if (account.daily_upload) limits.up = *account.daily_upload;
  return limits;
}

Result<sync::SourceSettings> to_source_settings(const BridgeRequest& request, std::size_t index) {
  const auto& bridge = request.bridge;
  const auto& source = bridge.sources[index];
  sync::SourceSettings settings;
  settings.new_only = source.new_only;
  settings.follow_flags = source.follow_flags;
  if (source.since_days && *source.since_days > 0) settings.since_days = source.since_days;
  if (!source.since_days && !source.new_only && is_gmail(request.destination.account)) settings.since_days = kGmailDays;
  if (source.retention.kind == config::Retention::Kind::prune) settings.prune_days = source.retention.days;
  settings.idle = source.idle;
  settings.poll_every = source.poll_interval;
  settings.idle_refresh = source.idle_refresh;
  // One connection carries; the others only wait.
  TRY(const auto connections, connections_of(request, request.sources[index].account));
  if (connections != 0) settings.watchers = std::min(settings.watchers, connections - 1);
  settings.error_retention_days = source.error_retention_days.value_or(bridge.error_retention_days);
  for (const auto& mapping : source.mappings) {
    TRY(const auto from, to_path(mapping.from, bridge.names));
    auto& rule = rule_for(settings.rules, from);
    const auto* done = done_before(request.sources[index], mapping.from);
    if (done != nullptr) {
      rule.done_up_to = done->up_to;
      rule.but = done->but;
    }
    for (const auto& to : mapping.to) {
      auto& target = rule.to.emplace_back();
      TRY(target.mailbox, to_path(to, bridge.names));
      target.labels = mapping.labels;
      if (const auto known = request.delivered_before.find(to); known != request.delivered_before.end())
        target.delivered_before = &known->second;
      if (done != nullptr && done->delivered.contains(to)) target.uids_before = done->delivered.at(to);
    }
  }
  return settings;
}

Result<> check_request(const BridgeRequest& request) {
  for (std::size_t index = 0; index < request.sources.size(); ++index)
    CHECK_OK(to_source_settings(request, index));
  return {};
}

}  // namespace mailferry::services
