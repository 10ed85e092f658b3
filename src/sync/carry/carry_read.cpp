// The reading of a batch's messages from their source.
#include "sync/carry/carry_batch.hpp"
#include "sync/carry/carry_branch.hpp"
#include "sync/carry/source_refusal.hpp"

namespace mailferry::sync {
namespace {

/// How long a connection to the source waits unused for room in a quota.
constexpr std::chrono::minutes kLongestHold{1};
/// Sizes of servers that guess are wrong by some octets.
constexpr std::uint64_t kSlack = 64;
/// Of such messages in memory at a time, for each source.
constexpr std::size_t kMostWhole = 2U << 20;

}  // namespace

/// Where a day has a limit, messages go one by one: what is allowed now is known for each.
Task<> CarryBatch::read_within_quota(UidSet uids) {
  if (!download_.is_limited() && !context_.upload.is_limited()) co_return co_await read_parts(uids);
  for (bool is_first = true; !uids.empty(); is_first = false) {
    const auto one = uids.take_front(1);
    auto& wanted = wanted_.at(one.min());
    spread_over_limit(wanted);
    auto passed = co_await pass_quota(wanted, is_first);
    if (!passed && passed.error().scope != Scope::message) co_return std::unexpected(passed.error());
    if (!passed) {
      for (auto* route : wanted.routes)
        CO_CHECK(co_await mailbox_.note_trouble(*route, wanted.meta.uid, passed.error(), true));
      continue;
    }
    if (*passed != Passed::now) {
      uids.add(one);
      if (*passed == Passed::later) put_off(uids);
      if (*passed == Passed::after_others) left_.add(uids);
      co_return Result<>{};
    }
    CO_CHECK(co_await read(one));
  }
  co_return Result<>{};
}

Task<> CarryBatch::read_parts(const UidSet& uids) {
  const auto parts = in_parts(uids);
  for (const auto& part : parts)
    CO_CHECK(co_await read(part));
  co_return Result<>{};
}

/// What may be moved in a day is asked of the message, and not of its copies: for some mailboxes it is read again.
void CarryBatch::spread_over_limit(Wanted& wanted) {
  const auto octets = wanted.meta.octets;
  if (context_.upload.is_over_limit(plan::Direction::up, octets)) return;
  while (context_.upload.is_over_limit(plan::Direction::up, octets * wanted.routes.size())) {
    read_again_for(*wanted.routes.back(), wanted.meta.uid);
    wanted.routes.pop_back();
  }
}

/// Whether the message may be read now, which is then counted. A long wait is not waited for: the source would lose
/// patience with its connection, and other mailboxes may have less to carry. Nor is a short one where others wait, but
/// for the first message, so that those do not keep it from being carried for ever.
Task<CarryBatch::Passed> CarryBatch::pass_quota(const Wanted& wanted, bool is_first) {
  const bool is_too_large = context_.upload.is_over_limit(plan::Direction::up, wanted.meta.octets);
  const auto up = is_too_large ? wanted.meta.octets : wanted.meta.octets * wanted.routes.size();
  while (!context_.stopping) {
    CO_TRY(const auto download, download_.delay(plan::Direction::down, wanted.meta.octets));
    CO_TRY(const auto upload, context_.upload.delay(plan::Direction::up, up));
    const auto wait = std::max(download, upload);
    if (wait.count() == 0) {
      download_.record(plan::Direction::down, wanted.meta.octets);
      context_.upload.record(plan::Direction::up, up);
      co_return Passed::now;
    }
    if (wait > kLongestHold) {
      held_until_ = std::chrono::steady_clock::now() + wait;
      co_return Passed::later;
    }
    if (!is_first && others_wait_()) co_return Passed::after_others;
    auto& gate = download >= upload ? download_ : context_.upload;
    CO_CHECK(co_await gate.wait(wait));
  }
  co_return fail(ErrorKind::cancelled, Scope::run, "stopping");
}

void CarryBatch::put_off(const UidSet& uids) {
  auto each = uids.each();
  for (auto uid = each.next(); uid != 0; uid = each.next()) {
    for (auto* route : wanted_.at(uid).routes)
      route->put_off(uid, *held_until_);
  }
}

/// What was refused together is asked for one by one: the others may be readable (quirk y3).
Task<> CarryBatch::read_refused() {
  if (refused_.empty()) co_return Result<>{};
  if (wanted_.size() > 1) {
    const auto again = std::exchange(refused_, {});
    auto each = again.each();
    for (auto uid = each.next(); uid != 0; uid = each.next())
      CO_CHECK(co_await read(UidSet(UidRange{uid, uid})));
  }
  const auto refused = std::exchange(refused_, {});
  auto each = refused.each();
  for (auto uid = each.next(); uid != 0; uid = each.next())
    CO_CHECK(co_await note_refused(uid, *refusal_));
  co_return Result<>{};
}

Task<> CarryBatch::note_refused(Uid uid, const Error& error) {
  if (!std::exchange(has_told_, true)) {
    auto told = error;
    told.message = fmt::format("the source refuses UID {} of {}: {}", uid, mailbox_.path().to_string(), error.message);
    context_.observer.trouble(mailbox_.account(), told);
  }
  for (auto& route : mailbox_.routes()) {
    if (!route.rests(uid, std::chrono::steady_clock::now()))
      CO_CHECK(co_await mailbox_.note_refused(route, uid, error, read_before_));
  }
  co_return Result<>{};
}

Task<> CarryBatch::read(const UidSet& uids) {
  unread_ = uids;
  const auto reader = source_.reader();
  reader->request({.ticket = 1, .mailbox = mailbox_.path(), .uid_validity = mailbox_.uid_validity(), .uids = uids});
  while (!context_.stopping || streaming_) {
    auto step = reader->poll();
    if (!step) co_return co_await broken_off(step.error());
    if (step->kind == store::ReadStep::Kind::done) {
      auto done = reader->take_done();
      co_return co_await finish(std::move(done));
    }
    if (step->kind != store::ReadStep::Kind::nothing) {
      CO_CHECK(co_await take(*step, *reader));
      continue;
    }
    // What has come is not kept waiting for what has not.
    if (!in_message_) CO_CHECK(co_await deliver());
    auto waited = co_await reader->wait();
    if (!waited) co_return co_await broken_off(waited.error());
  }
  reader->close();                                            // its answers are still coming
  if (in_message_ && current_ != nullptr) whole_.pop_back();  // what has come of it is no message
  co_return fail(ErrorKind::cancelled, Scope::run, "stopping");
}

Task<> CarryBatch::take(const store::ReadStep& step, store::Reader& reader) {
  using Kind = store::ReadStep::Kind;
  if (step.kind == Kind::message) co_return co_await begin_message(reader.head());
  if (current_ == nullptr) co_return Result<>{};
  if (step.kind == Kind::end) co_return co_await end_message();
  digest_.update(step.octets);
  if (!streaming_) {
    whole_.back().octets.append(step.octets.data(), step.octets.size());
    co_return Result<>{};
  }
  for (auto& branch : branches_)
    co_await branch->write(step.octets);
  co_return Result<>{};
}

Task<> CarryBatch::begin_message(const store::MessageHead& head) {
  unread_.remove(UidRange{head.uid, head.uid});
  const auto found = wanted_.find(head.uid);
  current_ = found == wanted_.end() || found->second.routes.empty() ? nullptr : &found->second;
  if (current_ == nullptr) co_return Result<>{};
  in_message_ = true;
  static_cast<void>(digest_.finish());
  streaming_ = head.octets > kWholeOctets;
  streamed_octets_ = head.octets;
  if (streaming_) {
    CO_CHECK(co_await deliver());
    co_return co_await begin_branches(head);
  }
  whole_.push_back({.wanted = current_, .head = head});
  whole_.back().octets.reserve(head.octets);
  co_return Result<>{};
}

/// A source that sends nothing of a message, or only its beginning, is not to be taken for one that sent it.
Task<bool> CarryBatch::is_empty_by_mistake() {
  const auto& octets = whole_.back().octets;
  if (!octets.empty() || current_->meta.octets == 0) co_return false;
  whole_.pop_back();
  const auto error = not_sent_error("the content of this message");
  for (auto* route : current_->routes)
    CO_CHECK(co_await mailbox_.note_trouble(*route, current_->meta.uid, error, false));
  co_return true;
}

/// What comes is carried. Where it is much less than was announced, it proves nothing.
void CarryBatch::note_cut(std::uint64_t octets) {
  const auto announced = current_->meta.octets;
  if (octets + octets / 8 + kSlack >= announced) return;
  for (auto* route : current_->routes) {
    route->there.add(current_->meta.uid);
    route->there_unsaved = true;
  }
}

Task<> CarryBatch::end_message() {
  in_message_ = false;
  mailbox_.note_read();
  const auto body = digest_.finish();
  note_cut(streaming_ ? streamed_octets_ : whole_.back().octets.size());
  if (std::exchange(streaming_, false)) {
    for (auto& branch : branches_)
      branch->end(body);
    co_return co_await end_branches();
  }
  CO_TRY(const bool is_empty, co_await is_empty_by_mistake());
  if (is_empty) co_return Result<>{};
  auto& whole = whole_.back();
  whole.body = body;
  whole_octets_ += whole.octets.size();
  if (whole_octets_ >= kMostWhole) co_return co_await deliver();
  co_return Result<>{};
}

/// The connection to the source broke. If that happens in the same message each time, it is the message's fault.
Task<> CarryBatch::broken_off(Error error) {
  if (std::exchange(in_message_, false) && current_ != nullptr) {
    if (!streaming_) whole_.pop_back();
    for (auto& branch : branches_)
      branch->abandon();
    auto reason = error;
    reason.message = "the connection broke in the middle of this message: " + error.message;
    for (auto* route : current_->routes)
      CO_CHECK(co_await mailbox_.note_trouble(*route, current_->meta.uid, reason, false));
  } else {
    CO_CHECK(co_await suspect(unread_.min(), error));
  }
  streaming_ = false;
  co_return std::unexpected(std::move(error));
}

/// The connection broke where this message should have come: it may be why. What is behind it goes first then.
Task<> CarryBatch::suspect(Uid uid, const Error& error) {
  if (uid == 0 || context_.stopping || error.kind == ErrorKind::cancelled || error.scope < Scope::account)
    co_return Result<>{};
  auto reason = error;
  reason.message = "the connection broke instead of sending this message: " + error.message;
  for (auto& route : mailbox_.routes()) {
    if (!route.rests(uid, std::chrono::steady_clock::now()))
      CO_CHECK(co_await mailbox_.note_refused(route, uid, reason, read_before_));
  }
  co_return Result<>{};
}

Task<> CarryBatch::finish(store::ReadDone done) {
  CO_CHECK(co_await deliver());
  if (!done.result && !is_of_messages(done.result.error())) co_return std::unexpected(done.result.error());
  if (!done.result) {
    refusal_ = done.result.error();
    refused_.add(done.missing);
    co_return Result<>{};
  }
  const auto error = not_sent_error("this message");
  auto each = done.missing.each();
  for (auto uid = each.next(); uid != 0; uid = each.next()) {
    for (auto* route : wanted_[uid].routes)
      CO_CHECK(co_await mailbox_.note_trouble(*route, uid, error, false));
  }
  co_return Result<>{};
}

}  // namespace mailferry::sync
