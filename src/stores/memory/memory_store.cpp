#include "stores/memory/memory_store.hpp"

#include "stores/memory/memory_session.hpp"

namespace mailferry::stores::memory {

MemoryStore::MemoryStore(Network& network, std::shared_ptr<Server> server)
    : network_(network), server_(std::move(server)), identity_(server_->traits().identity) {}

Task<std::unique_ptr<store::Session>> MemoryStore::open_session() {
  auto connection = std::make_shared<Connection>(network_, server_);
  CO_CHECK(co_await connection->turn());
  CO_TRY(const auto step, connection->begin_simple(Operation::open_session, "LOGIN"));
  CO_CHECK(connection->end_simple(step));
  co_return std::make_unique<MemorySession>(std::move(connection));
}

}  // namespace mailferry::stores::memory
