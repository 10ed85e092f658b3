// The destination's mailboxes before the first append: created, subscribed, opened, all in one turn.
#include "state/mailbox_key.hpp"
#include "sync/copy_run.hpp"

#include <algorithm>
#include <map>

namespace mailferry::sync {
namespace {

bool needs_mailbox(const RouteWork& work) {
  return !work.dead() && (work.has_messages() || !work.flag_work.empty() || work.create || work.subscribe);
}

/// What every server was seen to take; of the others each refuses some (Dovecot over Maildir '.', Cyrus '"', '%' and
/// others, Courier '/' and what lies outside the Basic Multilingual Plane).
constexpr std::string_view kPlain = " -_+,=@&()'";

std::string plain_component(std::string_view component) {
  std::string plain;
  for (const char c : component) {
    const auto octet = static_cast<unsigned char>(c);
    const bool letter = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    const bool outside_bmp = octet >= 0xF0;
    // The octets that follow the first one of such a character, which has become '_'.
    if (octet >= 0x80 && octet < 0xC0 && plain.ends_with('_')) continue;
    plain += letter || kPlain.contains(c) || (octet >= 0x80 && !outside_bmp) ? c : '_';
  }
  return plain;
}

MailboxPath plain_name(const MailboxPath& path) {
  auto components = path.components();
  for (auto& component : components)
    component = plain_component(component);
  return MailboxPath(std::move(components));
}

}  // namespace

std::string renamed_note(const MailboxPath& wanted) {
  return "renamed:" + state::to_mailbox_key(wanted);
}

std::string mapped_note(state::RouteId route) {
  return fmt::format("mapped:{}", route);
}

std::string set_back_note(state::RouteId route) {
  return fmt::format("set_back:{}", route);
}

std::string destination_next_note(state::RouteId route) {
  return fmt::format("destination_next:{}", route);
}

/// A turn of the source hides behind the one that the destination needs for its mailboxes.
asio::awaitable<void> CopyRun::read_ahead() {
  const auto& routes = context_.queue.routes;
  const bool doubtful = std::ranges::any_of(routes, [](const RouteWork& work) { return !work.doubt.empty(); });
  if (doubtful || !context_.queue.has_todo()) co_return;
  reading_ahead_ = true;
  auto& worker = workers_.emplace_back(context_, SessionPair{source().release(), nullptr});
  co_await worker.read_ahead();
}

Task<> CopyRun::prepare() {
  context_.progress.phase = "preparing mailboxes";
  std::vector<RouteWork*> asked;
  for (auto& work : context_.queue.routes) {
    if (needs_mailbox(work)) asked.push_back(&work);
  }
  std::vector<RouteWork*> refused;
  CO_CHECK(co_await prepare_all(asked, refused));
  if (refused.empty()) co_return Result<>{};
  co_return co_await prepare_renamed(refused);
}

Task<> CopyRun::prepare_all(const std::vector<RouteWork*>& asked, std::vector<RouteWork*>& refused) {
  if (asked.empty()) co_return Result<>{};
  std::vector<store::CreateRequest> requests;
  for (const auto* work : asked)
    requests.push_back(
        {.mailbox = work->destination, .use = work->use, .create = work->create, .subscribe = work->subscribe});
  CO_TRY(auto results, co_await pair_.destination->prepare(requests));
  for (std::size_t index = 0; index < asked.size(); ++index) {
    auto& work = *asked[index];
    if (!results[index]) {
      work.report->error = with_context(results[index].error(), work.destination.to_string()).error();
      if (work.create && plain_name(work.destination) != work.destination) refused.push_back(&work);
      continue;
    }
    const auto& prepared = *results[index];
    work.report->error.reset();
    work.permanent_flags = prepared.permanent_flags;
    if (prepared.not_subscribed)
      context_.report.warnings.push_back(fmt::format("{} could not be subscribed to: {}", work.destination.to_string(),
                                                     prepared.not_subscribed->describe()));
    const bool surprise = work.route.destination_validity == 0 && prepared.status.messages > 0 && work.has_messages();
    // Quirk o6: until SELECT some servers tell the clock. What was matched already must not move, though.
    if (work.route.destination_validity == 0 || (work.fresh && work.found.empty()))
      work.route.destination_validity = prepared.status.uid_validity;
    if (prepared.status.uid_validity == 0) {
      work.report->error = Error{.kind = ErrorKind::protocol,
                                 .scope = Scope::mailbox,
                                 .retry = Retry::later,
                                 .retry_after = {},
                                 .message = work.destination.to_string() + " has no UIDVALIDITY there",
                                 .remedy = "run again; if it stays so, ask the administrator of the destination",
                                 .trail = {}};
    } else if (work.route.destination_validity != prepared.status.uid_validity) {
      work.report->error =
          Error{.kind = ErrorKind::protocol,
                .scope = Scope::mailbox,
                .retry = Retry::later,
                .retry_after = {},
                .message = "UIDVALIDITY of " + work.destination.to_string() + " changed while the run began",
                .remedy = "run again",
                .trail = {}};
    }
    work.destination_next = prepared.status.uid_next;
    // New appends begin here; an older intent that is still open begins where it began.
    if (work.doubt.empty()) work.destination_from = std::max<Uid>(1, prepared.status.uid_next);
    if (!surprise || work.dead()) continue;
    if (!workers_.empty()) workers_.front().undo_read_ahead();
    const auto matched = co_await match_existing(work);
    if (!matched && matched.error().scope != Scope::mailbox) co_return matched;
    if (!matched) work.report->error = matched.error();
  }
  co_return Result<>{};
}

/// Names that were refused are tried once more with '_' for what not every server takes; the state remembers it, so
/// that later runs go there at once.
Task<> CopyRun::prepare_renamed(const std::vector<RouteWork*>& refused) {
  std::map<MailboxPath, MailboxPath> names;  // what was wanted → what is tried: mailboxes that share one go on doing so
  std::vector<MailboxPath> wanted;
  for (auto* work : refused) {
    wanted.push_back(work->destination);
    const auto [name, is_new] = names.try_emplace(work->destination);
    if (is_new) name->second = free_plain_name(work->destination);
    work->destination = name->second;
    work->report->destination = name->second;
    work->route.destination_mailbox = state::to_mailbox_key(name->second);
  }
  link_siblings();
  std::vector<RouteWork*> still_refused;
  CO_CHECK(co_await prepare_all(refused, still_refused));
  for (std::size_t index = 0; index < refused.size(); ++index) {
    if (refused[index]->dead() || names.erase(wanted[index]) == 0) continue;
    context_.journal.pending().notes.emplace_back(renamed_note(wanted[index]),
                                                  refused[index]->route.destination_mailbox);
    context_.report.warnings.push_back(fmt::format("the destination refuses the name \"{}\": \"{}\" is used",
                                                   wanted[index].to_string(), refused[index]->destination.to_string()));
  }
  co_return Result<>{};
}

/// The name in plain letters, with a number where another mailbox goes there.
MailboxPath CopyRun::free_plain_name(const MailboxPath& wanted) const {
  auto name = plain_name(wanted);
  const auto taken = [&name](const RouteWork& route) { return route.destination == name; };
  for (int number = 2; std::ranges::any_of(context_.queue.routes, taken); ++number) {
    auto components = plain_name(wanted).components();
    components.back() += "-" + std::to_string(number);
    name = MailboxPath(std::move(components));
  }
  return name;
}

}  // namespace mailferry::sync
