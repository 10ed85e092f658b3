#include "services/steady_pair.hpp"

#include "async/task_scope.hpp"
#include "sync/reconnection.hpp"

namespace mailferry::services {
namespace {

Task<> open_into(store::Store* store, UnendingSteadiness* steadiness, std::unique_ptr<store::Session>* slot) {
  CO_TRY(*slot, co_await open_steady(*store, *steadiness));
  co_return Result<>{};
}

}  // namespace

Task<std::unique_ptr<store::Session>> open_steady(store::Store& store, UnendingSteadiness& steadiness) {
  const auto how = steadiness.steadiness();
  sync::Reconnection reconnection(how.attempts);
  auto session = co_await store.open_session();
  // A server that takes no more connections now is asked again; anything else may be a name that was misspelt.
  while (!session && session.error().kind == ErrorKind::throttled) {
    const auto pause = reconnection.delay_after(session.error());
    if (!pause) break;
    co_await async::sleep_for(*pause, how.stop_requested);
    session = co_await store.open_session();
  }
  if (!session) co_return std::unexpected(session.error());
  co_return std::make_unique<sync::SteadySession>(steadiness.steadiness(), store, std::move(*session));
}

Task<> open_steady_pair(asio::io_context& context, store::Store& from, store::Store& to, UnendingSteadiness& steadiness,
                        sync::SessionPair& pair) {
  async::TaskScope scope(context);
  scope.spawn("connect to the source", open_into(&from, &steadiness, &pair.source));
  scope.spawn("connect to the destination", open_into(&to, &steadiness, &pair.destination));
  co_return co_await scope.join();
}

}  // namespace mailferry::services
