#include "services/verify.hpp"

#include "async/run_loop.hpp"
#include "base/units.hpp"
#include "services/accounts.hpp"
#include "services/earlier_runs.hpp"
#include "services/interruption.hpp"
#include "services/manifest_selection.hpp"
#include "services/steady_pair.hpp"
#include "services/verify_mailbox.hpp"
#include "stores/imap/imap_store.hpp"

namespace mailferry::services {
namespace {

class Verification {
 public:
  Verification(asio::io_context& io, const VerifyRequest& request, store::Store& from, store::Store& to,
               VerifyReport& report)
      : io_(io), steadiness_(io), request_(request), from_(from), to_(to), report_(report) {}

  Task<> run() {
    if (!request_.against.empty()) co_return co_await run_against_manifest();
    CO_CHECK(co_await open_steady_pair(io_, from_, to_, steadiness_, pair_));
    SessionOrigin origin(*pair_.source);
    VerifyContext context = make_context(origin);
    std::optional<ManifestWriter> manifest;
    if (!request_.manifest.empty()) {
      const auto accounts = fmt::format("{} to {}", request_.from.label(), request_.to.label());
      auto created = ManifestWriter::create(request_.manifest, accounts);
      if (!created) co_return std::unexpected(created.error());
      manifest.emplace(std::move(*created));
      context.manifest = &*manifest;
    }
    const EarlierRuns earlier(request_.state_file, request_.from, request_.to);
    CO_TRY(const auto survey, co_await survey_mailboxes(io_, pair_, request_.rules, earlier.routes()));
    report_.skipped = skipped_mailboxes(survey);
    note_missed(context, missed_mailboxes(survey, request_.rules));
    for (const auto& option : survey.mapping.unmatched)
      note_unmatched(context, "the source", option);
    const auto specs = to_route_specs(survey, [&earlier](const MailboxPath& path) { return earlier.renamed(path); });
    for (const auto& spec : specs)
      CO_CHECK(co_await check(context, spec.source, spec.destination, spec.destination_status.has_value()));
    co_await pair_.source->logout();
    co_await pair_.destination->logout();
    // One that lacks a mailbox would prove nothing of it later, and not say so.
    if (manifest && is_whole_) CO_CHECK(manifest->commit());
    co_return Result<>{};
  }

 private:
  VerifyContext make_context(Origin& origin) {
    return {.io = io_, .origin = origin, .destination = *pair_.destination, .report = report_, .deep = request_.deep};
  }

  Task<> run_against_manifest() {
    CO_TRY(auto manifest, ManifestReader::open(request_.against));
    CO_TRY(pair_.destination, co_await open_steady(to_, steadiness_));
    CO_TRY(const auto list, co_await pair_.destination->list(false));
    ManifestOrigin origin;
    VerifyContext context = make_context(origin);
    plan::NamingLimits limits;
    limits.separator = pair_.destination->traits().separator;
    CO_TRY(auto selection, ManifestSelection::make(request_.rules, std::move(limits)));
    while (true) {
      CO_TRY(auto entries, manifest.next_mailbox());
      if (entries.empty()) break;
      const auto source = entries.front().source;
      const auto destination = selection.destination(source, entries.front().destination);
      if (const auto reason = selection.reason_to_skip(source); !reason.empty()) {
        report_.skipped.push_back({.mailbox = source, .reason = reason});
        continue;
      }
      const bool exists = std::ranges::any_of(list.mailboxes, [&](const store::MailboxInfo& mailbox) {
        return mailbox.selectable && mailbox.path == destination;
      });
      origin.set(std::move(entries));
      CO_CHECK(co_await check(context, source, destination, exists));
    }
    co_await pair_.destination->logout();
    CO_CHECK(selection.check(!report_.mailboxes.empty()));
    for (const auto& option : selection.unmatched())
      note_unmatched(context, "the manifest", option);
    co_return Result<>{};
  }

  /// What the user asked to have verified and is not there; rules that only leave out or rename prove nothing wrong.
  static void note_unmatched(VerifyContext& context, std::string_view where, std::string_view option) {
    if (!option.starts_with("--mailbox ")) return;
    context.add({.kind = Difference::mailbox,
                 .source = {},
                 .destination = {},
                 .detail = fmt::format("no mailbox of {} matches {}", where, option)});
  }

  void note_missed(VerifyContext& context, std::uint64_t mailboxes) {
    if (mailboxes == 0) return;
    is_whole_ = false;
    context.add({.kind = Difference::mailbox,
                 .source = {},
                 .destination = {},
                 .detail = fmt::format("the source tells {} in a form that cannot be read{}",
                                       format_counted(mailboxes, "mailbox", "mailboxes"),
                                       context.manifest != nullptr ? "; so no manifest is written" : "")});
  }

  /// A mailbox that cannot be read is a difference; the others are looked at all the same. Where connections broke
  /// again and again, the mailbox may have been to blame; a second one in a row ends the verification.
  Task<> check(VerifyContext& context, const MailboxPath& source, const MailboxPath& destination, bool exists) {
    MailboxCheck mailbox(context, source, destination, exists);
    const auto checked = co_await mailbox.run();
    const bool lost = !checked && checked.error().scope != Scope::mailbox;
    const bool goes_on = !lost || (!lost_ && checked.error().retry != Retry::never);
    lost_ = lost;
    if (checked) co_return Result<>{};
    is_whole_ = false;
    if (!goes_on) co_return with_context(checked.error(), source.to_string() + " could not be compared");
    const auto told = with_context(checked.error(), "could not be compared").error();
    context.add({.kind = Difference::mailbox,
                 .source = source,
                 .destination = destination,
                 .detail = (lost ? told.describe() : checked.error().describe()) +
                           (context.manifest != nullptr ? "; so no manifest is written" : "")});
    co_return Result<>{};
  }

  asio::io_context& io_;
  UnendingSteadiness steadiness_;
  const VerifyRequest& request_;
  store::Store& from_;
  store::Store& to_;
  VerifyReport& report_;
  sync::SessionPair pair_;
  bool lost_ = false;     // the mailbox before could not be compared because of the connections
  bool is_whole_ = true;  // every mailbox was compared
};

Task<> run_verification(Verification* verification) {
  co_return co_await verification->run();
}

}  // namespace

VerifyReport run_verify(const VerifyRequest& request) {
  VerifyReport report;
  asio::io_context io{1};
  const Interruption interruption(io);
  stores::imap::ImapStore from(io, to_connect_options(request.from, request.from_secret));
  stores::imap::ImapStore to(io, to_connect_options(request.to, request.to_secret));
  Verification verification(io, request, from, to, report);
  auto done = async::run_until_done(io, run_verification(&verification));
  if (!done) report.error = std::move(done).error();
  return report;
}

}  // namespace mailferry::services
