#include "services/explain.hpp"

#include "async/run_loop.hpp"
#include "base/encoding.hpp"
#include "base/units.hpp"
#include "base/utf8.hpp"
#include "config/nearest.hpp"
#include "services/accounts.hpp"
#include "services/interruption.hpp"
#include "services/mailbox_survey.hpp"
#include "services/steady_pair.hpp"
#include "state/journal.hpp"
#include "state/mailbox_key.hpp"
#include "stores/imap/imap_store.hpp"
#include "sync/identity_match.hpp"

#include <algorithm>
#include <filesystem>

namespace mailferry::services {
namespace {

/// Keeps the one message that was asked for.
class OneMessage final : public sync::RestartableSink {
 public:
  void restart() override { found.reset(); }
  void message(store::MessageMeta&& meta) override { found = std::move(meta); }
  std::optional<store::MessageMeta> found;
};

struct Look {
  store::MailboxStatus status;
  std::optional<store::MessageMeta> message;
};

Task<Look> look_at(store::Session& session, const MailboxPath& mailbox, Uid uid) {
  auto request = sync::scan_of(mailbox, 0);
  request.uids = UidSet(UidRange{uid, uid});
  request.detail = {.flags = true, .octets = true, .date = true, .identity = true};
  OneMessage sink;
  const std::vector<store::ScanRequest> requests{std::move(request)};
  const std::vector<store::MetaSink*> sinks{&sink};
  CO_TRY(auto results, co_await session.scan(requests, sinks));
  if (!results.front()) co_return std::unexpected(results.front().error());
  co_return Look{.status = results.front()->status, .message = std::move(sink.found)};
}

std::string describe(const store::MessageMeta& message) {
  return fmt::format("UID {}: {}, {}, flags ({}), identity {}{}", message.uid, format_octets(message.octets),
                     message.date.to_string(), message.flags.to_string(),
                     to_hex(std::span<const std::uint8_t>(message.identity.digest)),
                     message.identity.weak ? " (weak: its body has to decide)" : "");
}

/// What the state says of the message for one destination account.
struct Record {
  state::Route route;
  enum class Kind { newer, delivered, parked, in_doubt, unknown } kind = Kind::unknown;
  state::SettledRun run{};
  state::Parked parked{};
};

class Explanation {
 public:
  Explanation(asio::io_context& io, const ExplainRequest& request, store::Store& from, store::Store* to,
              ExplainReport& report)
      : io_(io), steadiness_(io), request_(request), from_(from), to_(to), report_(report) {}

  Task<> run() {
    CO_TRY(pair_.source, co_await open_steady(from_, steadiness_));
    auto look = co_await look_at(*pair_.source, request_.mailbox, request_.uid);
    if (!look && look.error().scope == Scope::mailbox) CO_CHECK(co_await refuse_unlisted());
    if (!look) co_return std::unexpected(look.error());
    source_ = *std::move(look);
    CO_CHECK(co_await tell_source());
    CO_CHECK(tell_state());
    if (to_ != nullptr) CO_CHECK(co_await tell_destination());
    tell("so", conclusion());
    co_return Result<>{};
  }

 private:
  void tell(std::string topic, std::string text) { report_.facts.push_back({std::move(topic), std::move(text)}); }

  /// What a server says of a name that is misspelt helps nobody.
  Task<> refuse_unlisted() {
    CO_TRY(const auto listed, co_await pair_.source->list(false));
    std::vector<std::string> names;
    for (const auto& mailbox : listed.mailboxes)
      names.push_back(mailbox.path.to_string());
    const auto wanted = request_.mailbox.to_string();
    if (std::ranges::find(names, wanted) != names.end()) co_return Result<>{};
    const std::vector<std::string_view> known(names.begin(), names.end());
    co_return fail(ErrorKind::usage, Scope::run,
                   fmt::format("{} has no mailbox '{}'{}", request_.from.label(), sanitize_for_terminal(wanted),
                               config::did_you_mean(wanted, known)),
                   "see `mailferry folders FROM` for the names");
  }

  Task<> tell_source() {
    const auto where = fmt::format("{} of {}, UIDVALIDITY {}", request_.mailbox.to_string(), request_.from.label(),
                                   source_.status.uid_validity);
    if (!source_.message) {
      tell("source", fmt::format("{}: there is no message with UID {} (UIDNEXT is {})", where, request_.uid,
                                 source_.status.uid_next));
      co_return Result<>{};
    }
    tell("source", fmt::format("{}: {}", where, describe(*source_.message)));
    const UidSet one(UidRange{request_.uid, request_.uid});
    const auto subjects = co_await pair_.source->subjects(request_.mailbox, one);
    if (subjects && !subjects->empty()) tell("subject", subjects->begin()->second);
    co_return Result<>{};
  }

  Result<> tell_state() {
    if (!std::filesystem::exists(request_.state_file)) {
      tell("state", fmt::format("there is none: {} does not exist", request_.state_file));
      return {};
    }
    TRY(const auto journal, state::Journal::open(request_.state_file));
    TRY(const auto pairs, find_pairs(*journal));
    for (const auto& [pair, account] : pairs)
      CHECK_OK(tell_pair(*journal, pair, account));
    if (pairs.empty()) tell("state", "nothing was ever copied from this account to the other");
    return {};
  }

  Result<std::vector<std::pair<state::PairId, std::string>>> find_pairs(state::Journal& journal) {
    if (!request_.to) return journal.pairs_from(request_.from.label());
    std::vector<std::pair<state::PairId, std::string>> pairs;
    TRY(const auto pair, journal.find_pair(request_.from.label(), request_.to->label()));
    if (pair) pairs.emplace_back(*pair, request_.to->label());
    return pairs;
  }

  Result<> tell_pair(state::Journal& journal, state::PairId pair, const std::string& account) {
    TRY(const auto routes, journal.routes(pair));
    const auto key = state::to_mailbox_key(request_.mailbox);
    bool any = false;
    for (const auto& route : routes) {
      if (route.source_mailbox != key) continue;
      any = true;
      if (route.source_validity != source_.status.uid_validity) {
        tell("state",
             fmt::format("to {}, {}: recorded under UIDVALIDITY {}, which the source has no longer: the record "
                         "does not count, messages are recognised by what they are",
                         account, route.destination_mailbox, route.source_validity));
        continue;
      }
      TRY(auto record, find_record(journal, pair, route));
      tell("state", fmt::format("to {}, {}: {}", account, route.destination_mailbox, tell_record(record)));
      record_ = std::move(record);
    }
    if (!any) tell("state", fmt::format("to {}: this mailbox was never copied", account));
    return {};
  }

  Result<Record> find_record(state::Journal& journal, state::PairId pair, const state::Route& route) {
    Record record{.route = route};
    const auto uid = request_.uid;
    TRY(const auto runs, journal.settled(route.id, uid, 1));
    if (!runs.empty() && runs.front().source == uid) {
      record.kind = Record::Kind::delivered;
      record.run = runs.front();
      return record;
    }
    TRY(const auto parked, journal.parked(pair));
    for (const auto& message : parked) {
      if (message.route != route.id || message.source != uid) continue;
      record.kind = Record::Kind::parked;
      record.parked = message;
    }
    TRY(const auto intents, journal.open_intents(pair));
    for (const auto& intent : intents) {
      if (record.kind == Record::Kind::unknown && intent.route == route.id && intent.source.contains(uid))
        record.kind = Record::Kind::in_doubt;
    }
    if (record.kind == Record::Kind::unknown && uid >= route.source_uid_next) record.kind = Record::Kind::newer;
    return record;
  }

  static std::string tell_record(const Record& record) {
    switch (record.kind) {
      case Record::Kind::delivered:
        return record.run.destination == 0
                   ? fmt::format("delivered with flags ({}); that server does not tell UIDs",
                                 record.run.flags.to_string())
                   : fmt::format("delivered as UID {} (UIDVALIDITY {}) with flags ({})", record.run.destination,
                                 record.route.destination_validity, record.run.flags.to_string());
      case Record::Kind::parked:
        return fmt::format("given up after {}: {}; {}",
                           format_counted(static_cast<std::uint64_t>(record.parked.attempts), "attempt", "attempts"),
                           record.parked.reason, record.parked.remedy);
      case Record::Kind::in_doubt:
        return "in doubt: it was to be sent when a run ended early";
      case Record::Kind::newer:
        return "newer than the last run that came to its end";
      case Record::Kind::unknown:
        break;
    }
    return "not there when the mailbox was last looked at";
  }

  Task<> tell_destination() {
    CO_TRY(pair_.destination, co_await open_steady(*to_, steadiness_));
    if (!record_) co_return co_await tell_unrecorded();
    CO_TRY(const auto mailbox, state::parse_mailbox_key(record_->route.destination_mailbox));
    if (record_->kind == Record::Kind::delivered && record_->run.destination != 0) {
      CO_TRY(const auto look, co_await look_at(*pair_.destination, mailbox, record_->run.destination));
      CO_CHECK(co_await tell_delivered(mailbox, look));
    } else if (source_.message) {
      CO_CHECK(co_await tell_lookalike(mailbox));
    }
    co_return Result<>{};
  }

  /// Nothing is on record: where the mailbox would go.
  Task<> tell_unrecorded() {
    if (!source_.message) co_return Result<>{};
    CO_TRY(const auto survey, co_await survey_mailboxes(io_, pair_, {}, {}));
    const auto route = std::ranges::find(survey.mapping.routes, request_.mailbox, &plan::Route::source);
    if (route == survey.mapping.routes.end()) {
      tell("destination", fmt::format("{}: a copy leaves this mailbox out", request_.to->label()));
    } else if (std::ranges::find(survey.destination, route->destination, &store::MailboxInfo::path) ==
               survey.destination.end()) {
      tell("destination",
           fmt::format("{} of {}: there is no such mailbox yet", route->destination.to_string(), request_.to->label()));
    } else {
      CO_CHECK(co_await tell_lookalike(route->destination));
    }
    co_return Result<>{};
  }

  Task<> tell_delivered(const MailboxPath& mailbox, const Look& look) {
    const auto where = fmt::format("{} of {}", mailbox.to_string(), request_.to->label());
    if (look.status.uid_validity != record_->route.destination_validity) {
      tell("destination",
           fmt::format("{}: UIDVALIDITY is {} now: its messages have other UIDs", where, look.status.uid_validity));
      renumbered_ = true;
      if (source_.message) CO_CHECK(co_await tell_lookalike(mailbox));
    } else if (look.message) {
      tell("destination", fmt::format("{}: {}", where, describe(*look.message)));
    } else {
      tell("destination", fmt::format("{}: there is no message with UID {} any more", where, record_->run.destination));
      gone_ = true;
    }
    co_return Result<>{};
  }

  Task<> tell_lookalike(const MailboxPath& mailbox) {
    auto source = sync::scan_of(request_.mailbox, 0);
    source.uids = UidSet(UidRange{request_.uid, request_.uid});
    const auto destination = sync::scan_of(mailbox, 0);
    const UidSet none;
    CO_TRY(const auto matched, co_await sync::match_by_identity(pair_, source, destination, none));
    const auto where = fmt::format("{} of {}", mailbox.to_string(), request_.to->label());
    is_there_ = !matched.empty();
    tell("destination", matched.empty() ? fmt::format("{}: no message with this identity", where)
                                        : fmt::format("{}: UID {} is the same message", where, matched[0].destination));
    co_return Result<>{};
  }

  [[nodiscard]] std::string conclusion() const {
    if (!source_.message) return "there is nothing to copy";
    if (!record_ || renumbered_ || record_->kind == Record::Kind::newer || record_->kind == Record::Kind::unknown)
      return is_there_
                 ? "the next copy of this mailbox takes that for its copy, unless another message has more right to it"
                 : "the next copy of this mailbox takes it";
    switch (record_->kind) {
      case Record::Kind::delivered:
        if (gone_) return "it was copied; somebody removed it from the destination, and a copy does not bring it back";
        if (source_.message->flags == record_->run.flags)
          return "it was copied, and nothing of it changed on the source since";
        return "it was copied; the next copy brings its flags up to date";
      case Record::Kind::parked:
        return "it was not copied, for the reason above; the next copy tries again";
      case Record::Kind::in_doubt:
        return "the next copy looks for it on the destination, and sends it if it is not there";
      default:
        return "";
    }
  }

  asio::io_context& io_;
  UnendingSteadiness steadiness_;
  const ExplainRequest& request_;
  store::Store& from_;
  store::Store* to_;
  ExplainReport& report_;
  sync::SessionPair pair_;
  Look source_;
  std::optional<Record> record_;
  bool gone_ = false;
  bool renumbered_ = false;  // the destination mailbox, since it was copied
  bool is_there_ = false;
};

Task<> run_explanation(Explanation* explanation) {
  co_return co_await explanation->run();
}

}  // namespace

ExplainReport run_explain(const ExplainRequest& request) {
  ExplainReport report;
  asio::io_context io{1};
  const Interruption interruption(io);
  stores::imap::ImapStore from(io, to_connect_options(request.from, request.from_secret));
  std::optional<stores::imap::ImapStore> to;
  if (request.to) to.emplace(io, to_connect_options(*request.to, request.to_secret));
  Explanation explanation(io, request, from, to ? &*to : nullptr, report);
  auto done = async::run_until_done(io, run_explanation(&explanation));
  if (!done) report.error = std::move(done).error();
  return report;
}

}  // namespace mailferry::services
