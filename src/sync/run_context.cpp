#include "sync/run_context.hpp"

namespace mailferry::sync {
namespace {

Task<> open_into(store::Store* store, std::unique_ptr<store::Session>* slot) {
  CO_TRY(*slot, co_await store->open_session());
  co_return Result<>{};
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

}  // namespace mailferry::sync
