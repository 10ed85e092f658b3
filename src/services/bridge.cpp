#include "services/bridge.hpp"

#include "async/run_loop.hpp"
#include "async/signals.hpp"
#include "base/log.hpp"
#include "services/accounts.hpp"
#include "services/bridge_settings.hpp"
#include "services/daily_clock.hpp"
#include "state/journal.hpp"
#include "stores/imap/imap_store.hpp"
#include "sync/carry/carrier.hpp"

#include <csignal>
#include <cstdlib>

namespace mailferry::services {
namespace {

/// systemd and Docker kill after 30 seconds; the journal needs a moment as well.
constexpr std::chrono::seconds kStopWithin{25};
constexpr int kExitAbandoned = 0;  // what was under way is in doubt, and looked up at the next start

class BridgeLog final : public sync::CarryObserver {
 public:
  void trouble(const std::string& account, const Error& error) override {
    log::warning(error.describe(), {{"account", account}, {"remedy", error.remedy}});
  }
  void recovered(const std::string& account) override { log::info("works again", {{"account", account}}); }
  void delivered(const std::string& account, const MailboxPath& to, std::uint64_t octets) override {
    log::debug("delivered", {{"account", account}, {"to", to.to_string()}, {"octets", octets}});
  }
  void duplicate(const std::string& account, const MailboxPath& to) override {
    log::debug("there already", {{"account", account}, {"to", to.to_string()}});
  }
  void parked(const std::string& account, const MailboxPath& from, Uid uid, const Error& error) override {
    log::error("a message is parked: " + error.describe(),
               {{"account", account}, {"mailbox", from.to_string()}, {"uid", uid}, {"remedy", error.remedy}});
  }
  void pruned(const std::string& account, const MailboxPath& from, std::uint64_t messages) override {
    log::info("old messages that were delivered are removed from the source",
              {{"account", account}, {"mailbox", from.to_string()}, {"messages", messages}});
  }
};

class BridgeJob {
 public:
  BridgeJob(const BridgeRequest& request, state::Journal& journal)
      : request_(request),
        settings_(to_carry_settings(request.bridge, request.destination.account)),
        destination_(io_, to_connect_options(request.destination.account, request.destination.secret)),
        writer_(io_, pool_, journal, settings_),
        context_(io_, destination_, writer_, settings_, log_),
        stopped_(io_),
        signals_(io_, {SIGINT, SIGTERM, SIGHUP, SIGUSR1}, [this](int number) { on_signal(number); }) {}

  Result<> add_sources(state::Journal& journal) {
    for (std::size_t index = 0; index < request_.sources.size(); ++index) {
      const auto& [account, secret] = request_.sources[index];
      TRY(auto settings, to_source_settings(request_.bridge, index));
      source_settings_.push_back(std::move(settings));
      auto& store = sources_.emplace_back(io_, to_connect_options(account, secret));
      if (request_.bridge.names == config::MailboxNames::server) store.use_server_names();
      TRY(const auto pair, journal.pair(account.label(), request_.destination.account.label()));
      carriers_.emplace_back(context_, store, source_settings_.back(), pair);
    }
    if (request_.bridge.names == config::MailboxNames::server) destination_.use_server_names();
    writer_.add_filler([this](state::Batch& batch) {
      for (auto& carrier : carriers_)
        carrier.save(batch);
    });
    return {};
  }

  Result<BridgeEnd> run() {
    CHECK_OK(async::run_until_done(io_, run_all()));
    return end_;
  }

 private:
  Task<> run_all() {
    async::TaskScope around(io_);
    async::TaskScope carrying(io_);
    around.spawn("flushes of the journal", writer_.run_flushes());
    around.spawn("daily work", run_daily());
    around.spawn("stop", run_stop());
    for (auto& carrier : carriers_)
      carrying.spawn("carrier of " + carrier.name(), run_carrier(&carrier));
    log::info("the bridge works", {{"sources", carriers_.size()}, {"destination", destination_.name()}});
    auto carried = co_await carrying.join();
    ended_ = true;
    begin_stop();
    writer_.stop();
    co_await around.join();
    signals_.stop();
    auto flushed = co_await writer_.flush();
    if (carried && flushed) flushed = co_await close_intents();
    log::info("the bridge ends", {{"complete", carried && flushed ? "yes" : "no"}});
    if (!carried && carried.error().kind != ErrorKind::cancelled) co_return carried;
    co_return flushed;
  }

  /// Nothing can be recorded any more: nothing may be carried any more.
  Task<> run_carrier(sync::Carrier* carrier) {
    auto ran = co_await carrier->run();
    if (!ran) begin_stop();
    co_return ran;
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

  Task<> run_daily() {
    while (!context_.stopping) {
      const auto next = next_daily(std::chrono::system_clock::now(), request_.bridge.daily_hour);
      const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(next - std::chrono::system_clock::now());
      // In steps, so that a clock that is set does not matter for long.
      co_await async::sleep_for(std::clamp(wait, std::chrono::milliseconds(0), kLongestSleep), stopped_);
      if (context_.stopping || std::chrono::system_clock::now() < next) continue;
      for (auto& carrier : carriers_)
        carrier.look_again(true);
    }
    co_return Result<>{};
  }

  /// After a signal, what does not end in time is given up.
  Task<> run_stop() {
    while (!context_.stopping)
      co_await stopped_.wait();
    const auto until = std::chrono::steady_clock::now() + kStopWithin;
    while (!ended_ && std::chrono::steady_clock::now() < until)
      co_await async::sleep_for(std::chrono::milliseconds(100), never_);
    if (ended_) co_return Result<>{};
    log::warning("something did not end in time; what was under way is looked up at the next start");
    co_await writer_.flush();
    std::_Exit(kExitAbandoned);
  }

  void begin_stop() {
    if (context_.stopping) return;
    context_.stopping = true;
    for (auto& carrier : carriers_)
      carrier.stop();
    context_.lanes.stop();
    stopped_.notify_all();
  }

  void on_signal(int number) {
    if (number == SIGUSR1) {
      for (auto& carrier : carriers_)
        carrier.look_again(true);
      return;
    }
    if (context_.stopping && number != SIGHUP) std::_Exit(kExitAbandoned);
    end_ = number == SIGHUP ? BridgeEnd::reload : BridgeEnd::stopped;
    begin_stop();
  }

  static constexpr std::chrono::milliseconds kLongestSleep{60'000};

  const BridgeRequest& request_;
  sync::CarrySettings settings_;
  asio::io_context io_{1};
  async::BlockingPool pool_{io_};
  stores::imap::ImapStore destination_;
  std::deque<stores::imap::ImapStore> sources_;
  std::deque<sync::SourceSettings> source_settings_;
  BridgeLog log_;
  sync::CarryJournal writer_;
  sync::CarryContext context_;
  std::deque<sync::Carrier> carriers_;
  async::Notifier stopped_;
  async::Notifier never_{io_};
  async::Signals signals_;
  BridgeEnd end_ = BridgeEnd::stopped;
  bool ended_ = false;
};

}  // namespace

Result<BridgeEnd> run_bridge(const BridgeRequest& request) {
  TRY(const auto journal, state::Journal::open(request.state_file));
  BridgeJob job(request, *journal);
  CHECK_OK(job.add_sources(*journal));
  return job.run();
}

}  // namespace mailferry::services
