// An account in memory as a Store: the reference store of the tests. It behaves like a server at the other end of a
// line (answers take turns of the loop, appends have a window, connections break where a fault says so), and keeps
// nothing on disk.
#pragma once

#include "stores/memory/memory_network.hpp"

namespace mailferry::stores::memory {

class MemoryStore final : public store::Store {
 public:
  /// `network` must outlive the store and its sessions. The account in `server` outlives both.
  MemoryStore(Network& network, std::shared_ptr<Server> server);

  [[nodiscard]] const std::string& name() const noexcept override { return server_->name; }
  [[nodiscard]] const std::string& identity() const noexcept override { return identity_; }
  Task<std::unique_ptr<store::Session>> open_session() override;

 private:
  Network& network_;
  std::shared_ptr<Server> server_;
  std::string identity_;
};

}  // namespace mailferry::stores::memory
