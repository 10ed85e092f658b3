// Threads for what would block the network thread: fsync, SQLite commits, getaddrinfo, commands that print a password.
#pragma once

#include "async/signal_guard.hpp"
#include "async/task.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include <functional>
#include <optional>

namespace mailferry::async {

class BlockingPool {
 public:
  explicit BlockingPool(asio::io_context& context, std::size_t threads = 1);
  /// Waits for the jobs that run.
  ~BlockingPool();
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  /// Runs `work` on a pool thread and resumes on the thread of the io_context. What `work` captures is its own until it
  /// returns. With one thread, jobs run in the order of the calls.
  Task<> run(std::function<Result<>()> work);

 private:
  asio::io_context& context_;
  std::optional<SignalGuard> starting_{std::in_place};  // before threads_
  asio::thread_pool threads_;
};

}  // namespace mailferry::async
