// Messages that could not be delivered: when they are tried again, parked, and given up.
#include "base/units.hpp"
#include "sync/carry/carry_notes.hpp"
#include "sync/carry/source_mailbox.hpp"

#include <algorithm>

namespace mailferry::sync {
namespace {

/// What a source refuses for so long it will not send, though it sent nothing else meanwhile.
constexpr std::chrono::hours kRefusedFor{24};

Error given_up_error(const MailboxPath& path, std::size_t messages, int days) {
  return {.kind = ErrorKind::message_rejected,
          .scope = Scope::message,
          .retry = Retry::never,
          .retry_after = {},
          .message =
              fmt::format("{} of {} given up: parked for more than {}", format_counted(messages, "message", "messages"),
                          path.to_string(), format_counted(static_cast<std::uint64_t>(days), "day", "days")),
          .remedy = "what is given up is still on the source, and is not tried again (error_retention_days)",
          .trail = {}};
}

}  // namespace

Task<> SourceMailbox::note_trouble(CarryRoute& route, Uid uid, const Error& error, bool park_at_once) {
  if (route.settled.contains(uid)) co_return Result<>{};  // given up meanwhile
  auto& trouble = route.troubled[uid];
  trouble.alone = true;
  ++trouble.attempts;
  trouble.again_at = std::chrono::steady_clock::now() + pause_after(trouble.attempts, error);
  if (!park_at_once && trouble.attempts < context_.settings.message_attempts) co_return Result<>{};
  state::Batch batch;
  batch.parked.push_back({.route = route.row.id,
                          .source = uid,
                          .reason = error.describe(),
                          .remedy = error.remedy,
                          .attempts = trouble.attempts,
                          .since = unix_now()});
  if (const auto before = route.retried.find(uid); before != route.retried.end()) {
    batch.parked.front().attempts += before->second.attempts - context_.settings.message_attempts + 1;
    if (before->second.since != 0) batch.parked.front().since = before->second.since;
    route.retried.erase(before);
  }
  route.parked.insert_or_assign(uid, batch.parked.front());
  route.troubled.erase(uid);
  context_.observer.parked(account_, rule_.from, uid, error);
  co_return co_await context_.journal.apply(pair_, batch);
}

Task<> SourceMailbox::note_refused(CarryRoute& route, Uid uid, const Error& error, std::uint64_t read_before) {
  if (route.settled.contains(uid)) co_return Result<>{};
  const auto now = std::chrono::steady_clock::now();
  auto& trouble = route.troubled[uid];
  if (!trouble.refused) trouble.refused = Trouble::Refusal{.read = read_before, .since = now};
  const bool was_parked = route.retried.contains(uid);
  if (was_parked || read_ > trouble.refused->read || now >= trouble.refused->since + kRefusedFor)
    co_return co_await note_trouble(route, uid, error, false);
  trouble.again_at = now + pause_after(++trouble.refused->times, error);
  co_return Result<>{};
}

bool SourceMailbox::is_suspect(Uid uid) const {
  return std::ranges::any_of(routes_, [uid](const CarryRoute& route) {
    const auto found = route.troubled.find(uid);
    return found != route.troubled.end() && found->second.refused;
  });
}

void SourceMailbox::retry_parked() {
  is_to_retry_ = uid_validity_ == 0;  // what is parked is tried when the mailbox is looked at first
  for (auto& route : routes_) {
    route.label_at = route.unready_until = {};
    for (auto& [uid, trouble] : route.troubled)
      trouble.again_at = {};
    for (const auto& [uid, parked] : route.parked)
      route.troubled[uid] = {.attempts = context_.settings.message_attempts - 1, .again_at = {}, .alone = true};
    route.retried.merge(route.parked);
    route.parked.clear();
  }
}

std::vector<ParkedMessage> SourceMailbox::parked() const {
  std::vector<ParkedMessage> found;
  if (uid_validity_ == 0) found = parked_before_;
  for (const auto& route : routes_) {
    for (const auto* messages : {&route.parked, &route.retried}) {
      for (const auto& [uid, message] : *messages)
        found.push_back({route.to->path(), message});
    }
  }
  return found;
}

/// Of the state of the mailbox that was looked at last: only a look tells whether it is that still.
Result<> SourceMailbox::load_parked() {
  auto& journal = context_.journal.journal();
  TRY(const auto rows, journal.routes(pair_));
  TRY(const auto parked, journal.parked(pair_));
  for (const auto& target : rule_.to) {
    const state::Route* last = nullptr;
    for (const auto& row : rows) {
      const bool is_here = row.source_mailbox == state::to_mailbox_key(rule_.from) &&
                           row.destination_mailbox == state::to_mailbox_key(target.mailbox);
      if (is_here && (last == nullptr || row.id > last->id)) last = &row;
    }
    for (const auto& message : parked) {
      if (last != nullptr && message.route == last->id) parked_before_.push_back({target.mailbox, message});
    }
  }
  return {};
}

/// What nobody has looked at since the start is known from the state alone.
Task<std::size_t> SourceMailbox::give_up_before(const Chosen& chosen) {
  std::map<state::RouteId, UidSet> given_up;
  for (const auto& [to, message] : parked_before_) {
    if (chosen(message)) given_up[message.route].add(message.source);
  }
  state::Batch batch;
  for (const auto& [route, uids] : given_up) {
    CO_TRY(const auto note, context_.journal.journal().note(pair_, skipped_note(route)));
    CO_TRY(auto skipped, parse_note(note));
    skipped.add(uids);
    batch.notes.emplace_back(skipped_note(route), skipped.to_string());
    batch.unparked.emplace_back(route, uids);
    for (const auto& range : uids.ranges())
      batch.settled.emplace_back(route,
                                 state::SettledRun{range.first, static_cast<std::uint32_t>(range.size()), 0, {}});
  }
  const auto before = parked_before_.size();
  std::erase_if(parked_before_, [&](const ParkedMessage& one) { return chosen(one.message); });
  const auto left = parked_before_.size();
  if (!batch.empty()) CO_CHECK(co_await context_.journal.apply(pair_, batch));
  co_return before - left;
}

Task<std::size_t> SourceMailbox::give_up(const Chosen& chosen) {
  std::size_t given_up_before = 0;
  if (uid_validity_ == 0) {
    CO_TRY(given_up_before, co_await give_up_before(chosen));
  }
  // The first look may have come in between, and have found them parked still.
  std::size_t given_up = 0;
  state::Batch batch;
  for (auto& route : routes_) {
    UidSet uids;
    for (const auto* messages : {&route.parked, &route.retried}) {
      for (const auto& [uid, parked] : *messages) {
        if (chosen(parked)) uids.add(uid);
      }
    }
    if (uids.empty()) continue;
    given_up += uids.size();
    // Never delivered: it is not to be pruned.
    route.skipped.add(uids);
    batch.notes.emplace_back(skipped_note(route.row.id), route.skipped.to_string());
    batch.unparked.emplace_back(route.row.id, uids);
    for (const auto& range : uids.ranges()) {
      settle(route, range);
      // Only these: what else is settled and not saved goes with its notes, which tell what of it is not proven.
      batch.settled.emplace_back(route.row.id,
                                 state::SettledRun{range.first, static_cast<std::uint32_t>(range.size()), 0, {}});
    }
  }
  if (!batch.empty()) CO_CHECK(co_await context_.journal.apply(pair_, batch));
  co_return std::max(given_up, given_up_before);
}

Task<> SourceMailbox::expire_parked() {
  if (settings_.error_retention_days <= 0) co_return Result<>{};
  const auto before = unix_now() - settings_.error_retention_days * kDay;
  const auto is_old = [before](const state::Parked& parked) { return parked.since != 0 && parked.since < before; };
  CO_TRY(const auto given_up, co_await give_up(is_old));
  if (given_up > 0)
    context_.observer.trouble(account_, given_up_error(rule_.from, given_up, settings_.error_retention_days));
  co_return Result<>{};
}

}  // namespace mailferry::sync
