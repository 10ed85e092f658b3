#include "cli/status_view.hpp"

#include "base/units.hpp"
#include "base/utf8.hpp"
#include "report/verdict.hpp"
#include "report/wall_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

namespace mailferry::cli {
namespace {

using report::AccountStatus;
using report::BridgeStatus;
using report::WallTime;

constexpr std::size_t kLeastAccount = 20;
/// What the other columns take.
constexpr std::size_t kOtherColumns = 68;

std::string ago(const std::optional<WallTime>& time, WallTime now) {
  if (!time) return "never";
  const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(now - *time);
  return format_duration(std::max(passed, std::chrono::milliseconds(0))) + " ago";
}

std::size_t account_width(const BridgeStatus& status, std::size_t width) {
  std::size_t longest = kLeastAccount;
  for (const auto& account : status.accounts)
    longest = std::max(longest, account.account.size() + 2);
  const auto most = std::max(kLeastAccount, width > kOtherColumns ? width - kOtherColumns : 0);
  return std::min(longest, most);
}

void add_account(std::string& text, const BridgeStatus& status, const AccountStatus& account, WallTime now,
                 std::size_t width) {
  const auto parked = std::ranges::count(status.parked, account.account, &report::ParkedStatus::account);
  const auto name = (account.is_destination ? "→ " : "  ") + sanitize_for_terminal(account.account, width - 2);
  const bool source = !account.is_destination;
  fmt::format_to(std::back_inserter(text), "{:<{}}  {:<8}  {:<9}  {:<18}  {:>9}  {:>6}  {:>6}\n", name, width,
                 to_word(account.health), sanitize_for_terminal(account.watching, 9), ago(account.last_success, now),
                 format_count(account.delivered), source ? format_count(account.queued) : "",
                 source ? format_count(static_cast<std::uint64_t>(parked)) : "");
}

std::string share(const char* what, std::uint64_t used, std::uint64_t limit) {
  return fmt::format(", {} {} of {}", what, format_octets(used), format_octets(limit));
}

void add_quota(std::string& text, const AccountStatus& account) {
  const auto& quota = account.quota;
  if (quota.up_limit == 0 && quota.down_limit == 0 && !quota.resumes_at) return;
  text += "quota of " + sanitize_for_terminal(account.account) + " in 24 hours";
  if (quota.up_limit != 0) text += share("sent", quota.up, quota.up_limit);
  if (quota.down_limit != 0) text += share("fetched", quota.down, quota.down_limit);
  if (quota.resumes_at) text += ", held back until " + report::to_local_text(*quota.resumes_at);
  if (quota.done_at) text += ", the queue will be done about " + report::to_local_text(*quota.done_at);
  text += '\n';
}

}  // namespace

std::string check_text(const BridgeStatus& status) {
  const auto judgement = report::judge(status);
  std::vector<std::string> parts{to_word(judgement.verdict)};
  for (const auto& reason : judgement.reasons)
    parts.push_back(sanitize_for_terminal(reason));
  return fmt::format("{}", fmt::join(parts, "; "));
}

std::string status_text(const BridgeStatus& status, WallTime now, std::size_t width) {
  const auto judgement = report::judge(status);
  const auto up = std::chrono::duration_cast<std::chrono::milliseconds>(now - status.started);
  auto text = fmt::format("mailferry {}, running for {}: {}\n", sanitize_for_terminal(status.version),
                          format_duration(std::max(up, std::chrono::milliseconds(0))), to_word(judgement.verdict));
  for (const auto& reason : judgement.reasons)
    text += "  " + sanitize_for_terminal(reason) + "\n";
  const auto column = account_width(status, width);
  fmt::format_to(std::back_inserter(text), "\n{:<{}}  {:<8}  {:<9}  {:<18}  {:>9}  {:>6}  {:>6}\n", "  ACCOUNT", column,
                 "HEALTH", "WATCHING", "LAST SUCCESS", "DELIVERED", "QUEUED", "PARKED");
  for (const auto& account : status.accounts)
    add_account(text, status, account, now, column);
  text += '\n';
  for (const auto& account : status.accounts)
    add_quota(text, account);
  if (!status.parked.empty())
    text += format_counted(status.parked.size(), "parked message", "parked messages") + ": see mailferry failures\n";
  if (status.next_report) text += "next daily report: " + report::to_local_text(*status.next_report) + "\n";
  return text;
}

std::string failures_text(const std::vector<report::ParkedStatus>& parked, WallTime now) {
  if (parked.empty()) return "no message is parked\n";
  std::string text;
  for (const auto& message : parked) {
    fmt::format_to(std::back_inserter(text), "UID {} in {} of {}{}{}\n", message.uid,
                   sanitize_for_terminal(message.mailbox), sanitize_for_terminal(message.account),
                   message.destination.empty() ? "" : " to ", sanitize_for_terminal(message.destination));
    text += "  " + sanitize_for_terminal(message.reason) + "\n";
    if (!message.remedy.empty()) text += "  " + sanitize_for_terminal(message.remedy) + "\n";
    const auto tries = static_cast<std::uint64_t>(std::max(0, message.attempts));
    fmt::format_to(std::back_inserter(text), "  {}{}\n", format_counted(tries, "try", "tries"),
                   message.since ? ", parked " + ago(message.since, now) : "");
  }
  return text + "\nmailferry retry tries them again now; mailferry failures --clear UID gives one up\n";
}

}  // namespace mailferry::cli
