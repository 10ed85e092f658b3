// The configuration of a bridge is read again beside its work: the commands in it that print passwords may take
// minutes.
#pragma once

#include "async/blocking_pool.hpp"
#include "async/task_scope.hpp"

#include <functional>
#include <optional>

namespace mailferry::services {

class Reload {
 public:
  /// `read` runs on a thread of its own and tells whether there is a new configuration; absent: there always is.
  /// `begin` is called on the network thread when there is.
  Reload(asio::io_context& io, std::function<bool()> read, std::function<void()> begin)
      : io_(io), read_(std::move(read)), begin_(std::move(begin)), scope_(io) {}

  /// What is asked for while the configuration is being read is a reading of its own.
  void ask();
  /// A command may be running that nobody can wait for.
  [[nodiscard]] bool is_reading() const noexcept { return scope_.running() > 0; }
  /// Waits for the end of what was asked for; once, before the end.
  Task<> join() { return scope_.join(); }

 private:
  Task<> run();

  asio::io_context& io_;
  std::function<bool()> read_;
  std::function<void()> begin_;
  std::optional<async::BlockingPool> pool_;  // most bridges never need its thread
  async::TaskScope scope_;
  bool is_asked_ = false;
};

}  // namespace mailferry::services
