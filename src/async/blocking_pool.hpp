// Threads for what would block the network thread: fsync, SQLite commits, getaddrinfo, commands that print a password.
#pragma once

#include "async/task.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include <functional>

namespace mailferry::async {

class BlockingPool {
 public:
  BlockingPool(asio::io_context& context, std::size_t threads = 1);
  /// Waits for the jobs that run.
  ~BlockingPool();
  /// Runs `work` on a pool thread and resumes here. What `work` captures is its own until it returns.
  Task<> run(std::function<Result<>()> work);

 private:
  asio::io_context& context_;
  asio::thread_pool threads_;
};

}  // namespace mailferry::async
