#include "services/daily_report.hpp"

#include "base/log.hpp"
#include "report/daily_digest.hpp"
#include "report/report_time.hpp"
#include "report/wall_text.hpp"

namespace mailferry::services {
namespace {

/// A clock that is set must not matter for long.
constexpr std::chrono::milliseconds kLongestSleep{60'000};
/// A mail that could not be delivered is tried again so often; it is kept until it has arrived.
constexpr std::chrono::minutes kAgainAfter{5};
constexpr std::size_t kWindow = 1U << 20;

}  // namespace

DailyReport::DailyReport(sync::CarryContext& context, BridgeMonitor& monitor, MailboxPath mailbox, int hour,
                         std::string recipient)
    : context_(context),
      monitor_(monitor),
      mailbox_(std::move(mailbox)),
      hour_(hour),
      recipient_(std::move(recipient)),
      woken_(context.io) {}

Task<> DailyReport::run() {
  while (!context_.stopping) {
    const auto now = std::chrono::system_clock::now();
    take_time(now);
    const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(*due_ - now);
    if (wait.count() > 0) {
      co_await async::sleep_for(std::min(wait, kLongestSleep), woken_);
      continue;
    }
    // Told first, tried again afterwards: the mail tells what is parked, and the count begins anew only when it is
    // there.
    Result<> delivered;
    if (!mailbox_.empty()) delivered = co_await deliver();
    if (context_.stopping) break;
    if (!delivered) {
      monitor_.trouble(context_.destination.name(), delivered.error());
      due_ = std::chrono::system_clock::now() + kAgainAfter;
    } else {
      due_ = report::next_report_time(std::chrono::system_clock::now(), hour_);
    }
    retry_once_a_day();
    context_.journal.mark_dirty();
    if (delivered) CO_CHECK(co_await context_.journal.flush());  // lest it comes a second time after a crash
  }
  co_return Result<>{};
}

/// A clock that was ahead for a moment must not put anything off for longer than a day.
void DailyReport::take_time(report::WallTime now) {
  const auto next = report::next_report_time(now, hour_);
  due_ = std::min(due_.value_or(next), next);
  if (retried_until_) retried_until_ = std::min(*retried_until_, next);
}

/// Also where the mail is refused, and tried every few minutes.
void DailyReport::retry_once_a_day() {
  const auto now = std::chrono::system_clock::now();
  if (retried_until_ && now < *retried_until_) return;
  retried_until_ = report::next_report_time(now, hour_);
  retry();
}

Task<> DailyReport::deliver() {
  if (!composed_) {
    const auto now = std::chrono::system_clock::now();
    auto told = monitor_.digest();
    CO_TRY(auto mail, report::make_digest(told, status(), recipient_, now));
    composed_ = Composed{std::move(mail), std::move(told), now};
  }
  CO_CHECK(co_await append(composed_->mail.message, composed_->mail.message_id));
  monitor_.digest().forget(composed_->told, composed_->at);
  composed_.reset();
  log::info("the daily report is delivered", {{"mailbox", mailbox_.to_string()}});
  co_return Result<>{};
}

/// Where somebody deleted or renamed the mailbox, it is made again.
Task<> DailyReport::append(const std::string& message, const std::string& message_id) {
  auto appended = co_await try_append(message, message_id);
  if (!appended && appended.error().scope == Scope::mailbox) appended = co_await try_append(message, message_id);
  co_return appended;
}

Task<> DailyReport::try_append(const std::string& message, const std::string& message_id) {
  auto& mailbox = context_.mailbox(mailbox_);
  CO_TRY(auto lane, co_await context_.lanes.acquire());
  auto ready = co_await mailbox.make_ready(*lane, context_.slowest_append, context_.stopping);
  if (!ready) {
    lane.spoil();
    co_return ready;
  }
  auto stored = co_await bring(*lane, message, message_id);
  if (!stored) lane.spoil();
  if (!stored) mailbox.forget_prepared();
  co_return stored;
}

Task<> DailyReport::bring(store::Session& session, const std::string& message, const std::string& message_id) {
  // It may have arrived when the connection broke.
  const std::vector<std::string> ids{message_id};
  CO_TRY(const auto found, co_await session.searcher()->find_message_ids(mailbox_, ids));
  if (!found.empty()) co_return Result<>{};
  const auto appender = session.appender(kWindow);
  const store::MessageHead head{.octets = message.size()};
  CO_CHECK(co_await appender->begin(mailbox_, head, 1, true));
  CO_CHECK(co_await appender->write(message));
  CO_CHECK(appender->end());
  CO_CHECK(co_await appender->drain());
  const auto outcomes = appender->take_outcomes();
  for (const auto& outcome : outcomes) {
    if (!outcome.result) co_return std::unexpected(outcome.result.error());
  }
  co_return Result<>{};
}

std::string DailyReport::to_text() const {
  const auto due = due_ ? report::to_utc_text(*due_) : std::string("-");
  const auto retried = retried_until_ ? " " + report::to_utc_text(*retried_until_) : std::string();
  return due + retried + "\n" + monitor_.digest().to_text();
}

void DailyReport::restore(const std::string& text) {
  const auto end = text.find('\n');
  if (end == std::string::npos) return;
  // A report that was due while nobody ran goes out now.
  const auto times = std::string_view(text).substr(0, end);
  const auto blank = std::min(times.find(' '), times.size());
  due_ = report::parse_utc_text(times.substr(0, blank));
  if (blank < times.size()) retried_until_ = report::parse_utc_text(times.substr(blank + 1));
  auto log = report::DigestLog::parse(std::string_view(text).substr(end + 1));
  if (log) monitor_.digest() = std::move(*log);
}

}  // namespace mailferry::services
