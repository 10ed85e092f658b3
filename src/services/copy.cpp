#include "services/copy.hpp"

#include "async/run_loop.hpp"
#include "async/signals.hpp"
#include "async/task_scope.hpp"
#include "base/units.hpp"
#include "services/accounts.hpp"
#include "services/earlier_runs.hpp"
#include "services/interruption.hpp"
#include "services/mailbox_survey.hpp"
#include "state/journal.hpp"
#include "state/mailbox_key.hpp"
#include "stores/imap/imap_store.hpp"
#include "sync/copy_run.hpp"

#include <csignal>
#include <cstdlib>

namespace mailferry::services {
namespace {

constexpr std::chrono::milliseconds kProgressEvery{200};
/// What is in flight when Ctrl-C comes gets this long to be answered.
constexpr std::chrono::seconds kStopWithin{10};

class CopyJob {
 public:
  CopyJob(const CopyRequest& request, CopyObserver& observer, state::Journal& journal, state::PairId pair,
          sync::Report& report)
      : request_(request),
        observer_(observer),
        report_(report),
        pool_(io_),
        source_(io_, to_connect_options(request.from, request.from_secret)),
        destination_(io_, to_connect_options(request.to, request.to_secret)),
        writer_(io_, pool_, journal, pair),
        context_(io_, source_, destination_, writer_, settings(request), progress_, report),
        finished_(io_),
        signals_(io_, async::ending_signals(), [this](int) { on_signal(); }) {}

  Result<> run() { return async::run_until_done(io_, run_all()); }

 private:
  static sync::RunSettings settings(const CopyRequest& request) {
    sync::RunSettings wanted;
    wanted.connections = request.connections;
    wanted.window_octets = request.window_octets;
    for (const auto limit : {request.from.connections, request.to.connections}) {
      if (limit != 0) wanted.most_connections = std::min(wanted.most_connections, limit);
    }
    return wanted;
  }

  Task<> run_all() {
    async::TaskScope scope(io_);
    scope.spawn("progress", run_progress());
    auto done = co_await run_copy();
    ended_ = true;
    finished_.notify_all();
    co_await scope.join();
    signals_.stop();
    co_return done;
  }

  Task<> run_copy() {
    progress_.phase = "connecting";
    sync::SessionPair pair;
    CO_CHECK(co_await sync::connect_first(context_, pair));
    sync::make_steady(context_, pair);
    progress_.phase = "listing mailboxes";
    CO_TRY(const auto stored, placed_routes(writer_.journal(), writer_.pair()));
    CO_TRY(const auto survey, co_await survey_mailboxes(io_, pair, request_.rules, stored));
    report_.skipped = skipped_mailboxes(survey);
    for (const auto& option : survey.mapping.unmatched)
      report_.warnings.push_back("no mailbox of the source matches " + option);
    note_missed(missed_mailboxes(survey, request_.rules));
    const auto specs = to_route_specs(survey, [this](const MailboxPath& path) { return renamed(path); });
    sync::CopyRun run(context_, std::move(pair));
    auto worked = co_await plan_and_execute(run, specs);
    co_await run.finish();
    co_return worked;
  }

  void note_missed(std::uint64_t mailboxes) {
    report_.unreadable_mailboxes = mailboxes;
    if (mailboxes == 0) return;
    report_.warnings.push_back(
        fmt::format("the source tells {} in a form that cannot be read, which cannot be copied; ask its administrator, "
                    "or name each mailbox that is to be copied with --mailbox",
                    format_counted(mailboxes, "mailbox", "mailboxes")));
  }

  Task<> plan_and_execute(sync::CopyRun& run, const std::vector<sync::RouteSpec>& specs) {
    CO_CHECK(co_await run.plan(specs));
    if (!observer_.confirm(report_) || request_.dry_run) co_return Result<>{};
    if (run.nothing_to_do()) co_return co_await run.record_checkpoint();
    executing_ = true;
    auto executed = co_await run.execute();
    report_.interrupted = context_.stopping && interrupted_;
    co_return executed;
  }

  MailboxPath renamed(const MailboxPath& path) {
    const auto note = writer_.journal().note(writer_.pair(), sync::renamed_note(path));
    if (!note || !*note) return {};
    const auto other = state::parse_mailbox_key(**note);
    return other ? *other : MailboxPath{};
  }

  Task<> run_progress() {
    while (!ended_) {
      co_await async::sleep_for(kProgressEvery, finished_);
      if (!ended_ && executing_) observer_.progress(progress_, report_);
      if (interrupted_ && std::chrono::steady_clock::now() > stop_before_) context_.abandon();
    }
    co_return Result<>{};
  }

  /// Before the first change there is nothing to bring to an end; after a second signal nobody wants to wait.
  void on_signal() {
    if (!executing_ || interrupted_) {
      observer_.stopping();
      end_interrupted();
    }
    interrupted_ = true;
    stop_before_ = std::chrono::steady_clock::now() + kStopWithin;
    observer_.stopping();
    context_.stop();
  }

  const CopyRequest& request_;
  CopyObserver& observer_;
  sync::Report& report_;
  asio::io_context io_{1};
  async::BlockingPool pool_;
  stores::imap::ImapStore source_;
  stores::imap::ImapStore destination_;
  sync::JournalWriter writer_;
  sync::Progress progress_;
  sync::RunContext context_;
  async::Notifier finished_;
  async::Signals signals_;
  bool executing_ = false;
  bool interrupted_ = false;
  bool ended_ = false;
  std::chrono::steady_clock::time_point stop_before_{};
};

/// Note: the payload of the last copy that had some, in octets a second.
constexpr const char* kRateNote = "octets_per_second";
/// Slower lines win by compression, faster ones lose (docs/benchmarks.md).
constexpr std::uint64_t kSlowLine = 4'000'000;
/// Less than this measures connecting and not the line.
constexpr std::uint64_t kWorthMeasuring = 8U << 20;

void choose_compression(const std::optional<std::string>& rate, net::Compression& compression) {
  if (compression != net::Compression::automatic) return;
  const bool slow = rate && std::strtoull(rate->c_str(), nullptr, 10) < kSlowLine;
  compression = slow ? net::Compression::always : net::Compression::never;
}

Result<> note_rate(state::Journal& journal, state::PairId pair, const sync::Report& report,
                   std::chrono::steady_clock::duration took) {
  const auto octets = report.sum(&sync::MailboxReport::copied_octets);
  const auto seconds = std::chrono::duration<double>(took).count();
  if (octets < kWorthMeasuring || seconds <= 0) return {};
  state::Batch batch;
  batch.notes.emplace_back(kRateNote, fmt::format("{:.0f}", static_cast<double>(octets) / seconds));
  return journal.apply(pair, batch);
}

Result<> run_with_journal(CopyRequest request, CopyObserver& observer, sync::Report& report) {
  TRY(const auto journal, state::Journal::open(request.state_file));
  TRY(const auto pair, journal->pair(request.from.label(), request.to.label()));
  TRY(const auto rate, journal->note(pair, kRateNote));
  choose_compression(rate, request.from.endpoint.compression);
  choose_compression(rate, request.to.endpoint.compression);
  CopyJob job(request, observer, *journal, pair, report);
  const auto begin = std::chrono::steady_clock::now();
  CHECK_OK(job.run());
  return note_rate(*journal, pair, report, std::chrono::steady_clock::now() - begin);
}

}  // namespace

sync::Report run_copy(const CopyRequest& request, CopyObserver& observer) {
  sync::Report report;
  const auto begin = std::chrono::steady_clock::now();
  auto done = run_with_journal(request, observer, report);
  if (!done) report.error = std::move(done).error();
  report.elapsed = std::chrono::steady_clock::now() - begin;
  return report;
}

}  // namespace mailferry::services
