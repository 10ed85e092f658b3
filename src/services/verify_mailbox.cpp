#include "services/verify_mailbox.hpp"

#include "async/task_scope.hpp"
#include "base/units.hpp"

namespace mailferry::services {
namespace {

constexpr std::size_t kSubjects = 100;

Task<> scan_origin(Origin* origin, MailboxPath mailbox, Side* side) {
  co_return co_await origin->scan(mailbox, *side);
}

/// Of equal messages those with the same flags and date belong together.
std::uint32_t likeness(const Side& side, Uid uid, bool with_flags) {
  const auto& entry = side.find(uid);
  const auto flags = with_flags ? side.flags_of(entry).to_string() : std::string();
  return static_cast<std::uint32_t>(std::hash<std::string>{}(fmt::format("{} {}", entry.seconds, flags)));
}

std::map<Uid, Digest> by_uid(const std::vector<plan::BodyDigestOf>& list) {
  std::map<Uid, Digest> digests;
  for (const auto& [uid, digest] : list)
    digests.emplace(uid, digest);
  return digests;
}

std::vector<plan::DatedMessage> dates_of(const Side& side, const UidSet& uids) {
  std::vector<plan::DatedMessage> dates;
  auto each = uids.each();
  for (auto uid = each.next(); uid != 0; uid = each.next())
    dates.push_back({uid, side.find(uid).seconds});
  return dates;
}

}  // namespace

void VerifyContext::add(Finding finding) {
  ++report.findings_total;
  if (report.findings.size() < VerifyReport::kMostFindings) report.findings.push_back(std::move(finding));
}

MailboxCheck::MailboxCheck(VerifyContext& context, MailboxPath source, MailboxPath destination, bool exists)
    : context_(context),
      result_(context.report.mailboxes.emplace_back()),
      exists_(exists),
      source_(none_),
      destination_(context.taken[destination]) {
  result_.source = std::move(source);
  result_.destination = std::move(destination);
}

Task<> MailboxCheck::run() {
  CO_CHECK(co_await look());
  CO_CHECK(co_await settle_unsure());
  result_.matched = matching_.matched.size();
  result_.missing = matching_.missing.size();
  count_extra();
  CO_CHECK(co_await report_missing());
  for (const auto& match : matching_.matched)
    compare(match);
  if (context_.deep || context_.manifest != nullptr) CO_CHECK(co_await compare_contents());
  UidSet mine;
  for (const auto& match : matching_.matched)
    mine.add(match.destination);
  context_.taken[result_.destination].add(mine);
  co_return Result<>{};
}

/// Of several mailboxes that go to one place the last one knows what belongs to none of them.
void MailboxCheck::count_extra() {
  for (auto& mailbox : context_.report.mailboxes) {
    if (mailbox.destination == result_.destination) mailbox.extra = 0;
  }
  result_.extra = matching_.extra.size();
}

Task<> MailboxCheck::look() {
  async::TaskScope scope(context_.io);
  scope.spawn("scan the source", scan_origin(&context_.origin, result_.source, &source_));
  if (exists_)
    scope.spawn("scan the destination", scan_into(&context_.destination, result_.destination, &destination_));
  CO_CHECK(co_await scope.join());
  if (!exists_)
    context_.add({.kind = Difference::mailbox,
                  .source = result_.source,
                  .destination = result_.destination,
                  .detail = "the mailbox does not exist on the destination"});
  if (source_.unlisted() > 0)
    context_.add({.kind = Difference::mailbox,
                  .source = result_.source,
                  .destination = result_.destination,
                  .detail = fmt::format("the source counts {} than it lists; nothing is known of them",
                                        format_counted(source_.unlisted(), "message more", "messages more"))});
  result_.on_source = source_.size();
  matching_ = plan::match_messages(source_.take_list(), destination_.take_list(), context_.origin.sizes());
  co_return Result<>{};
}

Task<> MailboxCheck::settle_unsure() {
  CO_CHECK(co_await resolve_unsure());
  plan::doubt_lookalikes(matching_, dates_of(source_, matching_.missing), dates_of(destination_, matching_.extra));
  co_return co_await resolve_unsure();
}

Task<> MailboxCheck::resolve_unsure() {
  if (matching_.is_sure()) co_return Result<>{};
  const auto source_uids = matching_.unsure_source_uids();
  const auto destination_uids = matching_.unsure_destination_uids();
  CO_TRY(auto here, co_await context_.origin.digests(result_.source, source_uids));
  CO_TRY(auto there, co_await body_digests(context_.destination, result_.destination, destination_uids));
  if (context_.deep || context_.manifest != nullptr) {
    from_.merge(by_uid(here));
    to_.merge(by_uid(there));
  }
  plan::resolve(matching_, std::move(here), std::move(there), alike());
  co_return Result<>{};
}

plan::Likeness MailboxCheck::alike() const {
  const bool with_flags = context_.origin.has_current_flags();
  plan::Likeness alike;
  alike.source = [this, with_flags](Uid uid) { return likeness(source_, uid, with_flags); };
  alike.source_else = alike.source;
  alike.destination = [this, with_flags](Uid uid) { return likeness(destination_, uid, with_flags); };
  return alike;
}

Task<> MailboxCheck::report_missing() {
  auto missing = matching_.missing;
  const auto first = missing.take_front(kSubjects);
  std::map<Uid, std::string> subjects;
  if (!first.empty()) {
    auto found = co_await context_.origin.subjects(result_.source, first);
    if (found) subjects = std::move(*found);
  }
  auto uids = matching_.missing.each();
  for (auto uid = uids.next(); uid != 0; uid = uids.next())
    context_.add({.kind = Difference::missing,
                  .source = result_.source,
                  .destination = result_.destination,
                  .source_uid = uid,
                  .detail = subjects[uid]});
  co_return Result<>{};
}

void MailboxCheck::add(Difference kind, const plan::MatchedPair& match, std::string detail) {
  context_.add({.kind = kind,
                .source = result_.source,
                .destination = result_.destination,
                .source_uid = match.source,
                .destination_uid = match.destination,
                .detail = std::move(detail)});
}

void MailboxCheck::compare(const plan::MatchedPair& match) {
  const auto& from = source_.find(match.source);
  const auto& to = destination_.find(match.destination);
  const auto& here = source_.flags_of(from);
  const auto& there = destination_.flags_of(to);
  const bool other_flags = context_.origin.has_current_flags() && !(here == there);
  const bool other_date = from.seconds != to.seconds;
  if (other_flags)
    add(Difference::flags, match, fmt::format("source ({}), destination ({})", here.to_string(), there.to_string()));
  if (other_date)
    add(Difference::date, match,
        fmt::format("source {}, destination {}", InternalDate{.seconds = from.seconds}.to_string(),
                    InternalDate{.seconds = to.seconds}.to_string()));
  if (other_flags || other_date) ++result_.differing;
}

/// Reads every matched message that was not read before: from the destination for --deep, from the source for that and
/// the manifest.
Task<> MailboxCheck::compare_contents() {
  UidSet source_uids;
  UidSet destination_uids;
  for (const auto& match : matching_.matched) {
    if (!from_.contains(match.source)) source_uids.add(match.source);
    if (!to_.contains(match.destination)) destination_uids.add(match.destination);
  }
  if (!source_uids.empty()) {
    CO_TRY(const auto here, co_await context_.origin.digests(result_.source, source_uids));
    from_.merge(by_uid(here));
  }
  if (context_.deep && !destination_uids.empty()) {
    CO_TRY(const auto there, co_await body_digests(context_.destination, result_.destination, destination_uids));
    to_.merge(by_uid(there));
  }
  for (const auto& match : matching_.matched)
    CO_CHECK(compare_content(match));
  co_return Result<>{};
}

Result<> MailboxCheck::compare_content(const plan::MatchedPair& match) {
  const auto here = from_.find(match.source);
  const auto there = to_.find(match.destination);
  if (context_.manifest != nullptr && here != from_.end()) {
    const auto& entry = source_.find(match.source);
    CHECK_OK(context_.manifest->add({.destination = result_.destination,
                                     .source = result_.source,
                                     .source_uid = match.source,
                                     .identity = {.digest = entry.digest, .weak = entry.weak != 0},
                                     .content = here->second,
                                     .seconds = entry.seconds,
                                     .flags = source_.flags_of(entry)}));
  }
  const bool is_recorded = context_.manifest == nullptr || here != from_.end();
  if (!context_.deep && is_recorded) return {};
  const bool both = here != from_.end() && there != to_.end();
  if (both && here->second == there->second) return {};
  ++result_.differing;
  std::string_view what = both ? "the octets differ" : "one side did not send the message";
  if (!is_recorded) what = "the source did not send the message: it is not in the manifest";
  add(Difference::content, match, std::string(what));
  return {};
}

}  // namespace mailferry::services
