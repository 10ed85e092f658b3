#include "report/daily_digest.hpp"

#include "base/encoding.hpp"
#include "base/sha256.hpp"
#include "base/units.hpp"
#include "base/utf8.hpp"
#include "mime/compose.hpp"
#include "report/digest_text.hpp"
#include "report/wall_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mailferry::report {
namespace {

constexpr std::size_t kDigestOctets = 8;
constexpr const char* kProgram = "mailferry";

/// "2026-11-21 08:15".
std::string minute_of(WallTime time) {
  const auto text = to_local_text(time);
  return text.substr(0, text.size() - std::string_view(":00").size());
}

std::string clean(const std::string& text) {
  return sanitize_for_terminal(text);
}

/// Says how many lines were left out; true: this one is.
bool is_left_out(DigestSection& section, std::size_t all) {
  if (section.lines.size() < kMostShown) return false;
  section.note += fmt::format("{}Only {} of {} are shown.", section.note.empty() ? "" : " ", kMostShown, all);
  return true;
}

std::string amount(const DigestCounts& counts) {
  auto text = fmt::format("{} delivered ({})", format_counted(counts.delivered, "message", "messages"),
                          format_octets(counts.octets));
  if (counts.duplicates > 0) text += fmt::format(", {} were there already", format_count(counts.duplicates));
  return text;
}

DigestLine source_line(const AccountStatus& account, const DigestLog& log) {
  DigestLine line{.head = clean(account.account), .body = amount(log.counts_of(clean(account.account))), .remark = {}};
  if (account.queued > 0) line.body += fmt::format(", {} waiting", format_count(account.queued));
  if (account.health == Health::failing || account.health == Health::degraded) {
    line.remark = account.health == Health::failing ? "failing: " : "failing in part: ";
    line.remark += clean(account.last_error);
    line.remark += account.last_success ? "; last success " + minute_of(*account.last_success) : "; never reached";
  }
  return line;
}

DigestSection sources(const DigestLog& log, const BridgeStatus& status) {
  std::vector<const AccountStatus*> accounts;
  for (const auto& account : status.accounts) {
    if (!account.is_destination || account.health == Health::failing) accounts.push_back(&account);
  }
  std::ranges::stable_sort(accounts, [&](const AccountStatus* left, const AccountStatus* right) {
    const bool is_worse = left->health == Health::failing && right->health != Health::failing;
    if (is_worse || (right->health == Health::failing && left->health != Health::failing)) return is_worse;
    return log.counts_of(left->account).delivered > log.counts_of(right->account).delivered;
  });
  DigestSection section{.title = "Accounts", .note = {}, .lines = {}};
  for (const auto* account : accounts) {
    if (is_left_out(section, accounts.size())) break;
    section.lines.push_back(source_line(*account, log));
  }
  return section;
}

DigestSection parked(const BridgeStatus& status) {
  DigestSection section{.title = fmt::format("Parked messages: {}", status.parked.size()), .note = {}, .lines = {}};
  section.note = "None.";
  if (status.parked.empty()) return section;
  section.note =
      "These could not be delivered. They are tried again each day and with `mailferry retry`; `mailferry failures "
      "--clear UID` gives one up.";
  for (const auto& message : status.parked) {
    if (is_left_out(section, status.parked.size())) break;
    DigestLine line{
        .head = fmt::format("UID {} in {} of {}", message.uid, clean(message.mailbox), clean(message.account)),
        .body = clean(message.reason),
        .remark = clean(message.remedy)};
    if (!message.destination.empty()) line.head += " to " + clean(message.destination);
    line.body +=
        fmt::format(" ({}", format_counted(static_cast<std::uint64_t>(std::max(0, message.attempts)), "try", "tries"));
    if (message.since) line.body += ", since " + minute_of(*message.since);
    line.body += ')';
    section.lines.push_back(std::move(line));
  }
  return section;
}

DigestLine event_line(const DigestEvent& event) {
  DigestLine line{.head = event.level == DigestLevel::error ? "error" : "warning", .body = event.text, .remark = {}};
  if (event.count > 1) line.head += fmt::format(" (x{})", event.count);
  if (!event.account.empty()) line.body = event.account + ": " + line.body;
  line.remark = minute_of(event.last);
  if (event.count > 1) line.remark = fmt::format("{} to {}", minute_of(event.first), line.remark);
  return line;
}

DigestSection events(const DigestLog& log) {
  const auto all = log.events();
  std::uint64_t total = log.others();
  for (const auto& event : all)
    total += event.count;
  DigestSection section{.title = "Errors and warnings", .note = "None.", .lines = {}};
  if (total == 0) return section;
  section.note = fmt::format("{} in all, of {}.", format_count(total), format_counted(all.size(), "kind", "kinds"));
  if (log.others() > 0)
    section.note += fmt::format(" {} more kinds or times were not kept.", format_count(log.others()));
  for (const auto& event : all)
    section.lines.push_back(event_line(event));
  return section;
}

std::string share(const char* what, std::uint64_t used, std::uint64_t limit) {
  return fmt::format("{} of {} {} in 24 hours", format_octets(used), format_octets(limit), what);
}

DigestSection quotas(const BridgeStatus& status) {
  DigestSection section{.title = "Quota", .note = {}, .lines = {}};
  for (const auto& account : status.accounts) {
    const auto& quota = account.quota;
    if (quota.up_limit == 0 && quota.down_limit == 0 && !quota.resumes_at) continue;
    DigestLine line{.head = clean(account.account), .body = {}, .remark = {}};
    if (quota.up_limit != 0) line.body = share("sent", quota.up, quota.up_limit);
    if (quota.down_limit != 0)
      line.body += (line.body.empty() ? "" : ", ") + share("fetched", quota.down, quota.down_limit);
    if (quota.resumes_at) line.remark = "held back until " + minute_of(*quota.resumes_at);
    if (quota.done_at)
      line.remark += fmt::format("{}what is waiting will be done about {}", line.remark.empty() ? "" : "; ",
                                 minute_of(*quota.done_at));
    if (is_left_out(section, status.accounts.size())) break;
    section.lines.push_back(std::move(line));
  }
  return section;
}

std::string summary(const DigestLog& log, const BridgeStatus& status) {
  DigestCounts sum;
  std::size_t failing = 0;
  std::size_t degraded = 0;
  for (const auto& account : status.accounts) {
    const auto counts = log.counts_of(clean(account.account));
    sum.delivered += counts.delivered;
    sum.octets += counts.octets;
    sum.duplicates += counts.duplicates;
    failing += account.health == Health::failing ? 1U : 0U;
    degraded += account.health == Health::degraded ? 1U : 0U;
  }
  auto text = amount(sum);
  if (log.since() != WallTime{}) text += " since " + minute_of(log.since());
  text += failing == 0 ? "; no account fails"
                       : fmt::format("; {}", format_counted(failing, "account fails", "accounts fail"));
  if (degraded > 0) text += fmt::format(", {} in part", format_count(degraded));
  return text + ".";
}

DigestPage page_of(const DigestLog& log, const BridgeStatus& status, WallTime now) {
  DigestPage page{
      .title = "Daily report of mailferry, " + to_local_date(now), .summary = summary(log, status), .sections = {}};
  for (auto section : {parked(status), events(log), sources(log, status), quotas(status)}) {
    if (!section.lines.empty() || !section.note.empty()) page.sections.push_back(std::move(section));
  }
  return page;
}

/// "alice" of "alice@mail.example.org:993" gets its host.
std::string address_of(std::string_view recipient, const BridgeStatus& status) {
  if (recipient.find('@') != std::string_view::npos) return std::string(recipient);
  std::string host = "localhost";
  for (const auto& account : status.accounts) {
    const auto at = account.account.rfind('@');
    if (account.is_destination && at != std::string::npos)
      host = account.account.substr(at + 1, account.account.rfind(':') - at - 1);
  }
  return fmt::format("{}@{}", recipient, host);
}

std::string digest_of(const std::string& text) {
  Sha256 sha;
  sha.update(text);
  const auto sum = sha.finish();
  return to_hex(std::span(sum).first(kDigestOctets));
}

}  // namespace

Result<Digest> make_digest(const DigestLog& log, const BridgeStatus& status, std::string_view recipient, WallTime now) {
  const auto page = page_of(log, status, now);
  const auto address = address_of(recipient, status);
  Digest digest{.subject = "[mailferry] Daily report — " + to_local_date(now),
                .text = to_text(page),
                .html = to_html(page),
                .message_id = {},
                .message = {}};
  digest.message_id =
      fmt::format("report.{}.{}{}", to_local_date(now), digest_of(digest.text), address.substr(address.rfind('@')));
  TRY(digest.message, mime::compose({.sender_name = kProgram,
                                     .sender = address,
                                     .recipient = address,
                                     .subject = digest.subject,
                                     .date = now,
                                     .message_id = digest.message_id,
                                     .text = digest.text,
                                     .html = digest.html}));
  return digest;
}

}  // namespace mailferry::report
