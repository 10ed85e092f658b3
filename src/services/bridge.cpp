#include "services/bridge.hpp"

#include "async/run_loop.hpp"
#include "async/signals.hpp"
#include "base/log.hpp"
#include "net/end_tunnels.hpp"
#include "net/http_server.hpp"
#include "net/service_manager.hpp"
#include "report/failure_selection.hpp"
#include "services/account_quotas.hpp"
#include "services/accounts.hpp"
#include "services/bridge_beginning.hpp"
#include "services/bridge_monitor.hpp"
#include "services/bridge_settings.hpp"
#include "services/bridge_state.hpp"
#include "services/daily_report.hpp"
#include "services/reload.hpp"
#include "state/mailbox_key.hpp"
#include "stores/imap/imap_store.hpp"
#include "sync/carry/carrier.hpp"
#include "sync/carry/clock_watch.hpp"
#include "web/status_client.hpp"
#include "web/status_service.hpp"

#include <csignal>
#include <cstdlib>
#include <sys/resource.h>

namespace mailferry::services {
namespace {

/// systemd and Docker kill after 30 seconds: until then what is under way is given up, and the journal is written.
constexpr std::chrono::seconds kStopWithin{25};
constexpr std::chrono::seconds kCloseWithin{3};
/// Nobody kills a bridge that is to read its configuration again, but a peer that is silent at the sign-in is waited
/// for; then the service is started anew instead.
constexpr std::chrono::seconds kReloadWithin{90};
constexpr int kStartAgain = 5;  // as after a failure of the state, which units and the container start again
constexpr const char* kReportNote = "daily_report";

class BridgeJob final : private web::StatusSource {
 public:
  BridgeJob(const BridgeRequest& request, state::Journal& journal, state::PairId own_pair, MailboxPath report_mailbox)
      : request_(request),
        settings_(to_carry_settings(request.bridge, request.destination.account)),
        destination_(io_, to_connect_options(request.destination.account, request.destination.secret)),
        writer_(io_, pool_, journal, settings_, own_pair),
        context_(io_, destination_, writer_, settings_, monitor_),
        quotas_(io_, journal, own_pair),
        daily_(context_, monitor_, std::move(report_mailbox), request.bridge.daily_hour,
               request.destination.account.user),
        status_service_(*this, request.bridge.listen_reach),
        http_(io_, status_service_),
        manager_(net::ServiceManager::from_environment()),
        stopped_(io_),
        reload_(io_, to_reader(request, journal), [this] { end(BridgeEnd::reload); }),
        signals_(io_, kBridgeSignals, [this](int number) { on_signal(number); }) {
    destination_.call(request.destination.account.label());
    daily_.status = [this] { return status(); };
    daily_.retry = [this] { retry_parked(); };
  }

  Result<> add_sources(state::Journal& journal, state::PairId own_pair) {
    for (std::size_t index = 0; index < request_.sources.size(); ++index) {
      const auto& source = request_.sources[index];
      TRY(auto settings, to_source_settings(request_, index));
      source_settings_.push_back(std::move(settings));
      auto& store = sources_.emplace_back(io_, to_connect_options(source.account, source.secret));
      store.call(name_of(source.account));
      if (request_.bridge.names == config::MailboxNames::server) store.use_server_names();
      TRY(const auto pair, journal.pair(source.account.label(), request_.destination.account.label()));
      TRY(auto* download, quotas_.gate_of(source.account, store.identity()));
      carriers_.emplace_back(context_, store, source_settings_.back(), pair, *download);
    }
    if (request_.bridge.names == config::MailboxNames::server) destination_.use_server_names();
    CHECK_OK(quotas_.restore(request_.destination.account, destination_.identity(), context_.upload));
    TRY(const auto report, journal.note(own_pair, kReportNote));
    if (report) daily_.restore(*report);
    writer_.add_filler([this](state::Batch& batch) { fill(batch); });
    return {};
  }

  Result<> listen() {
    CHECK_OK(http_.listen_local(web::status_socket(request_.state_file)));
    if (request_.bridge.listen.empty()) return {};
    TRY(const auto address, net::parse_listen_address(request_.bridge.listen, request_.bridge.listen_reach));
    const auto port = http_.listen_network(address);
    if (port) log::info("the status page is served", {{"port", *port}});
    if (!port && !request_.reloaded) return std::unexpected(port.error());
    if (!port)
      log::warning("the status page is not served: " + port.error().describe(), {{"remedy", port.error().remedy}});
    return {};
  }

  Result<BridgeEnd> run() {
    for (auto& carrier : carriers_)
      CHECK_OK(carrier.load());
    CHECK_OK(async::run_until_done(io_, run_all()));
    return end_;
  }

 private:
  /// Its first source gives an account its name, as the state does: user, host and port.
  [[nodiscard]] std::string name_of(const config::Account& account) const {
    const auto same = [&](const BridgeAccount& other) { return config::is_same_account(other.account, account); };
    return std::ranges::find_if(request_.sources, same)->account.label();
  }

  /// All that is unsaved, for one transaction.
  void fill(state::Batch& batch) {
    for (auto& carrier : carriers_)
      carrier.save(batch);
    quotas_.save(batch);
    batch.notes.emplace_back(kReportNote, daily_.to_text());
  }

  Task<> run_all() {
    async::TaskScope around(io_);
    async::TaskScope carrying(io_);
    around.spawn("flushes of the journal", run_flushes());
    around.spawn("daily work", daily_.run());
    around.spawn("status server", http_.serve());
    around.spawn("clocks", run_clock_watch());
    async::TaskScope ending(io_);
    ending.spawn("watchdog", run_watchdog());
    ending.spawn("stop", run_stop());
    for (auto& carrier : carriers_)
      carrying.spawn("carrier of " + carrier.name(), run_carrier(&carrier));
    log::info("the bridge works", {{"sources", carriers_.size()}, {"destination", destination_.name()}});
    manager_.ready(fmt::format("{} sources into {}", carriers_.size(), destination_.name()));
    auto carried = co_await carrying.join();
    begin_stop();
    writer_.stop();
    co_await around.join();
    ended_ = true;
    ending_.notify_all();
    co_await ending.join();
    signals_.stop();
    auto flushed = co_await writer_.flush();
    if (carried && flushed) flushed = co_await close_intents();
    const bool is_recorded = carried && flushed;
    log::info("the bridge ends", {{"recorded", is_recorded ? "all" : "not all"}});
    if (is_recorded && reload_.is_reading()) exit_now(0);  // nobody waits for its command
    co_await reload_.join();
    if (!carried && carried.error().kind != ErrorKind::cancelled) co_return carried;
    co_return flushed;
  }

  /// Nothing can be recorded any more: nothing may be carried any more.
  Task<> run_flushes() {
    auto ran = co_await writer_.run_flushes();
    if (!ran) fail_now();
    co_return ran;
  }

  Task<> run_carrier(sync::Carrier* carrier) {
    auto ran = co_await carrier->run();
    if (!ran) fail_now();
    co_return ran;
  }

  /// With what is still open: nobody waits for it.
  [[noreturn]] static void exit_now(int code) {
    net::end_tunnels();
    std::_Exit(code);
  }

  void fail_now() {
    failed_ = true;
    begin_stop();
  }

  /// Behind a sleep of the machine nobody knows which connections are still alive.
  Task<> run_clock_watch() {
    while (!context_.stopping) {
      if (clocks_.has_jumped(std::chrono::system_clock::now(), std::chrono::steady_clock::now())) {
        log::info("the machine slept, or its clock was set: all connections are made anew");
        context_.lanes.drop_idle();
        for (auto& carrier : carriers_)
          carrier.reconnect();
      }
      co_await async::sleep_for(sync::ClockWatch::kTick, stopped_);
    }
    co_return Result<>{};
  }

  Task<> run_watchdog() {
    const auto period = manager_.watchdog_period();
    while (period && !ended_) {
      manager_.alive();
      co_await async::sleep_for(*period, ending_);
    }
    co_return Result<>{};
  }

  /// After a clean end nothing is in doubt, and the next start has nothing to look up.
  Task<> close_intents() {
    state::Batch batch;
    for (auto& carrier : carriers_) {
      for (auto& mailbox : carrier.mailboxes())
        mailbox.close_intents(batch);
    }
    if (batch.empty()) co_return Result<>{};
    co_return co_await writer_.apply(0, batch);
  }

  /// What does not end in time is given up: it is in doubt, and looked up at the next start.
  Task<> run_stop() {
    while (!context_.stopping)
      co_await stopped_.wait();
    co_await wait_for_end(kStopWithin);
    if (ended_) co_return Result<>{};
    log::warning("something did not end in time; what was under way is looked up at the next start");
    close_all();
    co_await wait_for_end(end_ == BridgeEnd::reload ? kReloadWithin : kCloseWithin);
    if (ended_) co_return Result<>{};
    co_await writer_.flush();
    exit_now(code_of_given_up());
  }

  Task<> wait_for_end(std::chrono::milliseconds within) {
    const auto until = std::chrono::steady_clock::now() + within;
    while (!ended_ && std::chrono::steady_clock::now() < until)
      co_await async::sleep_for(std::chrono::milliseconds(50), ending_);
    co_return Result<>{};
  }

  void close_all() {
    for (auto& carrier : carriers_)
      carrier.close();
    context_.lanes.close_all();
  }

  /// Well ended is only what was asked to end and has recorded what it could.
  [[nodiscard]] int code_of_given_up() const {
    return end_ == BridgeEnd::stopped && !writer_.error() && !failed_ ? 0 : kStartAgain;
  }

  void begin_stop() {
    if (context_.stopping) return;
    context_.stopping = true;
    if (end_ == BridgeEnd::reload) manager_.reloading();
    if (end_ == BridgeEnd::stopped) manager_.stopping();
    for (auto& carrier : carriers_)
      carrier.stop();
    context_.lanes.stop();
    context_.upload.wake();
    daily_.wake();
    http_.stop();
    stopped_.notify_all();
  }

  void look_again() {
    for (auto& carrier : carriers_)
      carrier.look_again();
  }

  /// Nobody asked for it: who wants to be left alone for a while is.
  void retry_parked() {
    for (auto& carrier : carriers_)
      carrier.retry_parked();
  }

  void on_signal(int number) {
    if (number == SIGUSR1) return look_again();
    if (context_.stopping && number != SIGHUP) exit_now(writer_.error() || failed_ ? kStartAgain : 0);
    if (number != SIGHUP) return end(BridgeEnd::stopped);
    if (!context_.stopping) reload_.ask();
  }

  void end(BridgeEnd how) {
    if (context_.stopping) return;
    end_ = how;
    begin_stop();
  }

  report::BridgeStatus status() override {
    report::BridgeStatus status;
    status.version = request_.version;
    status.started = started_;
    if (!request_.bridge.report_mailbox.empty()) status.next_report = daily_.next();
    status.journal_commits = writer_.commits();
    rusage usage{};
    if (getrusage(RUSAGE_SELF, &usage) == 0) status.journal_octets = static_cast<std::uint64_t>(usage.ru_oublock) * 512;
    status.accounts.push_back(destination_status());
    for (const auto& account : source_names())
      status.accounts.push_back(source_status(account));
    for (auto& carrier : carriers_)
      add_parked(carrier, status.parked);
    add_forecasts(carriers_, context_.upload, status.accounts);
    return status;
  }

  report::AccountStatus destination_status() {
    auto status = monitor_.status_of(destination_.name());
    status.is_destination = true;
    status.connections = context_.lanes.open();
    for (const auto& account : source_names()) {
      const auto counted = monitor_.status_of(account);
      status.delivered += counted.delivered;
      status.delivered_octets += counted.delivered_octets;
      status.duplicates += counted.duplicates;
      status.last_delivery = std::max(status.last_delivery, counted.last_delivery);
    }
    const bool resting = context_.lanes.resting_until() > std::chrono::steady_clock::now();
    status.health = resting && !context_.lanes.has_worked() ? report::Health::starting : report::Health::waiting;
    if (context_.lanes.is_down()) status.health = report::Health::failing;
    status.last_success = context_.lanes.last_success();
    add_quota_status(context_.upload, status.quota);
    return status;
  }

  report::AccountStatus source_status(const std::string& account) {
    auto status = monitor_.status_of(account);
    std::optional<report::Health> health;
    for (auto& carrier : carriers_) {
      if (carrier.name() == account) add_carrier(carrier, health, status);
    }
    return status;
  }

  /// An account may be several sources; it is told of once.
  [[nodiscard]] std::vector<std::string> source_names() const {
    std::vector<std::string> names;
    for (const auto& carrier : carriers_) {
      if (std::ranges::find(names, carrier.name()) == names.end()) names.push_back(carrier.name());
    }
    return names;
  }

  Task<std::size_t> retry() override {
    std::size_t parked = 0;
    for (auto& carrier : carriers_) {
      for (const auto& mailbox : carrier.mailboxes())
        parked += mailbox.parked().size();
    }
    look_again();
    co_return parked;
  }

  Task<std::size_t> clear(std::vector<report::ParkedStatus> parked) override {
    std::size_t cleared = 0;
    for (auto& carrier : carriers_) {
      for (auto& mailbox : carrier.mailboxes()) {
        const auto chosen = [&](const state::Parked& message) {
          return std::ranges::any_of(parked, [&](const report::ParkedStatus& one) {
            return one.account == carrier.name() && one.mailbox == mailbox.path().to_string() &&
                   one.uid == message.source;
          });
        };
        CO_TRY(const auto given_up, co_await mailbox.give_up(chosen));
        cleared += given_up;
      }
    }
    co_return cleared;
  }

  const BridgeRequest& request_;
  sync::CarrySettings settings_;
  asio::io_context io_{1};
  async::BlockingPool pool_{io_};
  stores::imap::ImapStore destination_;
  std::deque<stores::imap::ImapStore> sources_;
  std::deque<sync::SourceSettings> source_settings_;
  BridgeMonitor monitor_;
  sync::CarryJournal writer_;
  sync::CarryContext context_;
  AccountQuotas quotas_;
  std::deque<sync::Carrier> carriers_;
  DailyReport daily_;
  web::StatusService status_service_;
  net::HttpServer http_;
  net::ServiceManager manager_;
  sync::ClockWatch clocks_;
  async::Notifier stopped_;
  async::Notifier ending_{io_};
  Reload reload_;
  async::Signals signals_;
  report::WallTime started_ = std::chrono::system_clock::now();
  BridgeEnd end_ = BridgeEnd::stopped;
  bool ended_ = false;
  bool failed_ = false;  // an error that ends the work
};

}  // namespace

Result<BridgeEnd> run_bridge(const BridgeRequest& request, async::SignalGuard& guard) {
  TRY(const auto journal, state::Journal::open(request.state_file));
  CHECK_OK(begin_without_old_state(*journal, request));
  // What belongs to the bridge as a whole is noted under a pair of its own.
  TRY(const auto own_pair, journal->pair("bridge", request.destination.account.label()));
  MailboxPath report_mailbox;
  if (!request.bridge.report_mailbox.empty()) {
    TRY(report_mailbox, to_path(request.bridge.report_mailbox, request.bridge.names));
  }
  BridgeJob job(request, *journal, own_pair, std::move(report_mailbox));
  CHECK_OK(job.add_sources(*journal, own_pair));
  CHECK_OK(job.listen());
  guard.release();
  auto ended = job.run();
  guard.hold();
  return ended;
}

}  // namespace mailferry::services
