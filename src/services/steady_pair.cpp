#include "services/steady_pair.hpp"

#include "async/task_scope.hpp"

namespace mailferry::services {
namespace {

Task<> open_into(store::Store* store, UnendingSteadiness* steadiness, std::unique_ptr<store::Session>* slot) {
  CO_TRY(*slot, co_await open_steady(*store, *steadiness));
  co_return Result<>{};
}

}  // namespace

Task<std::unique_ptr<store::Session>> open_steady(store::Store& store, UnendingSteadiness& steadiness) {
  CO_TRY(auto session, co_await store.open_session());
  co_return std::make_unique<sync::SteadySession>(steadiness.steadiness(), store, std::move(session));
}

Task<> open_steady_pair(asio::io_context& context, store::Store& from, store::Store& to, UnendingSteadiness& steadiness,
                        sync::SessionPair& pair) {
  async::TaskScope scope(context);
  scope.spawn("connect to the source", open_into(&from, &steadiness, &pair.source));
  scope.spawn("connect to the destination", open_into(&to, &steadiness, &pair.destination));
  co_return co_await scope.join();
}

}  // namespace mailferry::services
