#include "sync/run_context.hpp"

#include "sync/reconnection.hpp"
#include "sync/steady_session.hpp"

namespace mailferry::sync {
namespace {

Task<> open_into(store::Store* store, std::unique_ptr<store::Session>* slot) {
  CO_TRY(*slot, co_await store->open_session());
  co_return Result<>{};
}

void make_steady(RunContext& context, store::Store& store, std::unique_ptr<store::Session>& session) {
  if (dynamic_cast<SteadySession*>(session.get()) != nullptr) return;
  const auto tell = [&context](const Error& error, std::chrono::milliseconds pause) {
    context.report.warnings.push_back(fmt::format("{}; connecting again in {} ms", error.describe(), pause.count()));
  };
  const Steadiness how{.stop_requested = context.stop_requested,
                       .stopping = context.stopping,
                       .attempts = context.settings.attempts,
                       .on_retry = tell};
  session = std::make_unique<SteadySession>(how, store, std::move(session));
}

}  // namespace

void RunContext::abandon() {
  for (auto* pair : pairs) {
    if (pair->source) pair->source->close();
    if (pair->destination) pair->destination->close();
  }
}

Task<> connect_pair(RunContext& context, SessionPair& pair) {
  async::TaskScope scope(context.io);
  if (!pair.source) scope.spawn("connect to " + context.source.name(), open_into(&context.source, &pair.source));
  if (!pair.destination)
    scope.spawn("connect to " + context.destination.name(), open_into(&context.destination, &pair.destination));
  auto joined = co_await scope.join();
  if (!joined) pair.close();
  co_return joined;
}

Task<> connect_first(RunContext& context, SessionPair& pair) {
  Reconnection reconnection(context.settings.attempts);
  while (true) {
    auto connected = co_await connect_pair(context, pair);
    if (connected || connected.error().kind != ErrorKind::throttled || context.stopping) co_return connected;
    const auto pause = reconnection.delay_after(connected.error());
    if (!pause) co_return connected;
    context.report.warnings.push_back(
        fmt::format("{}; connecting again in {} ms", connected.error().describe(), pause->count()));
    co_await async::sleep_for(*pause, context.stop_requested);
  }
}

void make_steady(RunContext& context, SessionPair& pair) {
  make_steady(context, context.source, pair.source);
  make_steady(context, context.destination, pair.destination);
}

}  // namespace mailferry::sync
